import type { Readable } from 'node:stream';

/** Bytes that can be read from the start as often as an attempt needs them. */
export interface Body {
  readonly size: number;
  /** MD5 of the bytes, lower-case hex: known before they are sent, so that every store can prove what it stored. */
  readonly md5: string;
  /** A fresh stream of all bytes. The caller destroys it. */
  open(): Readable;
}

export interface PutOptions {
  contentType?: string;
  cacheControl?: string;
  /**
   * Refuse the PUT (NAME_TAKEN) where something lies under the name. Some S3 servers ignore that, see `core/store/overwriting.ts`;
   * for bodies that are sent in one request only.
   */
  onlyIfAbsent?: boolean;
  signal?: AbortSignal;
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
}

/** Inclusive byte positions, both inside the object. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface GetOptions {
  range?: ByteRange;
  signal?: AbortSignal;
}

export interface ObjectStream {
  /** Of the whole object, also when a range was asked for. */
  readonly facts: ObjectFacts;
  /** The bytes asked for. The caller reads to the end or destroys it: an abandoned body holds its connection. */
  readonly body: Readable;
}

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
  head(name: string, options?: { signal?: AbortSignal }): Promise<ObjectFacts>;

  /**
   * Opens the object, or the range of it. Resolves when the store has answered and before the bytes are read.
   * An error while reading is emitted by `body` as a StorageError.
   * @throws StorageError OBJECT_NOT_FOUND when there is no such object.
   */
  get(name: string, options?: GetOptions): Promise<ObjectStream>;

  /** Removes the object; that there is none is success. */
  delete(name: string, options?: { signal?: AbortSignal }): Promise<void>;

  /**
   * Frees what writes of exactly this name, which never ended, left beside it: parts of an upload. A write under way
   * fails. No object is touched; that there is nothing to free, or never could be, is success.
   * @throws StorageError UNSUPPORTED or ACCESS_DENIED where the store does not say what there is.
   */
  abortWrites(name: string, options?: { signal?: AbortSignal }): Promise<void>;
}
