// This file is longer than others, so that a reader finds in one place what a write may do, from its first byte to its publication.
import { codeOf, isStorageError, StorageError } from '../errors';
import { isOwnLocalName, plainLocalName, type ObjectKey } from '../keys';
import type { BeginOptions, Intent, Publication, LocalCopy, Origin } from '../ledger/words';
import { remoteOf, localOf } from '../ledger/state';
import type { Body } from '../store/object-store';
import { mayChangeBucket } from '../buckets/may-change';
import { send, type WriteLedger } from '../buckets/send';
import type { MediaStorageDeps } from './deps';
import { MediaReader } from './media-reader';
import { statOf } from './plain-file';
import type { RequestScope } from './request-scope';

/** Delay between an unscoped deletion, or a failed upload, and the purge, which asks whether the library lists the key; in milliseconds. */
const UNSCOPED_PURGE_MS = 10 * 60_000;
/** The same delay for a deletion inside a transaction of Strapi's (import, transfer), in milliseconds. An administrator may regret it for a week. */
const IMPORT_PURGE_MS = 7 * 24 * 3600_000;
/** Longest time that a write which S3 did not take waits for a walk through the library, in milliseconds. */
const LISTED_WITHIN_MS = 1_000;

export interface WriteOptions {
  mime: string | null;
  scope?: RequestScope;
}

/**
 * Stores the bytes of the media library: in S3 first, or on the disk if S3 does not take them. The ledger knows of each of them before
 * the first byte is written. See `docs/design.md`, “One rule”: bytes never change; only the ledger moves.
 */
export class MediaStorage {
  readonly reader: MediaReader;

  constructor(private readonly deps: MediaStorageDeps) {
    this.reader = new MediaReader(deps);
  }

  /**
   * Writes or replaces the bytes of a key. When the promise resolves (and, in a `replace` scope, when the scope has been closed) the
   * bytes are durable in S3 or on this disk, and the ledger says where.
   * @throws StorageError if neither S3 nor the disk took the bytes; UPLOAD_REFUSED if S3 did not, and the settings forbid the disk. The
   *   plugin then still serves the former bytes.
   */
  async put(key: ObjectKey, body: Body, options: WriteOptions): Promise<void> {
    const { scope } = options;
    await this.#afterAbsence(key);
    const publication = await this.#write(key, body, options);
    // guard: replace-is-staged
    if (scope?.kind === 'replace') {
      if (scope.state !== 'open') {
        await this.deps.ledger.abandon([publication.intent]);
        throw new StorageError('ABORTED', { operation: 'put', subject: key, detail: 'its request has ended' });
      }
      scope.staged.push(publication);
      return;
    }
    await this.#publish([publication], []);
    if (scope?.state === 'failed') await this.#buryFailed([key]);
    else scope?.published.push(key);
  }

  /** Deletes a key: buries it, or, in a `replace` scope, lets the publication bury it. No byte goes while the library still lists the key. */
  async remove(key: ObjectKey, scope?: RequestScope): Promise<void> {
    if (scope?.kind === 'replace') {
      scope.tombstones.push(key);
      return;
    }
    await this.#afterAbsence(key);
    const purgeAfterMs = !scope && this.deps.inTransaction() ? IMPORT_PURGE_MS : UNSCOPED_PURGE_MS;
    await this.deps.ledger.bury(key, { purgeAfterMs, found: await this.#found(key) });
    this.deps.rows.forget([key]);
    scope?.tombstones.push(key);
  }

  /**
   * Runs one request to the media library as a whole: see {@link RequestScope}.
   * @throws the error of `work`, or the StorageError that kept the plugin from publishing a replacement
   */
  async inScope<T>(scope: RequestScope, work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      if (scope.kind === 'replace') await this.#publishStaged(scope);
      scope.state = 'succeeded';
      if (scope.kind === 'remove' && scope.tombstones.length > 0) {
        await this.deps.ledger.expedite(scope.tombstones);
        this.deps.events.emit('deleted', { keys: scope.tombstones });
      }
      return result;
    } catch (error) {
      scope.state = 'failed';
      await this.#discard(scope);
      throw error;
    }
  }

  async #publishStaged(scope: RequestScope): Promise<void> {
    // late provider calls of the same request find the scope closed, and discard the bytes that they wrote
    scope.state = 'succeeded';
    if (scope.staged.length === 0 && scope.tombstones.length === 0) return;
    // guard: replace-in-one-transaction
    await this.#publish(scope.staged, scope.tombstones);
    if (scope.tombstones.length > 0) {
      // a format that the ledger has never seen has no row yet, so that the publication could not bury it
      for (const key of scope.tombstones) {
        if (!(await this.deps.ledger.find(key))) await this.deps.ledger.bury(key, { purgeAfterMs: 0, found: await this.#found(key) });
      }
      await this.deps.ledger.expedite(scope.tombstones);
      this.deps.events.emit('deleted', { keys: scope.tombstones });
    }
  }

  async #discard(scope: RequestScope): Promise<void> {
    try {
      if (scope.kind === 'replace') await this.deps.ledger.abandon(scope.staged.map((write) => write.intent));
      // guard: failed-upload-is-buried
      if (scope.kind === 'upload') await this.#buryFailed(scope.published);
    } catch (error) {
      // the names stay pending, and the sweeper removes them after a day; the caller reports the request's own error
      this.deps.log.warn(`the files of a failed ${scope.kind} could not be discarded: ${codeOf(error)}`);
    }
  }

  /**
   * Buries the keys of a failed upload. The purge comes later, because Strapi goes on with the other files of the request, and may list
   * one of them while the plugin would already remove its bytes.
   */
  async #buryFailed(keys: readonly ObjectKey[]): Promise<void> {
    for (const key of keys) await this.deps.ledger.bury(key, { purgeAfterMs: UNSCOPED_PURGE_MS });
    this.deps.rows.forget(keys);
  }

