// Longer than other files: what a write may and may not do, from its first byte to its publication, is read in one go.
import { codeOf, isStorageError, StorageError } from '../errors';
import { isOwnLocalName, plainLocalName, type ObjectKey } from '../keys';
import type { BeginOptions, Intent, Publication, LocalCopy, Origin } from '../ledger/words';
import { remoteOf, localOf } from '../ledger/state';
import type { Body } from '../store/object-store';
import { send, type WriteLedger } from '../buckets/cloud';
import type { MediaStorageDeps } from './deps';
import { MediaReader } from './media-reader';
import { statOf } from './plain-file';
import type { RequestScope } from './request-scope';

/** How long after an unscoped delete, or a failed upload, its purge looks whether the library lists the key, in milliseconds. */
const UNSCOPED_PURGE_MS = 10 * 60_000;
/** The same for deletes inside a transaction of the host's (import, transfer), which may be regretted for a week. */
const IMPORT_PURGE_MS = 7 * 24 * 3600_000;
/** How long a write that S3 did not take may wait for the library to be gone through (ms). */
const LISTED_WITHIN_MS = 1_000;

export interface WriteOptions {
  mime: string | null;
  scope?: RequestScope;
}

/**
 * Where the bytes of the media library go: into S3 first, onto the disk when S3 will not have them, and nowhere
 * without the ledger knowing. `docs/design.md`, “One rule”: bytes never change; only the ledger moves.
 */
export class MediaStorage {
  readonly reader: MediaReader;

  constructor(private readonly deps: MediaStorageDeps) {
    this.reader = new MediaReader(deps);
  }

