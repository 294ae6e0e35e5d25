import type { LocalName, ObjectKey, VolumeId } from '../keys';
import type { ListFilter, Slice } from './listing';
import type { LedgerRow } from './state';
import type { Tallies } from './tallies';
import type { LocalCopy, LocationId, PlacedName, Place, Work } from './words';

export interface AuditedRow {
  readonly row: LedgerRow;
  /** Run id of the last audit that saw the row's object in the bucket as it was stored; null when none did. */
  readonly auditedBy: number | null;
  /** Time since the row changed, in milliseconds. */
  readonly unchangedMs: number;
}

export interface LedgerPage {
  readonly rows: readonly AuditedRow[];
  /** The value of `after` for the next page; null when this is the last page. */
  readonly next: string | null;
}

/**
 * The part of the ledger that reports what is there and what is left to do, for people, dry runs and audits. An audit also corrects
 * rows here. Such a method changes the row only if it is still at the revision that was read and has no tombstone, and returns
 * whether that was so. It never condemns an object. The promises of `Ledger` hold for every method.
 */
export interface LedgerReports {
  /** Returns the tallies. The cost does not grow with the number of rows, as long as {@link LedgerUpkeep.foldTallies} is called now and then. */
  tallies(): Promise<Tallies>;

  /** Returns a slice of the rows that pass the filter, in an order that never changes. */
  list(filter: ListFilter, slice: Slice): Promise<LedgerRow[]>;

  /** Returns the number of rows that pass the filter. It may read the whole ledger, so {@link tallies} is better where it has the number. */
  count(filter: ListFilter): Promise<number>;

  /**
   * Returns for each location the unburied files whose only copy is there (`remote`), without lost ones. It leaves out locations
   * without such files, and reads the whole table.
   */
  onlyAt(): Promise<readonly { location: LocationId; count: number; bytes: number }[]>;

  /**
   * Returns the unburied files that have an object outside this place, by the location of that object, without lost ones. It leaves out
   * locations without such files, and reads the whole table.
   */
  outside(place: Place): Promise<readonly { location: LocationId; count: number; bytes: number }[]>;

  /** Whether any row's object, or any recorded name, is at this location. It may read the whole ledger. */
  isInUse(location: LocationId): Promise<boolean>;

  /** Whether any row without a tombstone is due for this work, or will be by itself. A row that was given up does not count. */
  pendingWork(work: Work): Promise<boolean>;

  /** Returns the rows without a tombstone that need this work, due or not, in an order that never changes. */
  scan(work: Work, after: ObjectKey | null, limit: number): Promise<LedgerRow[]>;

  /** Returns the row that is due first among those still to settle, failed ones included; undefined when the volume has none. */
  leftToSettle(volume: VolumeId): Promise<LedgerRow | undefined>;

  /** Whether any row without a tombstone is `both` with its copy on another volume than this one. */
  copiesElsewhere(volume: VolumeId): Promise<boolean>;

  /** Returns the names that are recorded, in any status, each as its `nameId`. */
  recordedNames(names: readonly PlacedName[]): Promise<Set<string>>;

  /** Returns the files that are a row's copy on this volume. It may read the whole ledger. */
  liveFiles(volume: VolumeId, names: readonly LocalName[]): Promise<Set<LocalName>>;

  /** Returns a page of the rows that have bytes. All pages together have each row once, in an order that never changes. */
  page(request: { after: string | null; limit: number }): Promise<LedgerPage>;

  /** Notes that an audit saw these keys' objects. It changes no `rev`, and may skip a row that another transaction has locked. */
  markSeen(keys: readonly ObjectKey[], audit: number): Promise<void>;

  /**
   * Makes a `both` or `remote` row `local`, of origin `library`, so that it is uploaded under a new name. The caller has found that
   * the object is missing or is not the one that was stored, and that `copy` on the disk is proven. The object is forgotten,
   * because the plugin has no right to remove whatever lies under its name.
   * @returns false also when the copy's name is recorded, because the sweeper may be about to remove it
   */
  demote(row: LedgerRow, copy: LocalCopy): Promise<boolean>;

  /** Makes a `both` row `remote`, after the copy on disk was not found and the object was. The file's name is forgotten. */
  dropLocal(row: LedgerRow): Promise<boolean>;

  /** Notes the error LOST, after the bytes were found nowhere. It does not change `rev`. A later success clears the error. */
  markLost(row: LedgerRow): Promise<boolean>;

  /** Puts a tombstone on the row. The purge is due after `purgeAfterMs` milliseconds. */
  buryUnlisted(row: LedgerRow, purgeAfterMs: number): Promise<boolean>;
}
