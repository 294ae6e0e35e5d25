import type { ObjectKey, LocalName, VolumeId } from '../keys';
import type { DatedRow, LedgerRow } from './state';
import type { BeginFile, BeginObject, BeginOptions, CondemnOptions, Intent, IntentOf, LocalCopy, Publication, PublishOutcome, RemoteCopy } from './words';

/** The part of the ledger for editors' writes and deletes, and for visitors' reads. The promises of `Ledger` hold for every method. */
export interface LedgerWrites {
  find(key: ObjectKey): Promise<LedgerRow | undefined>;

  /** Returns the row as {@link find} does, with the time at which its bytes became current. */
  findDated(key: ObjectKey): Promise<DatedRow | undefined>;

  /** Returns the rows of any number of keys, in no order, without keys that have no row. Hundreds of keys take one or two statements. */
  rowsOf(keys: readonly ObjectKey[]): Promise<LedgerRow[]>;

  /** Whether the ledger has no row, so that the plugin has not touched this library yet. */
  isEmpty(): Promise<boolean>;

  /** Returns the files of these keys on this volume that are condemned and not yet removed. It may read all condemned names. */
  condemnedFiles(volume: VolumeId, keys: readonly ObjectKey[]): Promise<Map<ObjectKey, LocalName[]>>;

  /**
   * Records a name as pending, before its first byte is written, and draws the ticket. It inserts the key's row (`new`) if there is
   * none. Only the first PUT of a key gets the plain name, and only if it is `plainFree`; `plainUsed` makes sure that this happens
   * once. Only a key without known bytes gets the plain path on disk. Neither is given out while it is recorded as pending or
   * condemned. `rev` stays, because a job begins its write after it has read the row.
   */
  begin<R extends BeginObject | BeginFile>(request: R, options?: BeginOptions): Promise<IntentOf<R['kind']>>;

  /** Keeps pending intents from being condemned while their writer is at work. It ignores unknown ids. */
  touch(intents: readonly Intent[]): Promise<void>;

  /**
   * Makes written names live: all of them or none, in one transaction. A row with a later ticket stays as it is, and this write's
   * name is condemned (`superseded`). Any other row points to the new bytes: `rev` grows, a tombstone older than the ticket is
   * taken away (a younger one stays), and the names that the row pointed to are condemned with the grace of `supersededGraceMs`.
   * @param tombstones keys that the same request deletes (formats that a replace dropped). They are buried in the same transaction,
   *   and their purge is due after `supersededGraceMs` unless expedited. Keys without a row, and keys that are also written, are skipped.
   * @throws StorageError INTENT_LOST when one of the intents is no longer pending, or of another key; nothing has changed then.
   */
  publish(
    writes: readonly Publication[],
    options: CondemnOptions & { tombstones?: readonly ObjectKey[] },
  ): Promise<PublishOutcome[]>;

  /** Condemns the names of failed writes, due at once. It leaves intents alone that are no longer pending. */
  abandon(intents: readonly Intent[]): Promise<void>;

  /**
   * Forgets a pending name under which certainly nothing was written, because somebody else's file was there already. It must not be
   * condemned, because the sweeper would remove that file.
   */
  forget(intent: Intent): Promise<void>;

  /**
   * Puts the tombstone on a key; the row's state and bytes stay. A key without a row gets one, with the file that was `found` if there
   * was one, so that an object that somebody adopts for the key meanwhile is buried too. The purge becomes due after `purgeAfterMs`
   * milliseconds.
   */
  bury(key: ObjectKey, options: { purgeAfterMs: number; found?: LocalCopy & { size: number } }): Promise<void>;

  /** Makes the purge of buried keys due now, because the request that deleted them has ended. */
  expedite(keys: readonly ObjectKey[]): Promise<void>;

  /**
   * Adopts an object that was found in the bucket under a key's plain name. The key must have no bytes in the ledger, and no write of
   * the plugin may have had the plain name.
   * @returns whether the object is the key's now; two adoptions of the same bytes both return true.
   */
  adopt(
    key: ObjectKey,
    remote: RemoteCopy,
    content: { size: number; md5: string; mime: string | null },
  ): Promise<boolean>;
}