  /**
   * Writes or replaces the bytes of a key. When it resolves (and, in a `replace` scope, the scope has been closed) they
   * are durable in S3 or on this disk, and the ledger says where.
   * @throws StorageError when neither S3 nor the disk took them, UPLOAD_REFUSED when the disk was not to be asked; what was
   *   served before is still served then.
   */
  async put(key: ObjectKey, body: Body, options: WriteOptions): Promise<void> {
    const { scope } = options;
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

  /** Deletes a key: no bytes are touched before the media library has let go of it. */
  async remove(key: ObjectKey, scope?: RequestScope): Promise<void> {
    if (scope?.kind === 'replace') {
      scope.tombstones.push(key);
      return;
    }
    const purgeAfterMs = !scope && this.deps.inTransaction() ? IMPORT_PURGE_MS : UNSCOPED_PURGE_MS;
    await this.deps.ledger.bury(key, { purgeAfterMs, found: await this.#found(key) });
    this.deps.rows.forget([key]);
    scope?.tombstones.push(key);
  }

  /**
   * Runs one request to the media library as a whole: see {@link RequestScope}.
   * @throws whatever `work` throws, or the StorageError that kept a replace from being published
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
    // late provider calls of the same request find it closed, and discard what they wrote
    scope.state = 'succeeded';
    if (scope.staged.length === 0 && scope.tombstones.length === 0) return;
    // guard: replace-in-one-transaction
    await this.#publish(scope.staged, scope.tombstones);
    if (scope.tombstones.length > 0) {
      // a format of the library's that the ledger has not seen has no row yet to put a tombstone on
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
      // the names stay pending and are swept after a day; the request's own error is the one to report
      this.deps.log.warn(`could not discard the files of a failed ${scope.kind}: ${codeOf(error)}`);
    }
  }

  /** Not at once: Strapi goes on with the other files of the request, and may list one while its bytes would be on their way out. */
  async #buryFailed(keys: readonly ObjectKey[]): Promise<void> {
    for (const key of keys) await this.deps.ledger.bury(key, { purgeAfterMs: UNSCOPED_PURGE_MS });
    this.deps.rows.forget(keys);
  }

  async #write(key: ObjectKey, body: Body, options: WriteOptions): Promise<Publication> {
    const { clock, log } = this.deps;
    const row = await this.deps.ledger.find(key);
    const begin: BeginOptions = {
      // guard: found-file-is-recorded
      found: row && row.placement.state !== 'new' ? undefined : await this.#found(key),
    };
    const ledger = inScope(this.deps.ledger, options.scope);
    const cloud = this.deps.buckets.writable;
    if (cloud) {
      try {
        const sent = await send({ ledger, clock }, cloud, key, body, {
          ...begin,
          mime: options.mime,
          // where nothing waits on the disk to be the next one that tries
          mayTry: this.#refuses(),
          plainUsed:
            (row?.plainUsed ?? false) ||
            // a roll-back of the host's takes the record of the name along, and nobody would know any more that the object
            // under it is none of the library's
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
    // settings that could not be applied leave a read-write instance without S3, too
    if (this.#refuses()) throw new StorageError('UPLOAD_REFUSED');
    return this.#writeToDisk(key, body, options, begin, ledger);
  }

  #refuses(): boolean {
    return this.deps.instance.mode === 'read-write' && !this.deps.keepsLocally();
  }

  /** Reports why a write goes to the disk. @throws StorageError where it must not go there, and is refused instead */
  #noteFallback(key: ObjectKey, error: StorageError): void {
    // S3 had no part in it, and a busy server may read on later what stood still just now
    const bodyFailed = isStorageError(error, 'BODY_FAILED');
    // S3 takes other files
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
        // a name that S3 takes and this disk does not (too long, say): nothing lies under it
        const unusable = isStorageError(error, 'NAME_UNFIT') && plainFree;
        if (!unusable && !isStorageError(error, 'NAME_TAKEN')) {
          await ledger.abandon([intent]);
          throw error;
        }
        // somebody else's file: the name was never ours, so it must not be condemned either
        await ledger.forget(intent);
        if (!plainFree) throw error;
        plainFree = false;
      }
    }
  }

  /** Of a file that goes to this disk. */
  #origin(): Origin {
    // as if it had been there before the plugin: phase 1 brings it to S3 should there be a way back
    if (this.deps.instance.leaving) return 'library';
    // what a read-only instance writes is its own business; everything else follows to S3 as soon as that is there
    return this.deps.instance.mode === 'read-only' ? 'read-only' : 'fallback';
  }

  /**
   * Whether the library surely has no bytes of the key yet. Only then may a write have its plain path: otherwise they may be
   * in the bucket or on another disk, and what lies at the plain path is served while the ledger has no bytes of the key.
   */
  async #isFresh(key: ObjectKey, scope: RequestScope | undefined): Promise<boolean> {
    if (scope) {
      // guard: plain-path-for-fresh-keys-only
      return scope.kind === 'upload';
    }
    return !this.deps.inTransaction() && (await this.#isSurelyUnlisted(key));
  }

  /** Where the library does not say it in time, the answer is no: a name of its own is always right for the file. */
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
      await ledger.publish(writes, { condemnObjects: this.deps.buckets.writable !== undefined, tombstones });
    } catch (error) {
      if (error instanceof StorageError) {
        await ledger.abandon(writes.map((write) => write.intent));
        throw error;
      }
      // the answer of a COMMIT can be lost: the rows tell, and nothing is undone
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
   * The file that lies at the plain path of a key the plugin has not seen yet. Where the folder cannot be read or has no id yet there
   * is nothing to record; the file then stays on the disk, and S3 can be written all the same.
   */
  async #found(key: ObjectKey): Promise<(LocalCopy & { size: number }) | undefined> {
    if (!this.deps.volume.established) return undefined;
    const stat = await statOf(this.deps.disk, plainLocalName(key)).catch((error: unknown) => {
      if (!isStorageError(error)) throw error;
      this.deps.log.warn(`"${key}" could not be looked for on disk; a file of it that lies there stays: ${error.message}`);
      return undefined;
    });
    return stat && { volume: this.deps.volume.id, localName: plainLocalName(key), size: stat.size };
  }
}

/** The ledger as a write of this scope begins with it: all keys of a replace under one ticket. */
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
