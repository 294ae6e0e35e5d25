import type { ObjectKey, VolumeId } from '../keys';
import type { LedgerRow } from './state';
import type { CondemnOptions, DueName, IntentOf, LocationId, PlacedName } from './words';

/**
 * What keeps the ledger and its places in order: removing what was condemned, ending burials, giving claims back and starting
 * failed rows anew, keeping the tallies. The promises of `Ledger` hold for every method.
 */
export interface LedgerUpkeep {
  /** Makes what a process had claimed when it died due at once: rows with a file on this volume, or in S3 only. @returns how many */
  releaseClaimsOf(holder: string, volume: VolumeId): Promise<number>;

  /** Condemns names that have been pending for longer than the policy allows. @returns how many */
  condemnAbandoned(): Promise<number>;

  /** Condemned names whose grace is over: objects of the location, or files of the volume. */
  dueNames(
    where: { kind: 'object'; locationId: LocationId } | { kind: 'file'; volume: VolumeId },
    limit: number,
  ): Promise<DueName[]>;

  /** Whether the sweeper may still remove what it found under this due name. See `removeKnown`. */
  stillDue(id: number): Promise<boolean>;

  /**
   * The bytes under the name were removed. A file whose write had ended is forgotten then: nothing lands late on a disk. Any
   * other name after the second time. No effect before it is due.
   */
  swept(id: number): Promise<void>;

  /** The bytes under a due name could not be removed: it is due again after so long, and holds up no other meanwhile. */
  postpone(id: number, retryAfterMs: number): Promise<void>;

  /** Buried rows whose purge is due, oldest first. */
  duePurges(limit: number): Promise<LedgerRow[]>;

  /**
   * Ends a burial, provided the row is still at `rev`. Referenced: the tombstone is taken away. Else: the row becomes
   * `gone` and its names are condemned, due at once (objects only if `condemnObjects`).
   * @returns false when the row has moved on, or has no burial to end; nothing has changed then.
   */
  purge(row: LedgerRow, options: CondemnOptions & { referenced: boolean }): Promise<boolean>;

  /**
   * The object and the row's own copy are missing or not what was stored, and the row's bytes were written under the intent's name:
   * the row becomes `local` with that, of origin `library` where it was in S3, and to be uploaded under a new name then; provided
   * the intent is pending, too. What the row pointed to is forgotten, as by {@link LedgerReports.demote}. The ticket stays: the bytes are the same.
   * @returns false when not; the intent's name is condemned then.
   * @throws StorageError INTERNAL for an intent of another key; nothing has changed then.
   */
  commitRescue(row: LedgerRow, intent: IntentOf<'file'>): Promise<boolean>;

  /**
   * Condemns a file in the plugin's own folder that no row has. As names are unique, a write that still wanted it fails.
   * @returns false when the name is recorded already; nothing has changed then
   */
  condemnStray(file: Extract<PlacedName, { kind: 'file' }>): Promise<boolean>;

  /**
   * Forgets the failures of these keys, given-up ones included: due at once. `rev` stays, for a job may have the row in hand. If
   * one of them was missing, every inventory begins anew. In steps of some hundred rows.
   * @returns how many rows had failed
   */
  retry(keys: readonly ObjectKey[] | 'all'): Promise<number>;

  /** Takes the tombstones of these keys away, unless they were purged already. In steps of some hundred rows. @returns how many */
  untrash(keys: readonly ObjectKey[] | 'all'): Promise<number>;

  /** Sums up what the changes since the last time added to the tallies; a bounded part of it, oldest first. */
  foldTallies(): Promise<void>;

  /**
   * Sets the tallies right by counting every row: for changes made by a version of this plugin that kept no tallies.
   * Reads the whole table. Not to be called inside a transaction of the host's.
   * @returns false when it came to nothing, because of changes meanwhile where a count cannot be of one moment: try later
   */
  recount(): Promise<boolean>;
}
