import type { Readable } from 'node:stream';

/** Size of the parts whose MD5s a large body may know beforehand, in bytes. */
export const PART_BYTES = 8 * 1024 * 1024;

/** Bytes that can be read from the start as often as an attempt needs them. */
export interface Body {
  readonly size: number;
  /** MD5 of the bytes, in lower-case hex. It is known before the bytes are sent, so that every store can prove what it stored. */
  readonly md5: string;
  /** MD5s of the parts of {@link PART_BYTES} bytes, in order and in lower-case hex, where whoever computed {@link md5} has computed them as well. */
  readonly partMd5s?: readonly string[];
  /** Returns a fresh stream of all bytes. The caller destroys it. */
  open(): Readable;
}

/** The options of every request. */
export interface RequestOptions {
  /** It ends the request as soon as it aborts: the store releases connections, files and the body, and throws ABORTED. */
  signal?: AbortSignal;
  /**
   * Longest time without progress, in milliseconds. When for this time no connection is made, no byte is taken and no answer begins,
   * the store throws TIMEOUT. A body that moves may take longer. The option can only shorten the store's own timeout. A store that
   * never waits for anybody ignores it.
   */
  patienceMs?: number;
}

/** Size up to which a store sends a body in one request, in bytes. A larger one may go in parts, and then without a condition. */
export const ONE_REQUEST_BYTES = 64 * 1024 * 1024;

export interface PutOptions extends RequestOptions {
  contentType?: string;
  cacheControl?: string;
  /**
   * The store refuses the PUT (NAME_TAKEN) where something lies under the name. Some S3 servers ignore this condition, see
   * `core/store/overwriting.ts`. It works only for a body that is sent in one request.
   */
  onlyIfAbsent?: boolean;
  /**
   * The store refuses the PUT (NAME_TAKEN) unless the object under the name has this tag. Some servers ignore this
   * condition, and some refuse every PUT with it (Ceph 16, DigitalOcean): see `core/buckets/owner/marker.ts`. It works only for a body that is
   * sent in one request.
   */
  onlyIfEtag?: string;
  /**
   * An object with the bytes of `body`. The store may copy it by itself instead of opening the body. Stores that cannot, or may not read
   * it, open the body.
   */
  copyOf?: CopySource;
}

/** An object in a bucket of the same endpoint. */
export interface CopySource {
  readonly bucket: string;
  readonly name: string;
  /** The tag of the object, without quotes. The store copies no object with another tag. */
  readonly etag: string;
}

export interface ObjectFacts {
  readonly size: number;
  /** The store's own tag of these bytes, without quotes; null where it has none. Equal tags mean equal bytes. */
  readonly etag: string | null;
  /** MD5 of the whole object (hex), where the store's tag or checksum is one; else null. */
  readonly md5: string | null;
  /**
   * True where the object lies in an archive. It cannot be read, or only from a restored copy that the store removes again. A `put`
   * never sets it, and a listing may not know it.
   */
  readonly archived?: boolean;
  /** True where the answer to a `head` lacked the size, so that the store had to open the object to learn it. */
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
  /** The facts of the whole object, even when the caller requested a range. */
  readonly facts: ObjectFacts;
  /** The requested bytes. The caller reads them to the end or destroys the stream, because an abandoned body holds its connection. */
  readonly body: Readable;
}

export interface ListedObject {
  readonly name: string;
  readonly size: number;
  /** The same tag as {@link ObjectFacts.etag}; null where the listing has none. */
  readonly etag: string | null;
  /** True where the storage class is an archive, or may be one. Only `head` tells whether it is, see {@link ObjectFacts.archived}. */
  readonly mayBeArchived?: boolean;
}

export interface ObjectPage {
  readonly objects: readonly ListedObject[];
  /** The token with which to request the next page; null on the last page. */
  readonly next: string | null;
}

