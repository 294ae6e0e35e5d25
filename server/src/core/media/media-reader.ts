import { isStorageError, StorageError } from '../errors';
import { plainLocalName, type ObjectKey } from '../keys';
import type { LedgerRow } from '../ledger/state';
import type { ObjectFacts } from '../store/object-store';
import type { MediaStorageDeps } from './deps';
import { FirstSights, type Sight } from './first-sights';
import { statOf } from './plain-file';
import { bodyFor, rangeOf, RowBytes, type Source } from './row-bytes';
import type { FileFacts, Opened, OpenOptions, Wanted } from './serving';
import { UnlistedKeys } from './unlisted-keys';

/** How often a row is read again when its bytes are not what it says: a replace or a sweep may have overtaken us. */
const REREADS = 2;
/** A visitor who wants a part waits while so much is read and adopted (bytes); for a larger file he is told to come back. */
const WAITED_FOR_BYTES = 1024 * 1024;

type Plan = (facts: FileFacts) => Wanted;

/** Finds the current bytes of a key: S3 first, then this disk, and only where the ledger says. */
export class MediaReader {
  readonly #bytes: RowBytes;
  readonly #listing: UnlistedKeys;
  readonly #firstSights: FirstSights;

  constructor(private readonly deps: MediaStorageDeps) {
    this.#bytes = new RowBytes(deps);
    this.#listing = new UnlistedKeys(deps.catalog, deps.clock);
    this.#firstSights = new FirstSights(deps.ledger, deps.rows, deps.clock);
  }

  /**
   * @param plan called once the facts are known (again if they changed meanwhile); says which bytes are wanted
   * @throws whatever the ledger's database throws; S3's and the disk's failures become `unavailable`, and so does that the visitor
   *   has gone
   */
  async open(key: ObjectKey, plan: Plan, options: OpenOptions = {}): Promise<Opened> {
    const { rows } = this.deps;
    let row = await rows.get(key);
    for (let reread = 0; ; reread++) {
      if (row?.placement.state === 'gone') return { kind: 'gone' };
      if (row?.tombstone) {
        // also of a file that only some disk or the bucket knows: another server's delete did not find it there
        const isRemembered = this.#listing.remembersUnlisted(key);
        const isListed = await this.#elseUnavailable(key, () => this.#listing.isListed(key, options.signal));
        if (typeof isListed === 'object') return isListed;
        // guard: buried-but-listed-is-served
        if (!isListed && (!isRemembered || reread > 0)) return { kind: 'gone' };
        // it may have got other bytes since the row was read
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
        const wanted = plan(facts);
        const source: Source | undefined = wanted.bytes === 'none' ? { body: null, from: null } : await this.#bytes.open(row, wanted, options);
        if (source) return { kind: 'file', facts, wanted, ...source };
      }
      if (reread >= REREADS || options.signal?.aborted) return { kind: 'unavailable' };
      const again: LedgerRow | undefined = await rows.get(key, { fresh: true });
      if (row && again?.rev === row.rev) return { kind: 'unavailable' };
      row = again;
    }
  }

