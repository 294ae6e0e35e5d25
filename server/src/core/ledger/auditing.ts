import type { LocalName, ObjectKey, VolumeId } from '../keys';
import type { IntentOf, PlacedName } from './ledger';
import type { LedgerRow, LocalCopy } from './state';

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
 * What an audit asks the ledger, and how it puts the ledger right. Each change is made only if the row is still at the
 * revision that was read and without a tombstone; the answer is whether it was. No object is ever condemned by one.
 */
export interface AuditingLedger {
  /** The rows of these keys, however many, in no order; keys without a row are left out. A page of hundreds is a statement or two. */
  rowsOf(keys: readonly ObjectKey[]): Promise<LedgerRow[]>;

  /** Those of the names that are recorded, pending or condemned, each by its `nameId`. */
  recordedNames(names: readonly PlacedName[]): Promise<Set<string>>;

  /** Those of the files that are a row's copy on this volume. May read the whole ledger. */
  liveFiles(volume: VolumeId, names: readonly LocalName[]): Promise<Set<LocalName>>;

  /** The files of these keys on this volume that are condemned and not yet removed. May read all condemned names. */
  condemnedFiles(volume: VolumeId, keys: readonly ObjectKey[]): Promise<Map<ObjectKey, LocalName[]>>;

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

  /**
   * The object and the row's own copy are missing or not what was stored, and the row's bytes were written under the intent's name:
   * the row becomes `local` with that, of origin `library` where it was in S3, and to be uploaded under a new name then; provided
   * the intent is pending, too. What the row pointed to is forgotten, as by {@link demote}. The ticket stays: the bytes are the same.
   * @returns false when not; the intent's name is condemned then.
   * @throws StorageError INTERNAL for an intent of another key; nothing has changed then.
   */
  commitRescue(row: LedgerRow, intent: IntentOf<'file'>): Promise<boolean>;

  /** The copy on disk is not there, and the object is: `both` becomes `remote`. The file's name is forgotten. */
  dropLocal(row: LedgerRow): Promise<boolean>;

  /** The bytes were found nowhere: notes the error LOST. Does not change `rev`; a later success clears it. */
  markLost(row: LedgerRow): Promise<boolean>;

  /** Puts a tombstone on the row, purge due after so long, in milliseconds. */
  buryUnlisted(row: LedgerRow, purgeAfterMs: number): Promise<boolean>;

  /**
   * Condemns a file in the plugin's own folder that no row has. As names are unique, a write that still wanted it fails.
   * @returns false when the name is recorded already; nothing has changed then
   */
  condemnStray(file: Extract<PlacedName, { kind: 'file' }>): Promise<boolean>;
}
