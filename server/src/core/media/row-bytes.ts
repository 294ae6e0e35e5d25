import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Tally } from '../../contracts/api';
import { codeOf, isStorageError } from '../errors';
import { isOwnLocalName } from '../keys';
import { isIn, localOf, remoteOf, type LedgerRow, type RowIn } from '../ledger/state';
import type { LocalCopy, RemoteCopy } from '../ledger/words';
import { collected } from '../store/collected';
import { factsByOpening, factsByReading } from '../store/first-byte';
import type { ByteRange, ObjectFacts, ObjectStore, ObjectStream } from '../store/object-store';
import { CondemnedCopies } from './condemned-copies';
import type { MediaStorageDeps } from './deps';
import { heldBack } from './held-back';
import { HotObjects } from './hot-objects';
import type { FileBody, OpenOptions, WantedBytes } from './serving';
import { StandIn } from '../buckets/stand-in';
import { ProvenCopies } from './proven-copies';

/** Largest size of an object that is read before the answer begins, in bytes. It takes no more memory than the buffers of a stream. */
const AT_ONCE_BYTES = 64 * 1024;

export interface Source {
  body: FileBody | null;
  from: 's3' | 'disk' | null;
}

/** Opens the bytes that a ledger row points to: in S3 first, then on this disk. */
export class RowBytes {
  readonly #proven: ProvenCopies;
  readonly #condemned: CondemnedCopies;
  readonly #standIn: StandIn;
  readonly #hot: HotObjects;

  constructor(private readonly deps: Pick<MediaStorageDeps, 'ledger' | 'buckets' | 'disk' | 'volume' | 'clock' | 'log' | 'instance' | 'memoryCacheMb'>) {
    this.#hot = new HotObjects(deps.memoryCacheMb);
    this.#proven = new ProvenCopies(deps.disk);
    this.#condemned = new CondemnedCopies(deps, this.#proven);
    this.#standIn = new StandIn(deps);
  }

  /**
   * @returns undefined if no copy of the row has the bytes, or if the visitor has gone; `vanished` if no copy has them, and this instance is a
   *   copy and the bucket surely does not have the object any more
   */
  async open(row: LedgerRow, wanted: WantedBytes, options: OpenOptions): Promise<Source | 'vanished' | undefined> {
    const remote = remoteOf(row);
    let isRemoved = false;
    if (remote) {
      let body = await this.#fromS3(row, remote, wanted, options);
      isRemoved = body === 'removed';
      if (body === 'removed') body = undefined;
      if (body === undefined) body = await this.#fromStandIn(row, remote, wanted, options);
      if (body !== undefined) return { body, from: 's3' };
    }
    if (options.signal?.aborted) return undefined;
    const local = localOf(row);
    let body = local && (await this.#liesHere(local, row)) ? await this.#fromDisk(local, row, wanted, options) : undefined;
    if (body === undefined) {
      // this comes last, because it asks the database
      const condemned = await this.#condemned.of(row);
      body = condemned && (await this.#fromDisk(condemned, row, wanted, options));
    }
    if (body !== undefined) return { body, from: 'disk' };
    // guard: a-copy-believes-a-404
    return isRemoved && this.deps.instance.isCopy ? 'vanished' : undefined;
  }

  get inMemory(): Tally {
    return this.#hot.now;
  }

  /** Returns the bytes of a row if they are held in memory. */
  held(row: LedgerRow, wanted: WantedBytes): Buffer | null | undefined {
    const bytes = isHoldable(row) ? this.#hot.held(hotIdOf(row)) : undefined;
    return bytes && partOf(bytes, wanted);
  }

  /**
   * Whether the bytes of a row lie on this disk. If the row names another volume, they may lie here all the same, because this folder's id
   * cannot be read, or because the folder is a copy; then only bytes with the row's MD5 count. A row without an MD5 has never been
   * replaced, so that any file at its plain path counts while this folder's id cannot be read.
   */
  async #liesHere(local: LocalCopy, row: LedgerRow): Promise<boolean> {
    if (local.volume === this.deps.volume.id) return true;
    const content = 'content' in row.placement ? row.placement.content : undefined;
    if (!content) return false;
    const { size, md5 } = content;
    return md5 === null ? !this.deps.volume.established && !isOwnLocalName(local.localName) : this.#proven.has(local.localName, { size, md5 });
  }

  async #fromStandIn(row: LedgerRow, remote: RemoteCopy, wanted: WantedBytes, { signal }: OpenOptions): Promise<Readable | null | undefined> {
    if (!isIn(row, 'both', 'remote')) return undefined;
    const body = await this.#standIn.open(row, remote, { ...(wanted.bytes === 'range' && { range: wanted.range }), signal });
    return body && bodyFor(wanted, { body });
  }