  async #write(key: ObjectKey, body: Body, options: WriteOptions): Promise<Publication> {
    const { clock, log } = this.deps;
    const row = await this.deps.ledger.find(key);
    const begin: BeginOptions = {
      known: row !== undefined,
      // guard: found-file-is-recorded
      found: row && row.placement.state !== 'new' ? undefined : await this.#found(key),
    };
    const ledger = inScope(this.deps.ledger, options.scope);
    const bucket = this.deps.buckets.writable;
    if (bucket) {
      try {
        const sent = await send({ ledger, clock }, bucket, key, body, {
          ...begin,
          mime: options.mime,
          fresh: options.scope?.kind === 'upload',
          // with no files waiting on the disk, only an upload can find out that S3 takes uploads again
          mayTry: this.#refuses(),
          plainUsed:
            (row?.plainUsed ?? false) ||
            // if Strapi rolls its transaction back, the record of the name goes with it, and nobody would know any more that the
            // object under the plain name does not belong to the library
            // guard: no-plain-name-in-a-transaction
            this.deps.inTransaction(),
        });
        return { ...sent, size: body.size, md5: body.md5, mime: options.mime };
      } catch (error) {
        if (!isStorageError(error) || isStorageError(error, 'INVALID_KEY', 'INTENT_LOST')) throw error;
        this.#noteFallback(key, error);
        log.debug(`"${key}" goes to the local disk: ${error.message}`);
      }
    }
    // a read-write instance is also without a bucket if its settings could not be applied, or nobody knows the bucket's owner yet
    if (this.#refuses()) throw new StorageError('UPLOAD_REFUSED');
    return this.#writeToDisk(key, body, options, begin, ledger);
  }

