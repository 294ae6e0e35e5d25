import { isNoAnswer, isStorageError, StorageError } from '../../errors';
import { plainObjectName } from '../../keys';
import type { ProvenUpload, UploadToBegin } from '../../ledger/moves';
import type { IntentOf } from '../../ledger/words';
import { isIn, type LedgerRow, type RowIn } from '../../ledger/state';
import { seenUnder, send, type Cloud } from '../../buckets/cloud';
import type { MoveParts } from '../deps';
import { prove } from '../../buckets/proof';
import type { Body, ObjectFacts } from '../../store/object-store';
import { noteFailure } from '../../buckets/failures';
import type { IsFree } from './free-names';
import { AT_ONCE } from '../../pool/at-once';
import { limit } from '../../pool/limit';
import { localBody } from '../local-copy';
import { together, type Gathering } from '../../pool/together';

export interface Uploads {
  /** How many rows are to be worked on at once. */
  readonly inHand: number;
  /**
   * Uploads one file of this disk, proves it and commits it as `both`; the file stays. If the same bytes lie in the bucket under
   * the plain name already, they are proven and committed instead.
   * @returns whether it came to that; why not is noted in the ledger
   */
  upload(row: LedgerRow): Promise<boolean>;
}

export interface UploadsOptions {
  /** How many files move at once. */
  readonly concurrency: number;
  /** How many are taken up at once. */
  readonly batchSize: number;
  /** No further file is opened once it aborts; a small one that was read, but not sent, is given back. */
  readonly signal: AbortSignal;
  /** Breaks off what is being read; by default the same. */
  readonly halt?: AbortSignal;
  /** Breaks off what is being sent; by default the same as `signal`. */
  readonly hurry?: AbortSignal;
  /** What spares asking for small files' plain names; only where S3 refuses to overwrite. */
  readonly isFree?: IsFree;
}

/** How the files of a size go. */
interface Way {
  begin(upload: UploadToBegin): Promise<IntentOf<'object'> | undefined>;
  commit(upload: ProvenUpload): Promise<boolean>;
  /** Does what reads the disk. */
  reading<T>(work: () => Promise<T>): Promise<T>;
  /** Does what moves bytes to S3, or asks it. */
  moving<T>(work: () => Promise<T>): Promise<T>;
  readonly heldBytes: number;
  /** What gives a file back that was read and has not begun to be sent. */
  readonly givenBack: AbortSignal;
}

export function uploads(deps: MoveParts, { concurrency, batchSize, signal, halt = signal, hurry = signal, isFree }: UploadsOptions): Uploads {
  const { ledger, clock } = deps;
  const inHand = Math.min(concurrency * AT_ONCE.rowsInHandPerMove, batchSize);
  // as many may wait for the one step as for the other, while twice as many as can move are on their way
  const atMost = Math.max(Math.ceil(inHand / 4), Math.floor(inHand / 2) - concurrency);
  const steps = (gathering: Omit<Gathering, 'clock'>) => ({
    begin: together(ledger.beginUploads, { clock, ...gathering }),
    commit: together(ledger.commitUploads, { clock, ...gathering }),
  });
  const inLane = limit(concurrency);
  // a small file leaves its lane while it waits for the ledger, a larger one keeps it: so few of these are held
  const small: Way = { ...steps({ lingerMs: AT_ONCE.lingerMs, atMost }), reading: limit(concurrency), moving: inLane, heldBytes: 0, givenBack: signal };
  const atOnce = <T>(work: () => Promise<T>) => work();
  // reading a large file may take longer than a run's time: it is sent all the same, or it would be read again in each run
  const large: Way = { ...steps({ lingerMs: AT_ONCE.lingerLargeMs, atMost: concurrency }), reading: atOnce, moving: atOnce, heldBytes: AT_ONCE.heldBytes / concurrency, givenBack: halt };

  const move = async (cloud: Cloud, row: RowIn<'local'>, { begin, commit, reading, moving, heldBytes, givenBack }: Way, unasked: boolean): Promise<boolean> => {
    const { key, placement } = row;
    const object = plainObjectName(cloud.prefix, key);
    const requireGoingOn = (over: AbortSignal) => {
      if (over.aborted) throw new StorageError('ABORTED', { operation: 'put', subject: key, refused: true });
    };
    const look = async () => {
      // a write of our own that was given the plain name may be there unproven, or land there late
      if (row.plainUsed) return 'unknown';
      return unasked ? 'nothing' : moving(() => seenUnder(cloud.store, object, givenBack));
    };
    const body = await reading(() => {
      // a stop, or the end of the run's time: what waits for its turn is not opened any more
      requireGoingOn(signal);
      return localBody(deps, key, placement.local, placement.content, { heldBytes, signal: halt });
    });
    const seen = await look();
    const same = typeof seen === 'object' ? await moving(() => sameBytes(cloud, object, body, seen, givenBack)) : undefined;
    if (same) return ledger.commitAdoption(row, { locationId: cloud.locationId, object, etag: same.etag }, body.md5);
    const content = { size: body.size, md5: body.md5 };
    const begun = await begin({ row, locationId: cloud.locationId, prefix: cloud.prefix, plainFree: seen === 'nothing', content });
    if (!begun) return false;
    const sent = await moving(async () => {
      const options = { mime: placement.content.mime, begun, onlyIfAbsent: unasked, background: true, signal: hurry };
      // while this waited for its turn, the bucket may have been given up, or the run stopped
      if (!givenBack.aborted && deps.buckets.writable?.locationId === cloud.locationId) return send(deps, cloud, key, body, options);
      await ledger.forget(begun);
      requireGoingOn(givenBack);
      return undefined;
    });
    return sent ? commit({ row, ...sent, md5: body.md5 }) : false;
  };

  return {
    inHand,
    async upload(row) {
      const cloud = deps.buckets.writable;
      if (!cloud || !isIn(row, 'local')) return false;
      const isSmall = row.placement.content.size <= AT_ONCE.smallBytes;
      const unasked = isSmall && (isFree?.(plainObjectName(cloud.prefix, row.key)) ?? false);
      try {
        const committed = await (isSmall ? move(cloud, row, small, unasked) : inLane(() => move(cloud, row, large, false)));
        deps.rows.forget([row.key]);
        return committed;
      } catch (error) {
        await noteFailure(deps, row, error);
        return false;
      }
    },
  };
}

/** The facts of the object that was seen, if it surely has these bytes. @throws StorageError when S3 is away */
async function sameBytes(cloud: Cloud, object: string, body: Body, seen: ObjectFacts, signal: AbortSignal): Promise<ObjectFacts | undefined> {
  try {
    // guard: same-object-is-proven
    return await prove(cloud.store, object, body, undefined, { seen, signal });
  } catch (error) {
    if (!isStorageError(error) || isNoAnswer(error)) throw error;
    return undefined;
  }
}
