/** The types that the rows, the steps and the ports of the ledger share. This file imports no other file of the ledger. */
import type { LocalName, ObjectKey, ObjectName, Ticket, VolumeId } from '../keys';

export type LocationId = number;

/** An endpoint, a region and a bucket. A row keeps the location to which its object was written, whatever the settings say later. */
export interface Location {
  /** Empty for Amazon S3. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
}

/** A name together with the place it lies in. */
export type PlacedName =
  | { readonly kind: 'object'; readonly name: ObjectName; readonly locationId: LocationId }
  | { readonly kind: 'file'; readonly name: LocalName; readonly volume: VolumeId };

/** A name that is about to be written. It is pending until it is published, abandoned or forgotten. The ticket comes from its id. */
export type Intent = {
  readonly id: number;
  readonly key: ObjectKey;
  /** The rank of the write among all writes and deletes, by when they began. All attempts of one write have the same ticket. */
  readonly ticket: Ticket;
} & PlacedName;

export type IntentOf<K extends Intent['kind']> = Extract<Intent, { kind: K }>;

/**
 * Where a file on a disk came from. `library`: it was there before the plugin. `upload`: an upload put it in S3. `fallback`: it was
 * written to the disk because S3 was away, and is uploaded as soon as S3 is back. `read-only`: an instance that may not change the
 * bucket wrote it, and it is never uploaded by itself.
 */
export type Origin = 'library' | 'upload' | 'fallback' | 'read-only';

export interface LocalCopy {
  readonly volume: VolumeId;
  readonly localName: LocalName;
}

export interface RemoteCopy {
  readonly locationId: LocationId;
  readonly object: ObjectName;
  /** The ETag that S3 gave when the bytes were proven; null when it gave none. */
  readonly etag: string | null;
}

/** Where new objects are written: a location, and the prefix of their names. */
export interface Place {
  readonly locationId: LocationId;
  readonly prefix: string;
}

export interface Content {
  /** Size in bytes. */
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
  /** Whether the caller saw that the bucket has nothing under the plain name. Otherwise the write gets an own name. */
  plainFree: boolean;
  /** The bytes that are about to be written. The sweeper tells by them this object from another one under the plain name. */
  content?: KnownBytes;
}

export interface BeginFile {
  kind: 'file';
  key: ObjectKey;
  volume: VolumeId;
  /** Whether the caller saw that the disk has nothing at the plain path. Otherwise the write gets an own name. */
  plainFree: boolean;
  /** The bytes that are about to be written. The sweeper tells by them this file from another one at the plain path. */
  content?: KnownBytes;
}

export interface BeginOptions {
  /** The ticket of the write's earlier attempt, or of the request that the write belongs to. */
  ticket?: Ticket;
  /**
   * A file that lies at the key's plain path on this volume. If the ledger knows no bytes of the key yet (no row, or `new`), the row
   * becomes that file (`local`, origin `library`), so that a later publish condemns it instead of forgetting it. That does not
   * happen if the path is recorded as one of the plugin's own writes.
   */
  found?: LocalCopy & { size: number };
  /** Whether the key had a row when the caller looked, which saves another look. Rows are never deleted, and another process may have added one. */
  known?: boolean;
}

/** A write whose bytes are stored safely under the intent's name. */
export type Publication =
  | { intent: IntentOf<'object'>; size: number; md5: string; etag: string | null; mime: string | null }
  | { intent: IntentOf<'file'>; size: number; md5: string; mime: string | null; origin: Origin };

/** `superseded`: a write with a later ticket was published before. This write's name is condemned, and the write counts as successful. */
export type PublishOutcome = 'published' | 'superseded';

export interface CondemnOptions {
  /**
   * Whether objects that nothing points to any more may be condemned, so that the sweeper deletes them from the bucket later. It is
   * false when this instance may not change the bucket; then such objects are forgotten and not condemned.
   */
  condemnObjects: boolean;
}

/**
 * A kind of work on rows. `upload`: the local files of one volume and origin. `cleanup`: the files of one volume that are in S3 too.
 * `restore`: the files that are in S3 only.
 */
export type Work =
  | { readonly work: 'upload'; readonly volume: VolumeId; readonly origin: Origin }
  | { readonly work: 'cleanup'; readonly volume: VolumeId }
  | { readonly work: 'restore' };

export type Claim = Work & { readonly limit: number };

/** The size, in bytes, and the checksum of the bytes under a name; `md5` is null for a library file that was never read. */
export interface KnownBytes {
  readonly size: number;
  readonly md5: string | null;
}

/** A name that only the sweeper may remove now. */
export type DueName = {
  readonly id: number;
  readonly key: ObjectKey;
  /** Whether it was condemned before its write ended. Parts of the write may be left beside it then. */
  readonly unfinished: boolean;
  /** The bytes under the name; null when they were never known. */
  readonly content: KnownBytes | null;
  /** When it was condemned, in milliseconds since the epoch, by the ledger's clock. */
  readonly condemnedAt: number;
  /** Time since then by the same clock, in milliseconds. */
  readonly condemnedMs: number;
} & PlacedName;

export type DueFile = Extract<DueName, { kind: 'file' }>;
export type DueObject = Extract<DueName, { kind: 'object' }>;

/** Grace periods, in milliseconds of the database's clock. */
export interface LedgerPolicy {
  /** How long replaced bytes stay. Database backups and URLs in caches remain valid for this time. */
  supersededGraceMs: number;
  /** Time without a touch after which a pending name is condemned. A writer that still lives then fails with INTENT_LOST. */
  abandonedAfterMs: number;
  /** Delay between the two removals of a name. A PUT that its client gave up may land after the first removal. */
  secondSweepMs: number;
}

export const DEFAULT_POLICY: LedgerPolicy = {
  supersededGraceMs: 24 * 3600_000,
  abandonedAfterMs: 24 * 3600_000,
  secondSweepMs: 24 * 3600_000,
};

/** The answer of an endpoint that proves uploads: the ETag of the PUT, the checksum of a HEAD, or only the bytes read back. */
export type Proof = 'etag' | 'checksum' | 'bytes';
