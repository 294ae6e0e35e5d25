import type { Readable } from 'node:stream';
import { codeOf, isStorageError, StorageError } from '../errors';
import { isOwnLocalName, parseKey, plainLocalName, type ObjectKey } from '../keys';
import type { LocalCopy, LedgerRow, RemoteCopy } from '../ledger/state';
import { isIn, localOf, remoteOf } from '../ledger/state';
import { adoptFrom } from './adoption';
import { CondemnedCopies } from './condemned-copies';
import type { MediaStorageDeps } from './deps';
import { statOf } from './plain-file';
import { ROW_TTL_MS } from './row-cache';
import type { FileFacts, Opened, Wanted } from './serving';
import { StandIn } from './stand-in';
import { VerifiedCopies } from './verified-copies';

/** How often a row is read again when its bytes are not what it says: a replace or a sweep may have overtaken us. */
const REREADS = 2;
/** How long "the library does not list this key" is believed: unknown paths are cheap to ask for. */
const UNLISTED_TTL_MS = ROW_TTL_MS;
const MAX_UNLISTED = 10_000;

type Source = { body: Readable | null; from: 's3' | 'disk' | null };

/** Finds the current bytes of a key: S3 first, then this disk, and only where the ledger says. */
export class MediaReader {
  readonly #unlisted = new Map<ObjectKey, number>();
  readonly #condemned: CondemnedCopies;
  readonly #verified: VerifiedCopies;
  readonly #standIn: StandIn;

  constructor(private readonly deps: MediaStorageDeps) {
    this.#verified = new VerifiedCopies(deps.disk);
    this.#condemned = new CondemnedCopies(deps, this.#verified);
    this.#standIn = new StandIn(deps);
  }

