import type { Tally } from '../../contracts/api';
import { isStorageError, StorageError } from '../errors';
import { plainLocalName, type ObjectKey } from '../keys';
import { isIn, localOf, remoteOf, type DatedRow, type LedgerRow } from '../ledger/state';
import type { ObjectFacts } from '../store/object-store';
import type { MediaStorageDeps } from './deps';
import { FirstReads, type FirstRead } from './first-reads';
import { statOf } from './plain-file';
import { bodyFor, rangeOf, RowBytes, type Source } from './row-bytes';
import { withoutLink, type FileFacts, type Opened, type OpenOptions, type Wanted, type WantedHere, type WantedLink } from './serving';
import { UnlistedKeys } from './unlisted-keys';

/** Number of times that the reader reads a row again when its bytes are not there: a replacement or a sweep may have come between. */
const REREADS = 2;
/** Greatest size of an unadopted file of which a visitor may have a range at once, in bytes. For a larger file the answer asks them to come back. */
const WAITED_FOR_BYTES = 1024 * 1024;

type Plan = (facts: FileFacts) => Wanted;

/** Finds the current bytes of a key: in S3 first, then on this disk, and only where the ledger says that they are. */
export class MediaReader {
  readonly #bytes: RowBytes;
  readonly #listing: UnlistedKeys;
  readonly #firstReads: FirstReads;

  constructor(private readonly deps: MediaStorageDeps) {
    this.#bytes = new RowBytes(deps);
    this.#listing = new UnlistedKeys(deps.catalog, deps.clock);
    this.#firstReads = new FirstReads(deps.ledger, deps.rows, deps.clock);
  }

  /** The small files that this process holds in memory. */
  get inMemory(): Tally {
    return this.#bytes.inMemory;
  }

  /**
   * Opens the current bytes of a key.
   * @param plan says which bytes are wanted; called when the facts are known, and again if they changed meanwhile
   * @throws the errors of the ledger's database. A failure of S3 or of the disk becomes `unavailable`, and so does a visitor who has gone
   */
  async open(key: ObjectKey, plan: Plan, options: OpenOptions = {}): Promise<Opened> {
    const atOnce = this.openAtOnce(key, plan);
    if (atOnce) return atOnce;
    const { rows, away } = this.deps;
    if (away && !(await away.ready(key))) return { kind: 'unavailable' };
    let row: DatedRow | undefined = await rows.get(key);
    let isVanished = false;
    for (let reread = 0; ; reread++) {
      if (row?.placement.state === 'gone') return { kind: 'gone' };
      if (row?.tombstone) {
        // this includes a file that only a disk or the bucket has: the deletion on another server did not find it there
        const isRemembered = this.#listing.remembersUnlisted(key);
        const isListed = await this.#elseUnavailable(key, () => this.#listing.isListed(key, options.signal));
        if (typeof isListed === 'object') return isListed;
        // guard: buried-but-listed-is-served
        if (!isListed && (!isRemembered || reread > 0)) return { kind: 'gone' };
        // the key may have got other bytes since the row was read
        if (reread === 0) {
          row = await rows.get(key, { fresh: true });
          continue;
        }
      }
      if (!row || row.placement.state === 'new') {
        const opened = await this.#elseUnavailable(key, () => this.#openUnknown(key, row, plan, options));
        if (opened !== 'changed') return opened;
      } else {
        const facts = factsOf(row);
        const planned = plan(facts);
        const url = planned.bytes === 'link' ? await this.#linkTo(row, planned) : undefined;
        if (url !== undefined) return { kind: 'link', facts, url };
        const wanted = withoutLink(planned);
        const source: Source | 'vanished' | undefined = wanted.bytes === 'none' ? { body: null, from: null } : await this.#bytes.open(row, wanted, options);
        isVanished = source === 'vanished';
        if (source && source !== 'vanished') return { kind: 'file', facts, wanted, ...source };
      }
      if (reread >= REREADS || options.signal?.aborted) return { kind: 'unavailable' };
      const again: DatedRow | undefined = await rows.get(key, { fresh: true });
      if (row && again?.rev === row.rev) return isVanished ? { kind: 'vanished' } : { kind: 'unavailable' };
      row = again;
    }
  }

  /**
   * Opens a key without waiting for anybody: its row was read a moment ago, and its bytes are in memory or nobody wants them. For visitors
   * who ask for the same small files again and again, waits would cost more than everything else.
   * @returns undefined if that is not so, and {@link open} has to be called
   */
  openAtOnce(key: ObjectKey, plan: Plan): Extract<Opened, { kind: 'file' }> | undefined {
    const { rows, away } = this.deps;
    if (away && !away.isReady(key)) return undefined;
    const row = rows.remembered(key);
    if (!row || row.tombstone || !isIn(row, 'both', 'remote')) return undefined;
    const facts = factsOf(row);
    const wanted = plan(facts);
    if (wanted.bytes === 'link') return undefined;
    if (wanted.bytes === 'none') return { kind: 'file', facts, wanted, body: null, from: null };
    const body = this.#bytes.held(row, wanted);
    return body === undefined ? undefined : { kind: 'file', facts, wanted, body, from: 's3' };
  }

