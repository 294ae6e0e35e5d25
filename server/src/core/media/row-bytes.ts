import type { Readable } from 'node:stream';
import { codeOf } from '../errors';
import { isIn, localOf, remoteOf, type LedgerRow, type LocalCopy, type RemoteCopy } from '../ledger/state';
import type { ByteRange, ObjectStream } from '../store/object-store';
import type { MediaStorageDeps } from './deps';
import { heldBack } from './held-back';
import type { OpenOptions, Wanted } from './serving';

export interface Source {
  body: Readable | null;
  from: 's3' | 'disk' | null;
}

/** What is asked of a store: `none` is asked of nobody. */
export type WantedBytes = Exclude<Wanted, { bytes: 'none' }>;

/** Opens the bytes that a ledger row points to: in S3 first, then on this disk. */
export class RowBytes {
  constructor(private readonly deps: Pick<MediaStorageDeps, 'storeAt' | 'disk' | 'volume' | 'log'>) {}

  /** @returns undefined when none of the row's copies has them, or when the visitor has gone */
  async open(row: LedgerRow, wanted: WantedBytes, options: OpenOptions): Promise<Source | undefined> {
    const remote = remoteOf(row);
    if (remote) {
      const body = await this.#fromS3(row, remote, wanted, options);
      if (body !== undefined) return { body, from: 's3' };
    }
    const local = localOf(row);
    if (local && local.volume === this.deps.volume.id && !options.signal?.aborted) {
      const body = await this.#fromDisk(local, row, wanted, options);
      if (body !== undefined) return { body, from: 'disk' };
    }
    return undefined;
  }

  async #fromS3(row: LedgerRow, remote: RemoteCopy, wanted: WantedBytes, { signal }: OpenOptions): Promise<Readable | null | undefined> {
    const store = this.deps.storeAt(remote.locationId);
    if (!store) return undefined;
    // without a tag nothing tells this part from a part of other bytes
    if (remote.etag === null && wanted.bytes === 'range') return undefined;
    try {
      const object = await store.get(remote.object, { ...rangeOf(wanted, sizeOf(row)), signal });
      // before the first byte leaves: a truncated, damaged or foreign object must not pass for the file
      const same = object.facts.size === sizeOf(row) && (remote.etag === null || object.facts.etag === remote.etag);
      if (same) return wanted.bytes === 'all' && remote.etag === null ? this.#proving(row, object) : bodyFor(wanted, object);
      object.body.destroy();
      this.deps.log.error(`"${row.key}": the object in S3 is not the one that was stored; it is not served`);
    } catch (error) {
      this.deps.log.debug(`"${row.key}" could not be read from S3: ${codeOf(error)}`);
    }
    return undefined;
  }

  #proving(row: LedgerRow, { body }: ObjectStream): Readable {
    if (!isIn(row, 'both', 'remote')) return body;
    const proving = heldBack(body, row.placement.content, row.key);
    proving.on('error', (error) => {
      if (codeOf(error) === 'INTEGRITY') this.deps.log.error(`"${row.key}": the object in S3 is not the one that was stored; the answer was cut short`);
    });
    return proving;
  }

  async #fromDisk(local: LocalCopy, row: LedgerRow, wanted: WantedBytes, { signal }: OpenOptions): Promise<Readable | null | undefined> {
    try {
      const file = await this.deps.disk.get(local.localName, { ...rangeOf(wanted, sizeOf(row)), signal });
      if (file.facts.size === sizeOf(row)) return bodyFor(wanted, file);
      file.body.destroy();
      this.deps.log.error(`"${row.key}": the file on disk has another size than was stored; it is not served`);
    } catch (error) {
      this.deps.log.debug(`"${row.key}" could not be read from disk: ${codeOf(error)}`);
    }
    return undefined;
  }
}

/** The body, or null where only its answer was wanted. */
export function bodyFor(wanted: WantedBytes, { body }: ObjectStream): Readable | null {
  if (wanted.bytes !== 'check') return body;
  body.destroy();
  return null;
}

/** @param size bytes of the whole file; an empty one has no first byte to ask for */
export function rangeOf(wanted: WantedBytes, size: number): { range?: ByteRange } {
  if (wanted.bytes === 'check') return size > 0 ? { range: { start: 0, end: 0 } } : {};
  return wanted.bytes === 'range' ? { range: wanted.range } : {};
}

function sizeOf(row: LedgerRow): number {
  return 'content' in row.placement ? row.placement.content.size : -1;
}