  /** What `work` answers; that the disk, S3 or a busy library fails is no reason to call a file missing. */
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
   * A key the ledger has no bytes of: the library's own file on disk, else an object of that name in the bucket.
   * @returns `changed` when the ledger may know of its bytes meanwhile
   */
  async #openUnknown(key: ObjectKey, row: LedgerRow | undefined, plan: Plan, options: OpenOptions): Promise<Opened | 'changed'> {
    const stat = await statOf(this.deps.disk, plainLocalName(key)).catch((error: unknown) => this.#unreadable(key, error));
    // guard: unseen-file-disk-first
    if (stat) {
      const facts: FileFacts = { size: stat.size, etag: `${stat.size.toString(16)}-${Math.floor(stat.mtimeMs).toString(16)}`, mime: null, modifiedMs: stat.mtimeMs };
      const wanted = plan(facts);
      const source = await this.#plainFile(key, facts, wanted, options);
      return source ? { kind: 'file', facts, wanted, ...source } : 'changed';
    }
    if (!(await this.#listing.isListed(key, options.signal))) return { kind: 'unknown' };
    // another visitor may have had it adopted while this one waited for his turn
    if ((await this.deps.rows.get(key))?.rev !== row?.rev) return 'changed';
    // where a write of our own was given the plain name, the object under it may not be proven
    return row?.plainUsed ? { kind: 'unavailable' } : this.#adoptFromS3(key, plan, options);
  }

  /** A disk that does not say what lies on it: what the library lists may be in the bucket all the same. */
  #unreadable(key: ObjectKey, error: unknown): undefined {
    if (!isStorageError(error)) throw error;
    this.deps.log.debug(`"${key}" could not be looked for on disk: ${error.message}`);
  }

  /** @returns undefined when the file has vanished since it was looked at, or has become another one */
  async #plainFile(key: ObjectKey, { size }: FileFacts, wanted: Wanted, { signal }: OpenOptions): Promise<Source | undefined> {
    if (wanted.bytes === 'none') return { body: null, from: null };
    try {
      const file = await this.deps.disk.get(plainLocalName(key), { ...rangeOf(wanted, size), signal });
      if (file.facts.size === size) return { body: bodyFor(wanted, file), from: 'disk' };
      file.body.destroy();
    } catch (error) {
      // a range of a file that has become shorter is refused
      if (!isStorageError(error, 'OBJECT_NOT_FOUND', 'REJECTED')) throw error;
    }
    return undefined;
  }

  /**
   * A file that the library lists and that only the bucket has is served once it was adopted. That the bucket does not have
   * it either proves nothing: it may lie on another server's disk, so it is unavailable, and not missing.
   * @returns `changed` when it was adopted, or the ledger has other bytes of the key
   */
  async #adoptFromS3(key: ObjectKey, plan: Plan, { signal }: OpenOptions): Promise<Opened | 'changed'> {
    const place = this.deps.buckets.readable;
    if (!place) return { kind: 'unavailable' };
    const seen = this.#firstSights.lately(key);
    if (seen) {
      const facts = unprovenFacts(seen);
      const wanted = plan(facts);
      if (isWithoutBytes(wanted)) return withoutBytes(facts, wanted);
    }
    let sight: Sight | undefined;
    let comesBack = false;
    try {
      sight = await this.#firstSights.join(place, key, signal);
      const facts = unprovenFacts(sight.facts);
      const wanted = plan(facts);
      if (isWithoutBytes(wanted)) return withoutBytes(facts, wanted);
      comesBack = wanted.bytes === 'range' && facts.size > WAITED_FOR_BYTES;
      if (comesBack) return { kind: 'unavailable' };
      await sight.ended();
      return 'changed';
    } finally {
      sight?.leave(comesBack);
    }
  }
}

function isWithoutBytes(wanted: Wanted): boolean {
  return wanted.bytes === 'none' || wanted.bytes === 'check';
}

/** The answer to a visitor who wants no bytes of a file that S3 would hand out. */
function withoutBytes(facts: FileFacts, wanted: Wanted): Opened {
  return { kind: 'file', facts, wanted, body: null, from: wanted.bytes === 'check' ? 's3' : null };
}

/** Of an object that is not adopted yet. Its tag is the later one where S3 knows the checksum; else visitors ask again. */
function unprovenFacts({ size, md5, etag }: ObjectFacts): FileFacts {
  return { size, mime: null, etag: md5 ?? `${size.toString(16)}-${etag ?? 's3'}` };
}

function factsOf(row: LedgerRow): FileFacts {
  if (!('content' in row.placement)) throw new StorageError('INTERNAL', { operation: 'read', subject: row.key });
  const { size, md5, mime } = row.placement.content;
  const remote = 'remote' in row.placement ? row.placement.remote : undefined;
  // a library file nobody has hashed yet: its revision tells its versions apart
  return { size, mime, etag: md5 ?? `${size.toString(16)}-r${row.rev}`, ...(remote?.etag === null && { wholeOnly: true }) };
}
