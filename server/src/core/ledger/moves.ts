import type { ErrorCode } from '../../contracts/errors';
import type { ObjectKey, VolumeId } from '../keys';
import type { LedgerRow, RowIn } from './state';
import type { BeginObject, Claim, IntentOf, LocalCopy, PlacedName, RemoteCopy } from './words';

/** An upload that is about to begin. */
export interface UploadToBegin extends Pick<BeginObject, 'locationId' | 'prefix' | 'plainFree' | 'content'> {
  /** The row as it was read. */
  readonly row: LedgerRow;
}

/** An upload whose bytes were proven. */
export interface ProvenUpload {
  readonly row: LedgerRow;
  readonly intent: IntentOf<'object'>;
  readonly etag: string | null;
  readonly md5: string;
}

/** A restore that is about to begin. */
export interface RestoreToBegin {
  /** The row as it was read; it has bytes in S3. */
  readonly row: RowIn<'remote' | 'both'>;
  readonly volume: VolumeId;
}

/** A restore whose bytes are on the disk. */
export interface WrittenRestore {
  readonly row: LedgerRow;
  readonly intent: IntentOf<'file'>;
}

/**
 * The part of the ledger for jobs that copy or move bytes. They claim rows, and commit their work against the revision they read.
 * The promises of `Ledger` hold for every method.
 *
 * Leaving: the files that the plugin wrote under own names on a disk get their plain paths, where Strapi finds them without the
 * plugin. The new name is recorded as `settling` before the file has it. This status is like `pending`, but only settling can make
 * the name live. If a process crashes in between, the next one continues with the same record, because both would give the path
 * the same bytes.
 */
export interface LedgerMoves {
  /**
   * Claims rows without a tombstone that are due for this work: rows that were never tried come first, then the oldest change.
   * Nobody else can claim them for `forMs` milliseconds, or until they change. A claim only saves double work: it does not change
   * `rev`, and a commit depends on `rev` alone.
   * @param by name of the holder, at most 128 characters
   */
  claim(request: Claim, forMs: number, by?: string): Promise<LedgerRow[]>;

  /** Makes claims last for `forMs` milliseconds from now, if they have not ended and the rows are still as this holder claimed them. */
  renewClaims(rows: readonly LedgerRow[], forMs: number, by: string): Promise<void>;

  /** Gives unused claims back. The rows that are still as they were claimed are due again at once. */
  release(rows: readonly LedgerRow[]): Promise<void>;

  /**
   * Notes a failed attempt on a row that is still at `rev`, and does not change `rev`.
   * @param retryAfterMs delay before the next attempt, in milliseconds; null when only a `retry`, or another kind of work, may try
   *   the row again
   */
  recordFailure(row: LedgerRow, code: ErrorCode, retryAfterMs: number | null): Promise<void>;

  /**
   * Records the files that the inventory found. Each key without known bytes (no row, or `new`) gets a `local` row of origin
   * `library`, without a checksum, as `found` of {@link LedgerWrites.begin} does. It leaves out other keys, and paths that are
   * recorded as one of the plugin's own writes. Hundreds of keys take a few statements, and two more for each `new` row.
   * @returns how many rows were recorded
   */
  record(files: readonly { key: ObjectKey; local: LocalCopy; size: number }[]): Promise<number>;

  /**
   * Notes that the library's files of these keys were found nowhere. Each key without known bytes (no row, or `new`) that is not
   * buried keeps the code as its last error, until bytes are recorded, adopted or published.
   * @returns how many keys have the error now
   */
  recordMissing(keys: readonly ObjectKey[], code: ErrorCode): Promise<number>;

  /**
   * Does {@link LedgerWrites.begin} for each of these rows, in one step of few statements.
   * @returns the intents, in the same order; undefined for a row that is no longer at `rev`, whose upload could not be committed
   */
  beginUploads(uploads: readonly UploadToBegin[]): Promise<(IntentOf<'object'> | undefined)[]>;

  /**
   * Commits proven uploads: each `local` row becomes `both`, provided it is still at `rev`, the intent is pending, and the md5 is the
   * ledger's (a library file without one gets this one). A tombstone stays, and its purge condemns both names. All happens in one
   * step of few statements, and a refused upload does not hold up the others.
   * @returns false for each upload that is refused; its intent's name is condemned then.
   * @throws StorageError INTERNAL for an intent of another key; nothing has changed then.
   */
  commitUploads(uploads: readonly ProvenUpload[]): Promise<boolean[]>;

