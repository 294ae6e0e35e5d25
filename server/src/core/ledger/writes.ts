import type { ObjectKey, LocalName, VolumeId } from '../keys';
import type { LedgerRow } from './state';
import type { BeginFile, BeginObject, BeginOptions, CondemnOptions, Intent, IntentOf, LocalCopy, Publication, PublishOutcome, RemoteCopy } from './words';

/** What an editor's write or delete and a visitor's read need of the ledger. The promises of `Ledger` hold for every method. */
export interface LedgerWrites {
  find(key: ObjectKey): Promise<LedgerRow | undefined>;

  /** The rows of these keys, however many, in no order; keys without a row are left out. A page of hundreds is a statement or two. */
  rowsOf(keys: readonly ObjectKey[]): Promise<LedgerRow[]>;

  /** Whether the ledger never held a row: the plugin has not touched this library yet. */
  isEmpty(): Promise<boolean>;

  /** The files of these keys on this volume that are condemned and not yet removed. May read all condemned names. */
  condemnedFiles(volume: VolumeId, keys: readonly ObjectKey[]): Promise<Map<ObjectKey, LocalName[]>>;

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
}
