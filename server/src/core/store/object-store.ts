import type { Readable } from 'node:stream';

/** Bytes that can be read from the start as often as an attempt needs them. */
export interface Body {
  readonly size: number;
  /** MD5 of the bytes, lower-case hex: known before they are sent, so that every store can prove what it stored. */
  readonly md5: string;
  /** A fresh stream of all bytes. The caller destroys it. */
  open(): Readable;
}

/** What every request takes. */
export interface RequestOptions {
  /** Ends the request as soon as it aborts: the store lets go of connections, files and the body, and throws ABORTED. */
  signal?: AbortSignal;
  /**
   * Milliseconds for which nothing may move: no connection made, no byte taken, no answer begun; then the store throws TIMEOUT. A body
   * that moves may take longer. It only shortens the store's own timeout. A store that never waits for anybody ignores it.
   */
  patienceMs?: number;
}

export interface PutOptions extends RequestOptions {
  contentType?: string;
  cacheControl?: string;
  /**
   * Refuse the PUT (NAME_TAKEN) where something lies under the name. Some S3 servers ignore that, see `core/store/overwriting.ts`;
   * for bodies that are sent in one request only.
   */
  onlyIfAbsent?: boolean;
}

export interface ObjectFacts {
  readonly size: number;
  /** The store's own tag of these bytes, without quotes; null where it has none. Equal tags: equal bytes. */
  readonly etag: string | null;
  /** MD5 of the whole object as the store knows it (hex), where its tag or checksum is one; else null. */
  readonly md5: string | null;
  /**
   * True: the object lies in an archive. It cannot be read, or only from a restored copy that the store removes again. A `put`
   * never says so, and a listing may leave it open.
   */
  readonly archived?: boolean;
  /** True: a `head` was answered without the size, which had to be learnt by opening the object. */
  readonly sizeByOpening?: boolean;
}

/** Inclusive byte positions, both inside the object. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface GetOptions extends RequestOptions {
  range?: ByteRange;
}

export interface ObjectStream {
  /** Of the whole object, also when a range was asked for. */
  readonly facts: ObjectFacts;
  /** The bytes asked for. The caller reads to the end or destroys it: an abandoned body holds its connection. */
  readonly body: Readable;
}

export interface ListedObject {
  readonly name: string;
  readonly size: number;
  /** As {@link ObjectFacts.etag}; null where the listing does not say. */
  readonly etag: string | null;
  /** True: its storage class is an archive, or may be one; only `head` tells, see {@link ObjectFacts.archived}. */
  readonly mayBeArchived?: boolean;
}

export interface ObjectPage {
  readonly objects: readonly ListedObject[];
  /** What asks for the page after this one; null: this is the last. */
  readonly next: string | null;
}

export interface ListRequest extends RequestOptions {
  /** `next` of the page before; without it the first page. */
  after?: string;
  /** Objects at most, up to 1,000. A page may have fewer, even none, and not be the last. */
  limit: number;
}

export interface PresignOptions extends RequestOptions {
  /** How long the URL is good for, from now on: a whole number from 1 to {@link MAX_PRESIGNED_SECONDS}. */
  expiresInSeconds: number;
  /** The answer's `Content-Type`, in the place of the one that was stored. */
  contentType?: string;
  /** The answer's `Content-Disposition`. */
  contentDisposition?: string;
}

/** A week: S3 refuses to sign for longer. */
export const MAX_PRESIGNED_SECONDS = 7 * 24 * 3600;

/**
 * A place that holds objects under names. The promises below hold for every implementation and every decorator, and
 * `tests/contract/object-store.ts` checks them on all.
 *
 * - Every failure is a StorageError; `refused` on it tells whether the request may still take effect.
 * - Names are exact: two different strings never mean the same object.
 * - Stores do not retry, wait, count or log: that is for the decorators in `core/store/resilience`.
 */
export interface ObjectStore {
  /**
   * Stores all bytes of `body` under `name`. When it resolves they are durable and a `get` answers them; what was
   * stored matches `body.size` and `body.md5` as far as the store can tell, and the answered facts say how far that is
   * (`md5` null: not proven; see `core/media/proof.ts`).
   * A store never shows half an object. The disk refuses to overwrite (NAME_TAKEN); S3 does so only where it is asked to, and not
   * everywhere, so callers use each name once.
   * @throws StorageError INTEGRITY when other bytes than announced were sent or stored; BODY_FAILED when `body` cannot
   *   be read; ABORTED when `signal` aborts.
   */
  put(name: string, body: Body, options?: PutOptions): Promise<ObjectFacts>;

  /** @throws StorageError OBJECT_NOT_FOUND when there is no such object. */
  head(name: string, options?: RequestOptions): Promise<ObjectFacts>;

  /**
   * Opens the object, or the range of it. Resolves when the store has answered and before the bytes are read.
   * An error while reading is emitted by `body` as a StorageError.
   * @throws StorageError OBJECT_NOT_FOUND when there is no such object.
   */
  get(name: string, options?: GetOptions): Promise<ObjectStream>;

  /** Removes the object; that there is none is success. */
  delete(name: string, options?: RequestOptions): Promise<void>;

  /**
   * Frees what writes of exactly this name, which never ended, left beside it: parts of an upload. A write under way
   * fails. No object is touched; that there is nothing to free, or never could be, is success.
   * @throws StorageError UNSUPPORTED or ACCESS_DENIED where the store does not say what there is.
   */
  abortWrites(name: string, options?: RequestOptions): Promise<void>;

  /**
   * One page of the objects whose names begin with `prefix`. Page by page each object comes once; an object that is written or removed
   * meanwhile may be missed.
   * @throws StorageError NOT_S3 or UNSUPPORTED for an answer that is no listing, or one that would never end: nothing is
   *   ever taken for absent because a page was broken
   */
  list(prefix: string, request: ListRequest): Promise<ObjectPage>;

  /**
   * A URL from which anybody may GET exactly this object, without further rights, until it expires; null where the store has no
   * such URLs. It is computed here: the store is not asked, so nobody learns whether there is such an object. Where the keys of the
   * store end sooner (those of a role), the URL ends with them.
   * @throws StorageError INVALID_KEY; REJECTED for an `expiresInSeconds` that the store cannot keep
   */
  presign(name: string, options: PresignOptions): Promise<string | null>;
}
