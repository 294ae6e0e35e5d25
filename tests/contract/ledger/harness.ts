import type { StorageError } from '../../../server/src/core/errors';
import type { ErrorCode } from '../../../server/src/contracts/errors';
import type { LocalName, ObjectKey, Ticket, VolumeId } from '../../../server/src/core/keys';
import type { Ledger } from '../../../server/src/core/ledger/ledger';
import type { BeginOptions, Claim, DueName, IntentOf, Publication, PublishOutcome } from '../../../server/src/core/ledger/words';
import type { ProvenUpload } from '../../../server/src/core/ledger/moves';
import type { LedgerRow } from '../../../server/src/core/ledger/state';

/** A ledger that has the default policy and that nobody else uses. */
export interface LedgerUnderTest {
  readonly ledger: Ledger;
  /** Lets time pass. */
  advance(ms: number): Promise<void>;
}

export const HOUR = 3600_000;
export const DAY = 24 * HOUR;
export const VOLUME = 'volume-1' as VolumeId;
export const LOCATION = 1;
export const MD5 = 'd41d8cd98f00b204e9800998ecf8427e';

/** A key that no parser has looked at. */
export const key = (text: string): ObjectKey => text as ObjectKey;

/** The few things that nearly every test does with a ledger. */
export class Hand {
  constructor(private readonly make: () => LedgerUnderTest) {}

  get ledger(): Ledger {
    return this.make().ledger;
  }

  advance(ms: number): Promise<void> {
    return this.make().advance(ms);
  }

  object(of: string, options: BeginOptions & { plainFree?: boolean; prefix?: string } = {}): Promise<IntentOf<'object'>> {
    const { plainFree = true, prefix = '', ...rest } = options;
    return this.ledger.begin({ kind: 'object', key: key(of), locationId: LOCATION, prefix, plainFree }, rest);
  }

  file(of: string, options: BeginOptions & { plainFree?: boolean } = {}): Promise<IntentOf<'file'>> {
    const { plainFree = true, ...rest } = options;
    return this.ledger.begin({ kind: 'file', key: key(of), volume: VOLUME, plainFree }, rest);
  }

  publish(...writes: Publication[]): Promise<PublishOutcome[]> {
    return this.ledger.publish(writes, { condemnObjects: true });
  }

  /** Does a whole write to S3. */
  async put(of: string, options: Parameters<Hand['object']>[1] = {}): Promise<IntentOf<'object'>> {
    const intent = await this.object(of, options);
    await this.publish(sent(intent));
    return intent;
  }

  /** Does a whole write to the disk. */
  async fallBack(of: string, origin: 'fallback' | 'read-only' = 'fallback'): Promise<IntentOf<'file'>> {
    const intent = await this.file(of);
    await this.publish(saved(intent, origin));
    return intent;
  }

  /** Commits the upload of one file, where the ledger takes many at once. */
  async commitUpload(row: LedgerRow, intent: IntentOf<'object'>, proven: Pick<ProvenUpload, 'etag' | 'md5'>): Promise<boolean> {
    const [committed] = await this.ledger.commitUploads([{ row, intent, ...proven }]);
    return committed === true;
  }

  async row(of: string): Promise<LedgerRow> {
    const row = await this.ledger.find(key(of));
    if (!row) throw new Error(`the ledger has no row of ${of}`);
    return row;
  }

  /** The rows that could be claimed now. None of them stays claimed. */
  async due(request: Claim): Promise<LedgerRow[]> {
    const rows = await this.ledger.claim(request, DAY);
    await this.ledger.release(rows);
    return rows;
  }

  dueObjects(): Promise<DueName[]> {
    return this.ledger.dueNames({ kind: 'object', locationId: LOCATION }, 1000);
  }

  dueFiles(): Promise<DueName[]> {
    return this.ledger.dueNames({ kind: 'file', volume: VOLUME }, 1000);
  }

  /** Every condemned name whose time comes within `ms`, sorted. */
  async condemnedAfter(ms: number): Promise<string[]> {
    await this.advance(ms);
    return names([...(await this.dueObjects()), ...(await this.dueFiles())]);
  }
}

export const names = (due: readonly DueName[]): string[] => due.map(({ name }) => name).sort();

export const sent = (intent: IntentOf<'object'>, md5 = MD5): Publication => ({
  intent,
  size: 10,
  md5,
  etag: `"${md5}"`,
  mime: 'image/png',
});

export const saved = (intent: IntentOf<'file'>, origin: 'fallback' | 'read-only' = 'fallback'): Publication => ({
  intent,
  size: 10,
  md5: MD5,
  mime: 'image/png',
  origin,
});

export const found = (of: string, size = 7) => ({ volume: VOLUME, localName: of as LocalName, size });

export const ticket = (value: number): Ticket => value as Ticket;

export async function failsWith(code: ErrorCode, work: Promise<unknown>): Promise<void> {
  await expect(work).rejects.toMatchObject({ name: 'StorageError', code } satisfies Partial<StorageError>);
}
