import type { LocalName, ObjectKey, VolumeId } from '../keys';
import type { ListFilter, Slice } from './listing';
import type { LedgerRow } from './state';
import type { Tallies } from './tallies';
import type { LocalCopy, LocationId, PlacedName, Work } from './words';

export interface AuditedRow {
  readonly row: LedgerRow;
  /** The last audit that saw the row's object in the bucket, as the ledger knows it. */
  readonly auditedBy: number | null;
  /** How long ago the row changed, in milliseconds. */
  readonly unchangedMs: number;
}

export interface LedgerPage {
  readonly rows: readonly AuditedRow[];
  /** What asks for the page after this one; null: this is the last. */
  readonly next: string | null;
}

/**
 * What is there and what is left to do, for people, plans and audits; and how an audit puts a row right that it found wrong. An
 * audit's change is made only if the row is still at the revision that was read and without a tombstone; the answer is whether it
 * was. No object is ever condemned by one. The promises of `Ledger` hold for every method.
 */
export interface LedgerReports {
  /** Costs the same for any number of rows, as long as {@link LedgerUpkeep.foldTallies} is called now and then. */
  tallies(): Promise<Tallies>;

  /** A slice of the rows that pass the filter, in an order in which no row ever changes its place. */
  list(filter: ListFilter, slice: Slice): Promise<LedgerRow[]>;

  /** How many rows pass the filter. May go through the whole ledger: {@link tallies} are cheaper where they know. */
  count(filter: ListFilter): Promise<number>;

  /**
   * Per place in S3, the unburied files whose only copy is in it (`remote`), lost ones left out; places without any are left out.
   * Reads the whole table.
   */
  onlyAt(): Promise<readonly { location: LocationId; count: number; bytes: number }[]>;

  /** Whether any row without a tombstone is, or by itself will be, due for this work. Given-up rows are not. */
  pendingWork(work: Work): Promise<boolean>;

  /** The rows without a tombstone that this is the work for, due or not, in an order in which no row changes its place. */
  scan(work: Work, after: ObjectKey | null, limit: number): Promise<LedgerRow[]>;

  /** Of the rows that {@link LedgerMoves.unsettled} is about, whatever their attempts, one that is due first; undefined when the volume has none. */
  leftToSettle(volume: VolumeId): Promise<LedgerRow | undefined>;

  /** Whether any row without a tombstone is `both` with its copy on another volume than this one. */
  copiesElsewhere(volume: VolumeId): Promise<boolean>;

  /** Those of the names that are recorded, pending or condemned, each by its `nameId`. */
  recordedNames(names: readonly PlacedName[]): Promise<Set<string>>;

  /** Those of the files that are a row's copy on this volume. May read the whole ledger. */
  liveFiles(volume: VolumeId, names: readonly LocalName[]): Promise<Set<LocalName>>;

  /** The rows that have bytes, each once, in an order in which no row ever changes its place. */
  page(request: { after: string | null; limit: number }): Promise<LedgerPage>;

  /** Notes that an audit saw these keys' objects. Changes no `rev`, and passes by a row that somebody is at work on. */
  markSeen(keys: readonly ObjectKey[], audit: number): Promise<void>;

  /**
   * The object is missing or not the one that was stored, and `copy` is a proven copy on disk: `both` or `remote` becomes
   * `local`, of origin `library`, to be uploaded under a new name. The object is forgotten: what lies under its name is not
   * ours to remove.
   * @returns false also when the copy's name is recorded: the sweeper may be about to remove it
   */
  demote(row: LedgerRow, copy: LocalCopy): Promise<boolean>;

  /** The copy on disk is not there, and the object is: `both` becomes `remote`. The file's name is forgotten. */
  dropLocal(row: LedgerRow): Promise<boolean>;

  /** The bytes were found nowhere: notes the error LOST. Does not change `rev`; a later success clears it. */
  markLost(row: LedgerRow): Promise<boolean>;

  /** Puts a tombstone on the row, purge due after so long, in milliseconds. */
  buryUnlisted(row: LedgerRow, purgeAfterMs: number): Promise<boolean>;
}
