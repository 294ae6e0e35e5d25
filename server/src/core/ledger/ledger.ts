// Longer than other files: one port, whose promises stand with its methods.
import type { ErrorCode } from '../../contracts/errors';
import type { LocalName, ObjectKey, ObjectName, Ticket, VolumeId } from '../keys';
import type { AuditingLedger } from './auditing';
import type { ListFilter, Slice } from './listing';
import type { MigrationLedger } from './migration';
import type { Settling } from './settling';
import type { Placement, Origin, LedgerRow, LocalCopy, RemoteCopy } from './state';

export type LocationId = number;

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

/**
 * Rows that have bytes, and files that have none although the library lists them. All but `trash` and `failed` are without
 * buried rows; `local`, `both` and `remote` without lost ones.
 */
export interface Tallies {
  local: { count: number; bytes: number };
  both: { count: number; bytes: number };
  remote: { count: number; bytes: number };
  /** Rows that are buried and not yet purged, whatever their state. */
  trash: { count: number; bytes: number };
  /** An audit found the bytes nowhere. */
  lost: { count: number; bytes: number };
  /** The library lists it, and no bytes of it are known. */
  missing: { count: number; bytes: number };
  /** Rows whose last attempt to move failed, lost and missing ones included. */
  failed: { count: number; bytes: number };
  /** How many of the failed ones are where. */
  failedOf: { local: number; both: number; remote: number; missing: number };
  /** Files of the library, on any volume, still to be uploaded; given-up ones included. */
  pendingLibrary: { count: number; bytes: number };
  /** Fallback writes of any volume still to be uploaded. */
  pendingUploads: { count: number; bytes: number };
  /** Per volume, the unburied files whose only copy is on it (`local`). Volumes without any are left out. */
  onlyOn: readonly { volume: VolumeId; count: number; bytes: number }[];
}

/**
 * What bytes each key has and where they lie. Bytes never change; only the ledger moves.
 *
 * - Every method is one atomic step: it happens whole or not at all, and a rejected promise other than a StorageError
 *   leaves it open which (the answer of a COMMIT can be lost: read the row again, never undo).
 * - Inside a transaction of the host's, every method joins it and is undone with it.
 * - Times are the ledger's own (the database's clock), never the caller's.
 * - Keys and names compare byte by byte.
 */
export interface Ledger extends AuditingLedger, MigrationLedger, Settling {
  find(key: ObjectKey): Promise<LedgerRow | undefined>;

  /** Whether the ledger never held a row: the plugin has not touched this library yet. */
  isEmpty(): Promise<boolean>;

  /**
   * Records a name as pending, before its first byte is written, and draws the ticket. Inserts the key's row (`new`)
   * if there is none.
   * The plain name is given to the first PUT of a key only (`plainUsed` makes it once for ever) and only if `plainFree`;
   * the plain path on disk only to a key of which the ledger knows no bytes at all. Neither is given while it is
   * recorded as pending or condemned. `rev` stays: a job begins its write after it has read the row.
   */
  begin<R extends BeginObject | BeginFile>(request: R, options?: BeginOptions): Promise<IntentOf<R['kind']>>;

  /** Keeps pending intents from being condemned while their writer is at work. Unknown ids are ignored. */
  touch(intents: readonly Intent[]): Promise<void>;

  /**
   * Makes written names live: all of them or none, in one transaction. Per key: a row with a later ticket stays
   * (`superseded`, our name is condemned); else the row points to the new bytes, `rev` grows, a tombstone older than
   * the ticket is lifted (a younger one stays), and what the row pointed to before is condemned with the grace of
   * `supersededGraceMs`.
   * @param tombstones keys deleted in the same request (formats that a replace dropped): buried in the same transaction,
   *   purge due after `supersededGraceMs` unless expedited; keys without a row, and keys also written, are skipped.
   * @throws StorageError INTENT_LOST when one of the intents is no longer pending, or of another key; nothing has changed then.
   */
  publish(
    writes: readonly Publication[],
    options: CondemnOptions & { tombstones?: readonly ObjectKey[] },
  ): Promise<PublishOutcome[]>;

  /** Condemns names whose write came to nothing; due at once. Intents that are no longer pending are left alone. */
  abandon(intents: readonly Intent[]): Promise<void>;

  /**
   * Takes back a pending name under which surely nothing was written, because somebody else's file was there already:
   * it must not be condemned, for the sweeper would remove that file.
   */
  forget(intent: Intent): Promise<void>;

  /**
   * Puts the tombstone on a key (the row's state and bytes stay). A key without a row gets one, of the file that was `found` or of
   * none: what somebody takes up of it meanwhile is buried, too. The purge becomes due after `purgeAfterMs`.
   */
  bury(key: ObjectKey, options: { purgeAfterMs: number; found?: LocalCopy & { size: number } }): Promise<void>;

  /** Makes the purge of buried keys due now: the request that deleted them has ended. */
  expedite(keys: readonly ObjectKey[]): Promise<void>;

  /** Buried rows whose purge is due, oldest first. */
  duePurges(limit: number): Promise<LedgerRow[]>;

  /**
   * Ends a burial, provided the row is still at `rev`. Referenced: the tombstone is taken away. Else: the row becomes
   * `gone` and its names are condemned, due at once (objects only if `condemnObjects`).
   * @returns false when the row has moved on, or has no burial to end; nothing has changed then.
   */
  purge(row: LedgerRow, options: CondemnOptions & { referenced: boolean }): Promise<boolean>;