  #refuses(): boolean {
    const { mode, awaitsOwner } = this.deps.instance;
    return (mode === 'read-write' || awaitsOwner) && !this.deps.keepsLocally();
  }

  /** Reports why a write goes to the disk. @throws StorageError if it must not go there: the plugin refuses it instead */
  #noteFallback(key: ObjectKey, error: StorageError): void {
    // S3 had no part in this failure, and a body that stood still on a busy server may go on later
    const bodyFailed = isStorageError(error, 'BODY_FAILED');
    // S3 takes other files all the same
    const ofThisFile = isStorageError(error, 'TOO_LARGE', 'FILE_REFUSED');
    const told = isStorageError(error, 'CIRCUIT_OPEN') && error.cause instanceof StorageError ? error.cause : error;
    if (this.#refuses()) {
      if (bodyFailed || ofThisFile) throw error;
      this.deps.events.emit('refused', { code: told.code, detail: told.detail });
      throw new StorageError('UPLOAD_REFUSED', { cause: error });
    }
    if (ofThisFile) this.deps.log.warn(`"${key}" was kept on the local disk: ${error.message} ${error.hint}`);
    if (!bodyFailed) this.deps.events.emit('fellBack', { code: told.code, detail: told.detail });
  }

  async #writeToDisk(
    key: ObjectKey,
    body: Body,
    options: WriteOptions,
    begin: BeginOptions,
    ledger: WriteLedger,
  ): Promise<Publication> {
    const { disk } = this.deps;
    const origin = this.#origin();
    const volume = await this.deps.volume.refresh();
    const content = { size: body.size, md5: body.md5 };
    let plainFree = (await this.#isFresh(key, options.scope)) && !(await disk.exists(plainLocalName(key)));
    for (;;) {
      const intent = await ledger.begin({ kind: 'file', key, volume, plainFree, content }, begin);
      try {
        await disk.put(intent.name, body);
        return { intent, size: body.size, md5: body.md5, mime: options.mime, origin };
      } catch (error) {
        // this disk does not accept the plain name, for instance because it is too long: nothing lies under it
        const unusable = isStorageError(error, 'NAME_UNFIT') && plainFree;
        if (!unusable && !isStorageError(error, 'NAME_TAKEN')) {
          await ledger.abandon([intent]);
          throw error;
        }
        // NAME_TAKEN: the file belongs to somebody else, so the plugin must not condemn the name either
        await ledger.forget(intent);
        if (!plainFree) throw error;
        plainFree = false;
      }
    }
  }

  /** Returns the origin of a file that goes to this disk now. */
  #origin(): Origin {
    // the file counts as one from before the plugin: if the project returns to S3, phase 1 sends it
    if (this.deps.instance.leaving) return 'library';
    // nobody sends the files of a copy to S3; the catch-up sends all others as soon as S3 answers
    return this.deps.instance.isCopy ? 'read-only' : 'fallback';
  }

  /**
   * Whether the library surely has no bytes of the key yet. Only then may a write have the plain path of the key. Otherwise the key's bytes
   * may be in the bucket or on another disk, and the reader serves a file at the plain path while the ledger has no bytes of the key.
   */
  async #isFresh(key: ObjectKey, scope: RequestScope | undefined): Promise<boolean> {
    if (scope) {
      // guard: plain-path-for-fresh-keys-only
      return scope.kind === 'upload';
    }
    return !this.deps.inTransaction() && (await this.#isSurelyUnlisted(key));
  }

  /** If the library does not answer in time, the answer is no: an own name is always right for the file. */
  async #isSurelyUnlisted(key: ObjectKey): Promise<boolean> {
    try {
      return !(await this.deps.catalog.listedAnywhere([key], { patienceMs: LISTED_WITHIN_MS })).has(key);
    } catch (error) {
      if (isStorageError(error, 'UNAVAILABLE')) return false;
      throw error;
    }
  }

  async #publish(writes: readonly Publication[], tombstones: readonly ObjectKey[]): Promise<void> {
    const { ledger, rows } = this.deps;
    const keys = [...writes.map((write) => write.intent.key), ...tombstones];
    try {
      await ledger.publish(writes, { condemnObjects: mayChangeBucket(this.deps), tombstones });
    } catch (error) {
      if (error instanceof StorageError) {
        await ledger.abandon(writes.map((write) => write.intent));
        throw error;
      }
      // the answer to a COMMIT can be lost: the rows say whether it took effect, and nothing is undone
      if (!(await this.#isLive(writes))) throw error;
    } finally {
      // guard: publisher-forgets-the-row
      rows.forget(keys);
    }
    this.deps.events.emit('published', { keys, ownNames: writes.some(({ intent }) => intent.kind === 'file' && isOwnLocalName(intent.name)) });
  }

  async #isLive(writes: readonly Publication[]): Promise<boolean> {
    for (const { intent } of writes) {
      const row = await this.deps.ledger.find(intent.key);
      if (!row || (row.ticket <= intent.ticket && !pointsTo(row, intent))) return false;
    }
    return true;
  }

  /**
   * Lets the ledger learn of a file that plain Strapi has put at the plain path, so that this write or deletion condemns it. Without that
   * it would be forgotten there, and no bytes would be mixed up: the write is later in any case. A transaction of Strapi's does not wait,
   * because the look needs the database and may not get it before the transaction ends.
   */
  async #afterAbsence(key: ObjectKey): Promise<void> {
    if (!this.deps.inTransaction()) await this.deps.away?.ready(key);
  }

  /**
   * Finds the file at the plain path of a key that the plugin has not seen yet. If the folder cannot be read or has no id yet, there is
   * nothing to record; the file then stays on the disk, and the write to S3 goes on.
   */
  async #found(key: ObjectKey): Promise<(LocalCopy & { size: number }) | undefined> {
    if (!this.deps.volume.established) return undefined;
    const stat = await statOf(this.deps.disk, plainLocalName(key)).catch((error: unknown) => {
      if (!isStorageError(error)) throw error;
      this.deps.log.warn(`"${key}" could not be looked for on disk; if its file lies there, it stays there: ${error.message}`);
      return undefined;
    });
    return stat && { volume: this.deps.volume.id, localName: plainLocalName(key), size: stat.size };
  }
}

/** Returns the ledger for the writes of a scope. All keys of a replacement get one ticket. */
function inScope(ledger: WriteLedger, scope: RequestScope | undefined): WriteLedger {
  // guard: replace-has-one-ticket
  if (scope?.kind !== 'replace') return ledger;
  return {
    touch: (intents) => ledger.touch(intents),
    abandon: (intents) => ledger.abandon(intents),
    forget: (intent) => ledger.forget(intent),
    begin: (request, options) =>
      options?.ticket ? ledger.begin(request, options) : scope.begin((ticket) => ledger.begin(request, { ...options, ticket })),
  };
}

function pointsTo(row: Parameters<typeof remoteOf>[0], intent: Intent): boolean {
  return intent.kind === 'object'
    ? remoteOf(row)?.object === intent.name && remoteOf(row)?.locationId === intent.locationId
    : localOf(row)?.localName === intent.name && localOf(row)?.volume === intent.volume;
}
