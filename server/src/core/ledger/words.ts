/** The words that rows, steps and ports of the ledger are told in. This file imports no other file of the ledger. */
import type { LocalName, ObjectKey, ObjectName, Ticket, VolumeId } from '../keys';

export type LocationId = number;

/** A bucket somewhere. Rows keep the one they were written to, whatever the settings say later. */
export interface Location {
  /** Empty string: Amazon S3. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
}

/** A name together with the place it lies in. */
export type PlacedName =
  | { readonly kind: 'object'; readonly name: ObjectName; readonly locationId: LocationId }
  | { readonly kind: 'file'; readonly name: LocalName; readonly volume: VolumeId };

/** A name about to be written. Pending until it is published or abandoned; its id is where a ticket comes from. */
export type Intent = {
  readonly id: number;
  readonly key: ObjectKey;
  /** When the write began, in the order of all writes and deletes; the same for all attempts of one write. */
  readonly ticket: Ticket;
} & PlacedName;

export type IntentOf<K extends Intent['kind']> = Extract<Intent, { kind: K }>;

/**
 * Where a file that lies on disk came from. `library`: there before the plugin; `upload`: put in S3 by an upload;
 * `fallback`: written to disk because S3 was away, uploaded as soon as it is back; `read-only`: written by an instance
 * that may not change the bucket, never uploaded by itself.
 */
export type Origin = 'library' | 'upload' | 'fallback' | 'read-only';

export interface LocalCopy {
  readonly volume: VolumeId;
  readonly localName: LocalName;
}

export interface RemoteCopy {
  readonly locationId: LocationId;
  readonly object: ObjectName;
  /** The ETag that S3 answered when the bytes were proven; null where it gives none. */
  readonly etag: string | null;
}

export interface Content {
  readonly size: number;
  /** Null only for a library file that has not been read yet. */
  readonly md5: string | null;
  readonly mime: string | null;
}

export interface BeginObject {
  kind: 'object';
  key: ObjectKey;
  locationId: LocationId;
  prefix: string;
  /** The caller saw that the bucket has nothing under the plain name. Without it an own name is drawn. */
  plainFree: boolean;
  /** What is about to be written: tells the sweeper this object from one that somebody else put under the plain name. */
  content?: KnownBytes;
}

export interface BeginFile {
  kind: 'file';
  key: ObjectKey;
  volume: VolumeId;
  /** The caller saw that the disk has nothing at the plain path. Without it an own name is drawn. */
  plainFree: boolean;
  /** What is about to be written: tells the sweeper this file from one that somebody else put at the plain path. */
  content?: KnownBytes;
}

export interface BeginOptions {
  /** Ticket of the write this is a further attempt of, or of the request it belongs to. */
  ticket?: Ticket;
  /**
   * A file that lies at the key's plain path on this volume. If the ledger knows no bytes of the key yet (no row, or
   * `new`), the row becomes that file (`local`, origin `library`), so that a later publish condemns it instead of
   * forgetting it; unless the path is recorded as one of our own writes.
   */
  found?: LocalCopy & { size: number };
}

/** A write whose bytes are durable under the intent's name. */
export type Publication =
  | { intent: IntentOf<'object'>; size: number; md5: string; etag: string | null; mime: string | null }
  | { intent: IntentOf<'file'>; size: number; md5: string; mime: string | null; origin: Origin };

/** `superseded`: a write with a later ticket is already there; ours is condemned, and was successful all the same. */
export type PublishOutcome = 'published' | 'superseded';

export interface CondemnOptions {
  /**
   * Whether objects that nothing points to any more may be condemned, that is, deleted from the bucket later.
   * False wherever this instance may not change the bucket: there they are forgotten, not condemned.
   */
  condemnObjects: boolean;
}

/**
 * What there is to be done for rows: `upload`, local files of one volume and origin; `cleanup`, files of one volume that
 * are in S3 too; `restore`, files that are in S3 only.
 */
export type Work =
  | { readonly work: 'upload'; readonly volume: VolumeId; readonly origin: Origin }
  | { readonly work: 'cleanup'; readonly volume: VolumeId }
  | { readonly work: 'restore' };

export type Claim = Work & { readonly limit: number };

/** What the ledger knows of bytes under a name; `md5` is null for a library file that was never read. */
export interface KnownBytes {
  readonly size: number;
  readonly md5: string | null;
}

/** A name that only the sweeper may remove now. */
export type DueName = {
  readonly id: number;
  readonly key: ObjectKey;
  /** It was condemned while pending: parts of its write may be left beside it. */
  readonly unfinished: boolean;
  /** What lay under it; null where that was never known. */
  readonly content: KnownBytes | null;
  /** Milliseconds since the epoch of the ledger's clock. */
  readonly condemnedAt: number;
  /** How long ago that was by the same clock, in milliseconds. */
  readonly condemnedMs: number;
} & PlacedName;

export type DueFile = Extract<DueName, { kind: 'file' }>;

/** Grace periods, in milliseconds of the database's clock. */
export interface LedgerPolicy {
  /** How long bytes that a replace superseded stay: database backups and URLs in caches remain valid that long. */
  supersededGraceMs: number;
  /** A pending name untouched for so long is condemned; its writer, should it still live, fails with INTENT_LOST. */
  abandonedAfterMs: number;
  /** Distance of the second removal of a name: a PUT that its client gave up may land after the first. */
  secondSweepMs: number;
}

export const DEFAULT_POLICY: LedgerPolicy = {
  supersededGraceMs: 24 * 3600_000,
  abandonedAfterMs: 24 * 3600_000,
  secondSweepMs: 24 * 3600_000,
};

/** What answers of an endpoint prove uploads: that of the PUT, a HEAD, or nothing but the bytes, read back. */
export type Proof = 'etag' | 'checksum' | 'bytes';