  /**
   * Records bytes found in the bucket under a key's plain name, for a key that has no bytes in the ledger and whose
   * plain name none of our own writes was given.
   * @returns whether they are the key's now: two adoptions of the same bytes are both true.
   */
  adopt(
    key: ObjectKey,
    remote: RemoteCopy,
    content: { size: number; md5: string; mime: string | null },
  ): Promise<boolean>;

  /**
   * The inventory: makes a `local` row of origin `library`, its checksum not yet known, for each key of which the ledger
   * knows no bytes yet (no row, or `new`), as `found` of {@link begin} does, and unless the path is recorded as one of
   * our own writes. Other keys are left alone. A page of hundreds is a few statements, and two for each `new` row.
   * @returns how many are new
   */
  record(files: readonly { key: ObjectKey; local: LocalCopy; size: number }[]): Promise<number>;

  /**
   * Rows without a tombstone that are due for this work, those never tried first, then oldest change first, and that
   * nobody else is answered for `forMs` or until they change. It only saves double work: a claim does not change `rev`,
   * and a commit rests on `rev` alone.
   * @param by who claims them, at most 128 characters
   */
  claim(request: Claim, forMs: number, by?: string): Promise<LedgerRow[]>;

  /** Makes claims last for `forMs` from now: those that have not ended, of rows that are still as this holder claimed them. */
  renewClaims(rows: readonly LedgerRow[], forMs: number, by: string): Promise<void>;

  /** Makes what a process had claimed when it died due at once: rows with a file on this volume, or in S3 only. @returns how many */
  releaseClaimsOf(holder: string, volume: VolumeId): Promise<number>;

  /** Gives claims back that were not made use of: due at once again, those that are still as they were claimed. */
  release(rows: readonly LedgerRow[]): Promise<void>;

  /**
   * After an upload was proven: `local` becomes `both`, provided the row is still at `rev`, the intent is pending, and
   * the md5 is the ledger's (a library file that has none gets this one). A tombstone stays, and its purge condemns both.
   * @returns false when not; the intent's name is condemned then.
   * @throws StorageError INTERNAL for an intent of another key; nothing has changed then.
   */
  commitUpload(
    row: LedgerRow,
    intent: IntentOf<'object'>,
    proven: { etag: string | null; md5: string },
  ): Promise<boolean>;

  /**
   * After the object was proven, and the file compared with it or found gone: `both` becomes `remote`, and the local name is condemned
   * with this grace, provided the row is still at `rev` and has no tombstone.
   * @returns false when not; nothing has changed then.
   */
  commitCleanup(row: LedgerRow, options: { graceMs: number }): Promise<boolean>;

  /**
   * After the bytes were written to the disk and compared: `remote` becomes `both`, provided the row is still at `rev`,
   * has no tombstone, and the intent is pending. A row that is `both`, whose copy is not proven or on another disk, has this
   * copy from then on. The former one is forgotten, not condemned: what lies there may be somebody else’s by now.
   * @returns false when not; the intent's name is condemned then.
   * @throws StorageError INTERNAL for an intent of another key; nothing has changed then.
   */
  commitRestore(row: LedgerRow, intent: IntentOf<'file'>): Promise<boolean>;

  /**
   * Notes a failed attempt on a row still at `rev`, and when the next is due; null: never by itself, only after a `retry`, or
   * for another kind of work. Does not change `rev`.
   */
  recordFailure(row: LedgerRow, code: ErrorCode, retryAfterMs: number | null): Promise<void>;

  /** Condemns names that have been pending for longer than the policy allows. @returns how many */
  condemnAbandoned(): Promise<number>;

  /** Condemned names whose grace is over: objects of the location, or files of the volume. */
  dueNames(
    where: { kind: 'object'; locationId: LocationId } | { kind: 'file'; volume: VolumeId },
    limit: number,
  ): Promise<DueName[]>;

  /**
   * The bytes under the name were removed. A file whose write had ended is forgotten then: nothing lands late on a disk. Any
   * other name after the second time. No effect before it is due.
   */
  swept(id: number): Promise<void>;

  /** The bytes under a due name could not be removed: it is due again after so long, and holds up no other meanwhile. */
  postpone(id: number, retryAfterMs: number): Promise<void>;

  /** Costs the same for any number of rows, as long as {@link foldTallies} is called now and then. */
  tallies(): Promise<Tallies>;

  /** Sums up what the changes since the last time added to the tallies; a bounded part of it, oldest first. */
  foldTallies(): Promise<void>;

  /**
   * Sets the tallies right by counting every row: for changes made by a version of this plugin that kept no tallies.
   * Reads the whole table. Not to be called inside a transaction of the host's.
   * @returns false when it came to nothing, because of changes meanwhile where a count cannot be of one moment: try later
   */
  recount(): Promise<boolean>;

  /** A slice of the rows that pass the filter, in an order in which no row ever changes its place. */
  list(filter: ListFilter, slice: Slice): Promise<LedgerRow[]>;

  /** How many rows pass the filter. May go through the whole ledger: {@link tallies} are cheaper where they know. */
  count(filter: ListFilter): Promise<number>;

  /**
   * Per place in S3, the unburied files whose only copy is in it (`remote`), lost ones left out; places without any are left out.
   * Reads the whole table.
   */
  onlyAt(): Promise<readonly { location: LocationId; count: number; bytes: number }[]>;

  /**
   * The id of a place in S3, the same for the same triple for ever. Not to be remembered when it was first asked for
   * inside a transaction of the host's: a rollback takes it back.
   */
  locationId(location: Location): Promise<LocationId>;
  locations(): Promise<readonly (Location & { id: LocationId })[]>;
}

/** A bucket somewhere. Rows keep the one they were written to, whatever the settings say later. */
export interface Location {
  /** Empty string: Amazon S3. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
}

export type { LedgerRow, Placement };
