import type { ObjectKey, VolumeId } from '../keys';
import type { LedgerRow } from './state';
import type { ForeignFile, TakeUpOptions } from './absence-steps';
import type { CondemnOptions, DueName, IntentOf, LocationId, PlacedName } from './words';

export interface AgedRow {
  readonly row: LedgerRow;
  /** Time since the row changed, in milliseconds. */
  readonly unchangedMs: number;
}

/**
 * The part of the ledger that keeps it and its places in order. It serves the sweeper and the purge, gives claims back, makes failed
 * rows due again, and keeps the tallies. The promises of `Ledger` hold for every method.
 */
export interface LedgerUpkeep {
  /** Makes the rows due at once that a process had claimed when it died, if their file is on this volume or in S3 only. @returns how many */
  releaseClaimsOf(holder: string, volume: VolumeId): Promise<number>;

  /** Condemns names that have been pending for longer than the policy allows. @returns how many */
  condemnAbandoned(): Promise<number>;

  /** Returns condemned names whose grace is over: objects of the location, or files of the volume. */
  dueNames(
    where: { kind: 'object'; locationId: LocationId } | { kind: 'file'; volume: VolumeId },
    limit: number,
  ): Promise<DueName[]>;

  /** Whether the sweeper may still remove the bytes that it found under this due name. See `removeKnown`. */
  stillDue(id: number): Promise<boolean>;

  /**
   * Notes that the bytes under these names were removed. The name of a file whose write had ended is forgotten, because nothing lands
   * late on a disk. Any other name is forgotten after the second removal. There is no effect on a name that is not due yet.
   */
  swept(ids: readonly number[]): Promise<void>;

  /** Makes a name, whose bytes could not be removed, due again after `retryAfterMs` milliseconds. It does not hold up other names. */
  postpone(id: number, retryAfterMs: number): Promise<void>;

  /** Returns buried rows whose purge is due, oldest first. */
  duePurges(limit: number): Promise<LedgerRow[]>;

  /**
   * Purges a buried row, provided it is still at `rev`. If it is `referenced`, the purge takes the tombstone away. Otherwise the row
   * becomes `gone` and its names are condemned, due at once (objects only if `condemnObjects`).
   * @returns false when the row has changed, or has no tombstone that waits for its purge; nothing has changed then.
   */
  purge(row: LedgerRow, options: CondemnOptions & { referenced: boolean }): Promise<boolean>;

  /**
   * Makes the row `local` with the intent's name. The caller has found that the object and the row's own copy are missing or are not
   * what was stored, and has written the row's bytes under the intent's name. A row that was in S3 gets the origin `library`, so
   * that it is uploaded under a new name. The row must be unchanged and the intent pending. The names that the row pointed to
   * are forgotten, as in {@link LedgerReports.demote}. The ticket stays, because the bytes are the same.
   * @returns false when not; the intent's name is condemned then.
   * @throws StorageError INTERNAL for an intent of another key; nothing has changed then.
   */
  commitRescue(row: LedgerRow, intent: IntentOf<'file'>): Promise<boolean>;

  /**
   * Condemns a file in the plugin's own folder that belongs to no row. Names are unique, so a write that still wanted it fails.
   * @returns false when the name is recorded already; nothing has changed then
   */
  condemnStray(file: Extract<PlacedName, { kind: 'file' }>): Promise<boolean>;

  /**
   * Forgets the failures of these keys, also of those that were given up, and makes them due at once. `rev` stays, because a job may
   * be working on the row. If one of them was missing, every inventory begins anew. It works in steps of some hundred rows.
   * @returns how many rows had failed
   */
  retry(keys: readonly ObjectKey[] | 'all'): Promise<number>;

  /** Takes the tombstones of these keys away, unless they were purged already, in steps of some hundred rows. @returns how many */
  unbury(keys: readonly ObjectKey[] | 'all'): Promise<number>;

  /** Makes every file that this database kept on a disk as a copy a fallback file, in steps of some hundred rows. @returns how many */
  sendKept(): Promise<number>;

  /** Returns the rows of these keys, in no order, without keys that have no row. */
  agedRows(keys: readonly ObjectKey[]): Promise<AgedRow[]>;

  /**
   * Points the row to a file that plain Strapi has written at the key's plain path, while this plugin was away. The names that the row
   * pointed to are condemned with the grace of `supersededGraceMs`, and an older tombstone is taken away. The row must still be at `rev`
   * and must not be `new`. A record of the plain path as condemned, swept or settling ends, because the bytes there are other ones now.
   *
   * The ticket stays, or becomes the tombstone's: every write that is under way now ends after the file was written, and shall replace it.
   * @returns false when the row has changed, or when a write has the plain path on record as pending; nothing has changed then
   */
  takeUp(row: LedgerRow, file: ForeignFile, options: TakeUpOptions): Promise<boolean>;

  /** Sums up the entries that changes have added to the tallies since the last call. It takes a limited number, oldest first. */
  foldTallies(): Promise<void>;

  /**
   * Corrects the tallies by counting every row, because a version of this plugin that keeps no tallies may have changed rows. It
   * reads the whole table. Callers must not call it inside a transaction of the host.
   * @returns false when rows changed meanwhile and the database cannot count at one moment; the caller tries later
   */
  recount(): Promise<boolean>;
}