  async #linkTo(row: LedgerRow, { link }: WantedLink): Promise<string | undefined> {
    const remote = remoteOf(row);
    // production may remove the object, and then only this server knows the file on its disk
    if (!remote || (this.deps.instance.isCopy && localOf(row))) return undefined;
    return this.deps.links?.to(remote, link);
  }

  /** Returns the answer of `work`. If the disk, S3 or a busy library fails, the file is unavailable, and not missing. */
  async #elseUnavailable<T>(key: ObjectKey, work: () => Promise<T>): Promise<T | { kind: 'unavailable' }> {
    try {
      return await work();
    } catch (error) {
      if (!isStorageError(error)) throw error;
      this.deps.log.debug(`"${key}" could not be looked up: ${error.message}`);
      // guard: listed-is-never-missing
      return { kind: 'unavailable' };
    }
  }

  /**
   * Opens a key of which the ledger has no bytes: the library's own file on disk, or else the object under the plain name in the bucket.
   * @returns `changed` if the ledger may have bytes of the key meanwhile
   */
  async #openUnknown(key: ObjectKey, row: LedgerRow | undefined, plan: Plan, options: OpenOptions): Promise<Opened | 'changed'> {
    const stat = await statOf(this.deps.disk, plainLocalName(key)).catch((error: unknown) => this.#unreadable(key, error));
    // guard: unseen-file-disk-first
    if (stat) {
      const facts: FileFacts = { size: stat.size, etag: `${stat.size.toString(16)}-${Math.floor(stat.mtimeMs).toString(16)}`, mime: null, modifiedMs: stat.mtimeMs, isPlain: true };
      const wanted = withoutLink(plan(facts));
      const source = await this.#plainFile(key, facts, wanted, options);
      return source ? { kind: 'file', facts, wanted, ...source } : 'changed';
    }
    if (!(await this.#listing.isListed(key, options.signal))) return { kind: 'unknown' };
    // another visitor's request may have adopted the object while this one waited for its turn
    if ((await this.deps.rows.get(key))?.rev !== row?.rev) return 'changed';
    // if the plugin gave the plain name to a write of its own, the object under it may be unproven
    return row?.plainUsed ? { kind: 'unavailable' } : this.#adoptFromS3(key, plan, options);
  }

  /** Ignores that the disk does not say what lies on it: a file that the library lists may still be in the bucket. */
  #unreadable(key: ObjectKey, error: unknown): undefined {
    if (!isStorageError(error)) throw error;
    this.deps.log.debug(`"${key}" could not be looked for on disk: ${error.message}`);
  }

  /** @returns undefined if the file has vanished since its facts were read, or has become another one */
  async #plainFile(key: ObjectKey, { size }: FileFacts, wanted: WantedHere, { signal }: OpenOptions): Promise<Source | undefined> {
    if (wanted.bytes === 'none') return { body: null, from: null };
    try {
      const file = await this.deps.disk.get(plainLocalName(key), { ...rangeOf(wanted, size), signal });
      if (file.facts.size === size) return { body: bodyFor(wanted, file), from: 'disk' };
      file.body.destroy();
    } catch (error) {
      // REJECTED: the file has become shorter than the wanted range
      if (!isStorageError(error, 'OBJECT_NOT_FOUND', 'REJECTED')) throw error;
    }
    return undefined;
  }

  /**
   * Adopts a file that the library lists and that only the bucket has; the reader serves it afterwards. If the bucket does not have it
   * either, that proves nothing: the file may lie on another server's disk, so it is unavailable, and not missing.
   * @returns `changed` if the object was adopted, or the ledger has other bytes of the key
   */
  async #adoptFromS3(key: ObjectKey, plan: Plan, { signal }: OpenOptions): Promise<Opened | 'changed'> {
    const bucket = this.deps.buckets.readable;
    if (!bucket) return { kind: 'unavailable' };
    const seen = this.#firstReads.lately(key);
    if (seen) {
      const facts = unprovenFacts(seen);
      const wanted = withoutLink(plan(facts));
      if (isWithoutBytes(wanted)) return withoutBytes(facts, wanted);
    }
    let read: FirstRead | undefined;
    let comesBack = false;
    try {
      read = await this.#firstReads.join(bucket, key, signal);
      const facts = unprovenFacts(read.facts);
      const wanted = withoutLink(plan(facts));
      if (isWithoutBytes(wanted)) return withoutBytes(facts, wanted);
      comesBack = wanted.bytes === 'range' && facts.size > WAITED_FOR_BYTES;
      if (comesBack) return { kind: 'unavailable' };
      await read.ended();
      return 'changed';
    } finally {
      read?.leave(comesBack);
    }
  }
}

function isWithoutBytes(wanted: WantedHere): boolean {
  return wanted.bytes === 'none' || wanted.bytes === 'check';
}

/** Builds the answer to a visitor who wants no bytes of a file that S3 could serve. */
function withoutBytes(facts: FileFacts, wanted: WantedHere): Opened {
  return { kind: 'file', facts, wanted, body: null, from: wanted.bytes === 'check' ? 's3' : null };
}

/** Returns the facts of an object that is not adopted yet. If S3 knows its checksum, the adoption keeps the tag; otherwise it changes the tag. */
function unprovenFacts({ size, md5, etag }: ObjectFacts): FileFacts {
  return { size, mime: null, etag: md5 ?? `${size.toString(16)}-${etag ?? 's3'}` };
}

function factsOf(row: DatedRow): FileFacts {
  if (!('content' in row.placement)) throw new StorageError('INTERNAL', { operation: 'read', subject: row.key });
  const { size, md5, mime } = row.placement.content;
  const remote = 'remote' in row.placement ? row.placement.remote : undefined;
  // nobody has hashed this library file yet, so the row's revision tells its versions apart
  // without a tag, nobody would notice that other bytes lie under the name; a lost file is looked for in all places
  const inS3 = remote?.etag === null ? { wholeOnly: true } : { linkable: isIn(row, 'both', 'remote') && row.lastError !== 'LOST' };
  return { size, mime, etag: md5 ?? `${size.toString(16)}-r${row.rev}`, ...(remote && inS3), modifiedMs: row.contentAt };
}