  /**
   * Adopts an object that was proven to have the file's bytes under the plain name: `local` becomes `both` and the plain name is
   * spent. The row must still be at `rev`, the md5 must be the ledger's (a library file without one gets this one), and no write of
   * the plugin may ever have had the plain name: such a write may have put the object there, and may still overwrite it.
   * @returns false when not; nothing has changed then.
   */
  commitAdoption(row: LedgerRow, remote: RemoteCopy, md5: string): Promise<boolean>;

  /**
   * Commits cleanups, after each object was proven, and its file was compared with it or found gone. `both` becomes `remote`, and the
   * local name is condemned with a grace of `graceMs` milliseconds, provided the row is still at `rev` and has no tombstone. All happens in
   * one step, and a row that is refused does not hold up the others.
   * @returns false for each row that is refused; nothing of it has changed then.
   */
  commitCleanups(rows: readonly LedgerRow[], options: { graceMs: number }): Promise<boolean[]>;

  /**
   * Does {@link LedgerWrites.begin} for a copy of each of these rows on a disk, under a name of its own, in one step of few statements.
   * @returns the intents, in the same order; undefined for a row that is no longer at `rev`, whose restore could not be committed
   */
  beginRestores(restores: readonly RestoreToBegin[]): Promise<(IntentOf<'file'> | undefined)[]>;

  /**
   * Commits restores, after the bytes of each were written to the disk and compared. `remote` becomes `both`, provided the row is still at
   * `rev`, has no tombstone, and the intent is pending. A `both` row, whose copy is wrong or on another disk, gets this copy
   * instead. The former copy is forgotten and not condemned, because the file there may be somebody else's by now. All happens in one
   * step, and a restore that is refused does not hold up the others.
   * @returns false for each restore that is refused; its intent's name is condemned then.
   * @throws StorageError INTERNAL for an intent of another key; nothing has changed then.
   */
  commitRestores(restores: readonly WrittenRestore[]): Promise<boolean[]>;

  /**
   * Commits a relocation, after the row's bytes were proven in another object. A `both` or `remote` row points to that object, provided it is
   * still at `rev`, has no tombstone, and the intent is pending. The former object is condemned with the grace of `supersededGraceMs`; with
   * `forgetFormer` it is forgotten, because it is not the one that was stored.
   * @returns false when not; the intent's name is condemned then.
   * @throws StorageError INTERNAL for an intent of another key; nothing has changed then.
   */
  commitRelocation(row: LedgerRow, intent: IntentOf<'object'>, proven: { etag: string | null; forgetFormer: boolean }): Promise<boolean>;

  /**
   * Returns rows without a tombstone whose file lies under an own name on this volume. They come in an order that never changes, and
   * begin after the row of `after` (null for the first page). A row whose last attempt failed is left out until it is due.
   */
  dueToSettle(volume: VolumeId, after: ObjectKey | null, limit: number): Promise<LedgerRow[]>;

  /**
   * Records the plain path of such a row as settling, provided the row is still at `rev`. Returns undefined when it is not, or when
   * the path is recorded already. A settling name with the same bytes is used again; one with other bytes is condemned.
   */
  beginSettle(row: LedgerRow): Promise<IntentOf<'file'> | undefined>;

  /**
   * Points the row to its plain path, after the file has that name as well. The row must still be at `rev` and have no tombstone, and
   * the name must be settling. The own name is condemned with the grace of `supersededGraceMs`.
   * @returns false when not; a name that is still settling is condemned then.
   * @throws StorageError INTERNAL for an intent of another key; nothing has changed then.
   */
  commitSettle(row: LedgerRow, intent: IntentOf<'file'>): Promise<boolean>;

  /** Forgets a settling name that the file certainly did not get, because somebody else's file has it. */
  forgetSettle(intent: IntentOf<'file'>): Promise<void>;

  /**
   * Makes a condemned name due before its grace is over, because it is needed again: `restMs` milliseconds after it was condemned.
   * @returns whether the name is condemned, so that the sweeper will free it
   */
  expediteName(name: PlacedName, restMs: number): Promise<boolean>;
}