  async #fromS3(row: LedgerRow, remote: RemoteCopy, wanted: WantedBytes, { signal }: OpenOptions): Promise<FileBody | null | 'removed' | undefined> {
    const store = this.deps.buckets.storeAt(remote.locationId);
    if (!store) return undefined;
    // without an ETag, nothing tells this range from a range of other bytes
    if (remote.etag === null && wanted.bytes === 'range') return undefined;
    try {
      if (isHoldable(row) && this.#hot.takes(hotIdOf(row), sizeOf(row))) {
        const id = hotIdOf(row);
        // whoever only asks whether the file can be read needs no download
        const bytes = wanted.bytes === 'check' ? this.#hot.held(id) : await this.#hot.get(id, sizeOf(row), () => this.#download(store, row), signal);
        if (bytes !== undefined) return partOf(bytes, wanted);
        if (wanted.bytes !== 'check') return undefined;
      }
      const object = await opened(store, remote.object, row, wanted, signal);
      // this check comes before the first byte leaves: nobody may get a truncated, damaged or foreign object in place of the file
      if (isStored(row, remote, object.facts)) {
        if (wanted.bytes !== 'all' || !object.body) return object.body;
        if (remote.etag === null) return this.#proving(row, object.body);
        return object.facts.size <= AT_ONCE_BYTES ? await collected(object.body) : object.body;
      }
      object.body?.destroy();
      this.deps.log.error(`"${row.key}": the object in S3 is not the one that was stored; it is not served`);
    } catch (error) {
      this.deps.log.debug(`"${row.key}" could not be read from S3: ${codeOf(error)}`);
      if (isStorageError(error, 'OBJECT_NOT_FOUND')) return 'removed';
    }
    return undefined;
  }

  /** Reads a small object whole, and proves it. @returns undefined if it is not the one that was stored; nobody gets it then */
  async #download(store: ObjectStore, row: RowIn<'both' | 'remote'>): Promise<Buffer | undefined> {
    const { remote, content } = row.placement;
    const object = await store.get(remote.object);
    if (isStored(row, remote, object.facts)) {
      const bytes = await collected(object.body);
      const isProven =
        // guard: held-bytes-are-proven
        createHash('md5').update(bytes).digest('hex') === content.md5;
      if (isProven) return bytes;
    } else {
      object.body.destroy();
    }
    this.deps.log.error(`"${row.key}": the object in S3 is not the one that was stored; it is not served`);
    return undefined;
  }

  #proving(row: LedgerRow, body: Readable): Readable {
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

/** Opens an object in S3. If the caller only wants to know whether it can be read, the function reads one byte and returns no body. */
async function opened(store: ObjectStore, name: string, row: LedgerRow, wanted: WantedBytes, signal?: AbortSignal): Promise<{ facts: ObjectFacts; body: Readable | null }> {
  if (wanted.bytes !== 'check') return store.get(name, { ...(wanted.bytes === 'range' && { range: wanted.range }), signal });
  return { facts: await (sizeOf(row) === 0 ? factsByOpening : factsByReading)(store, name, { signal }), body: null };
}

/** Whether the object's facts are those of the object that was stored. */
function isStored(row: LedgerRow, remote: RemoteCopy, facts: ObjectFacts): boolean {
  return (
    facts.size === sizeOf(row) &&
    // guard: etag-before-the-first-byte
    (remote.etag === null || facts.etag === remote.etag)
  );
}

/** Whether the bytes of a row may be held in memory: its object has a tag that tells its bytes from all others. */
function isHoldable(row: LedgerRow): row is RowIn<'both' | 'remote'> {
  return isIn(row, 'both', 'remote') && row.placement.remote.etag !== null;
}

/** Returns the text that names the row's object, and its bytes, in memory. */
function hotIdOf({ placement: { remote, content } }: RowIn<'both' | 'remote'>): string {
  return `${remote.locationId} ${content.md5} ${remote.object}`;
}

function partOf(bytes: Buffer, wanted: WantedBytes): Buffer | null {
  if (wanted.bytes === 'check') return null;
  return wanted.bytes === 'range' ? bytes.subarray(wanted.range.start, wanted.range.end + 1) : bytes;
}

/** Returns the body, or null if the caller only wanted to know whether it can be read. */
export function bodyFor(wanted: WantedBytes, { body }: Pick<ObjectStream, 'body'>): Readable | null {
  if (wanted.bytes !== 'check') return body;
  body.destroy();
  return null;
}

/** @param size size of the whole file in bytes; an empty file has no first byte to ask for */
export function rangeOf(wanted: WantedBytes, size: number): { range?: ByteRange } {
  if (wanted.bytes === 'check') return size > 0 ? { range: { start: 0, end: 0 } } : {};
  return wanted.bytes === 'range' ? { range: wanted.range } : {};
}

function sizeOf(row: LedgerRow): number {
  return 'content' in row.placement ? row.placement.content.size : -1;
}