export interface ListRequest extends RequestOptions {
  /** `next` of the page before. Without it, the store returns the first page. */
  after?: string;
  /** Largest number of objects on the page, up to 1,000. A page may have fewer objects, or none, without being the last. */
  limit: number;
}

export interface PresignOptions extends RequestOptions {
  /** Time from now on for which the URL is valid, in seconds: a whole number from 1 to {@link MAX_PRESIGNED_SECONDS}. */
  expiresInSeconds: number;
  /**
   * Length of the periods within which the URL of an object stays the same, in seconds, so that browsers know it again. It is shorter
   * than the validity, which counts from the beginning of the period. Default: each URL is a new one.
   */
  steadyForSeconds?: number;
  /** The `Content-Type` of the answer. It replaces the stored one. */
  contentType?: string;
  /** The `Content-Disposition` of the answer. */
  contentDisposition?: string;
}

/** Longest validity of a presigned URL, in seconds: a week. S3 refuses URLs that are signed for longer. */
export const MAX_PRESIGNED_SECONDS = 7 * 24 * 3600;

/**
 * A place that holds objects under names. The promises below hold for every implementation and every decorator, and
 * `tests/contract/object-store.ts` checks them on all of these.
 *
 * - Every failure is a StorageError. Its `refused` tells whether the request may still take effect.
 * - Names are exact: two different strings never mean the same object.
 * - Stores do not retry, wait, count or log. The decorators in `core/store/resilience` do that.
 */
export interface ObjectStore {
  /**
   * Stores all bytes of `body` under `name`. When it resolves, they are durable and a `get` returns them. The stored bytes match
   * `body.size` and `body.md5` as far as the store can tell, and the returned facts say how far that is: where `md5` is null nothing
   * is proven (see `core/buckets/proof.ts`).
   * A store never shows half an object. The disk always refuses to overwrite (NAME_TAKEN). S3 does so only on request, and some
   * servers not even then, so callers use each name once.
   * @throws StorageError INTEGRITY when other bytes than announced were sent or stored; BODY_FAILED when `body` cannot
   *   be read; ABORTED when `signal` aborts.
   */
  put(name: string, body: Body, options?: PutOptions): Promise<ObjectFacts>;

  /** @throws StorageError OBJECT_NOT_FOUND when there is no such object. */
  head(name: string, options?: RequestOptions): Promise<ObjectFacts>;

  /**
   * Opens the object, or a range of it. It resolves when the store has answered, before any bytes are read. `body` emits an error
   * during the reading as a StorageError.
   * @throws StorageError OBJECT_NOT_FOUND when there is no such object.
   */
  get(name: string, options?: GetOptions): Promise<ObjectStream>;

  /** Removes the object. It also succeeds when there is none. */
  delete(name: string, options?: RequestOptions): Promise<void>;

  /**
   * Frees the parts that unfinished writes of exactly this name have left in the store. A write that is under way fails. It touches no
   * object. It also succeeds when there is nothing to free, and in a store that never keeps parts.
   * @throws StorageError UNSUPPORTED or ACCESS_DENIED where the store does not list its unfinished writes.
   */
  abortWrites(name: string, options?: RequestOptions): Promise<void>;

  /**
   * Returns one page of the objects whose names begin with `prefix`. Over all pages each object comes once; an object that somebody
   * writes or removes meanwhile may be missing.
   * @throws StorageError NOT_S3 or UNSUPPORTED for an answer that is no listing, or for a listing that would never end, so that a
   *   broken page never makes an object seem absent
   */
  list(prefix: string, request: ListRequest): Promise<ObjectPage>;

  /**
   * Returns a URL from which anybody may GET exactly this object, without further rights, until the URL expires; null where the store
   * has no such URLs. The URL is computed in this process without a request, so it does not show whether the object exists. Where the
   * credentials expire earlier (those of a role), the URL expires with them.
   * @throws StorageError INVALID_KEY; REJECTED for an `expiresInSeconds` that the store cannot keep
   */
  presign(name: string, options: PresignOptions): Promise<string | null>;
}