  /**
   * @param plan called once the facts are known (again if they changed meanwhile); says which bytes are wanted
   * @param options.signal aborts when the client has gone: S3 is asked no more
   * @throws whatever the ledger's database throws; S3's and the disk's failures become `unavailable`
   */
  async open(key: ObjectKey, plan: (facts: FileFacts) => Wanted, options: { signal?: AbortSignal } = {}): Promise<Opened> {
    let row = await this.deps.rows.get(key);
    for (let reread = 0; ; reread++) {
      if (row?.placement.state === 'gone') return { kind: 'gone' };
      if (row?.tombstone) {
        // also of a file that only some disk or the bucket knows: another server's delete did not find it there
        if (!(await this.#isListedNow(key))) return { kind: 'gone' };
        // it may have got other bytes since the row was read
        if (reread === 0) {
          row = await this.deps.rows.get(key, { fresh: true });
          continue;
        }
      }
      if (!row || row.placement.state === 'new') return this.#openUnknown(key, row, plan);
      const facts = factsOf(row);
      const wanted = plan(facts);
      const source: Source | undefined = wanted.bytes === 'none' ? { body: null, from: null } : await this.#source(row, wanted, options.signal);
      if (source) return { kind: 'file', facts, wanted, ...source };
      if (reread === REREADS) return { kind: 'unavailable' };
      const again: LedgerRow | undefined = await this.deps.rows.get(key, { fresh: true });
      if (again?.rev === row.rev) return { kind: 'unavailable' };
      row = again;
    }
  }

  /** The bytes a row points to, or undefined when none of its copies has them. */
  async #source(row: LedgerRow, wanted: Exclude<Wanted, { bytes: 'none' }>, signal?: AbortSignal): Promise<Source | undefined> {
    const remote = remoteOf(row);
    if (remote) {
      const body = (await this.#fromS3(row, remote, wanted, signal)) ?? (isIn(row, 'both', 'remote') ? await this.#standIn.open(row, remote, { ...rangeOf(wanted), signal }) : undefined);
      if (body) return { body, from: 's3' };
    }
    const local = localOf(row);
    if (local && (local.volume === this.deps.volume.id || (await this.#liesHere(local, row)))) {
      const body = await this.#fromDisk(local, row, wanted);
      if (body) return { body, from: 'disk' };
    }
    const condemned = await this.#condemned.of(row);
    if (condemned) {
      const body = await this.#fromDisk(condemned, row, wanted);
      if (body) return { body, from: 'disk' };
    }
    return undefined;
  }

  /**
   * Whether the bytes of a row lie here although it names another volume: where this one's id cannot be read, or the folder is a
   * copy. Only bytes that are proven to be the row's count; without an MD5 none has been replaced, so that an unreadable id is enough.
   */
  async #liesHere(local: LocalCopy, row: LedgerRow): Promise<boolean> {
    const content = 'content' in row.placement ? row.placement.content : undefined;
    if (!content) return false;
    const { size, md5 } = content;
    return md5 === null ? !this.deps.volume.established && !isOwnLocalName(local.localName) : this.#verified.has(local.localName, { size, md5 });
  }

  async #fromS3(row: LedgerRow, remote: RemoteCopy, wanted: Wanted, signal?: AbortSignal): Promise<Readable | undefined> {
    const store = this.deps.storeAt(remote.locationId);
    if (!store) return undefined;
    try {
      const object = await store.get(remote.object, { ...rangeOf(wanted), signal });
      // before the first byte leaves: a truncated, damaged or foreign object must not pass for the file
      const same = object.facts.size === sizeOf(row) && (remote.etag === null || object.facts.etag === remote.etag);
      if (same) return object.body;
      object.body.destroy();
      this.deps.log.error(`"${row.key}": the object in S3 is not the one that was stored; it is not served`);
    } catch (error) {
      this.deps.log.debug(`"${row.key}" could not be read from S3: ${codeOf(error)}`);
    }
    return undefined;
  }

  async #fromDisk(local: LocalCopy, row: LedgerRow, wanted: Wanted): Promise<Readable | undefined> {
    try {
      const file = await this.deps.disk.get(local.localName, rangeOf(wanted));
      if (file.facts.size === sizeOf(row)) return file.body;
      file.body.destroy();
      this.deps.log.error(`"${row.key}": the file on disk has another size than was stored; it is not served`);
    } catch (error) {
      this.deps.log.debug(`"${row.key}" could not be read from disk: ${codeOf(error)}`);
    }
    return undefined;
  }

  /** A key the ledger has no bytes of: the library's own file on disk, else an object of that name in the bucket. */
  async #openUnknown(key: ObjectKey, row: LedgerRow | undefined, plan: (facts: FileFacts) => Wanted): Promise<Opened> {
    const name = plainLocalName(key);
    const stat = await statOf(this.deps.disk, name).catch((error: unknown) => this.#unreadable(key, error));
    if (stat) {
      const facts: FileFacts = { size: stat.size, etag: `${stat.size.toString(16)}-${Math.floor(stat.mtimeMs).toString(16)}`, mime: null, modifiedMs: stat.mtimeMs };
      const wanted = plan(facts);
      if (wanted.bytes === 'none') return { kind: 'file', facts, wanted, body: null, from: null };
      try {
        const file = await this.deps.disk.get(name, rangeOf(wanted));
        return { kind: 'file', facts, wanted, body: file.body, from: 'disk' };
      } catch (error) {
        if (!isStorageError(error, 'OBJECT_NOT_FOUND')) return { kind: 'unavailable' };
      }
    }
    if (!(await this.#isListed(key))) return { kind: 'unknown' };
    // where a write of our own was given the plain name, the object under it may not be proven
    return row?.plainUsed ? { kind: 'unavailable' } : this.#adoptFromS3(key, plan);
  }

  /** A disk that does not say what lies on it: what the library lists may be in the bucket all the same. */
  #unreadable(key: ObjectKey, error: unknown): undefined {
    if (!isStorageError(error)) throw error;
    this.deps.log.debug(`"${key}" could not be looked for on disk: ${error.message}`);
  }

  async #isListed(key: ObjectKey): Promise<boolean> {
    const now = this.deps.clock.elapsed();
    if ((this.#unlisted.get(key) ?? 0) > now) return false;
    if (await this.#isListedNow(key)) return true;
    if (this.#unlisted.size >= MAX_UNLISTED) this.#unlisted.clear();
    this.#unlisted.set(key, now + UNLISTED_TTL_MS);
    return false;
  }

  async #isListedNow(key: ObjectKey): Promise<boolean> {
    return (await this.deps.catalog.listed([key])).has(key);
  }

  /**
   * A file that the library lists and that only the bucket has is served once it was adopted. That the bucket does not have
   * it either proves nothing: it may lie on another server's disk, so it is unavailable, and not missing.
   */
  async #adoptFromS3(key: ObjectKey, plan: (facts: FileFacts) => Wanted): Promise<Opened> {
    const place = this.deps.readable();
    if (!place) return { kind: 'unavailable' };
    try {
      await adoptFrom(place, this.deps.ledger, key);
    } catch (error) {
      if (!isStorageError(error)) throw error;
      this.deps.log.debug(`"${key}" could not be looked up in S3: ${error.code}`);
      return { kind: 'unavailable' };
    }
    this.deps.rows.forget([key]);
    return this.open(parseKey(key), plan);
  }
}

function rangeOf(wanted: Wanted) {
  return wanted.bytes === 'range' ? { range: wanted.range } : {};
}

function sizeOf(row: LedgerRow): number {
  return 'content' in row.placement ? row.placement.content.size : -1;
}

function factsOf(row: LedgerRow): FileFacts {
  if (!('content' in row.placement)) throw new StorageError('INTERNAL', { operation: 'read', subject: row.key });
  const { size, md5, mime } = row.placement.content;
  // a library file nobody has hashed yet: its revision tells its versions apart
  return { size, mime, etag: md5 ?? `${size.toString(16)}-r${row.rev}` };
}
