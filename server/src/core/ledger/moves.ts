import type { ErrorCode } from '../../contracts/errors';
import type { ObjectKey, VolumeId } from '../keys';
import type { LedgerRow } from './state';
import type { BeginObject, Claim, IntentOf, LocalCopy, PlacedName, RemoteCopy } from './words';

/** An upload that is about to begin: of the row as it was read. */
export interface UploadToBegin extends Pick<BeginObject, 'locationId' | 'prefix' | 'plainFree' | 'content'> {
  readonly row: LedgerRow;
}

/** An upload whose bytes were proven. */
export interface ProvenUpload {
  readonly row: LedgerRow;
  readonly intent: IntentOf<'object'>;
  readonly etag: string | null;
  readonly md5: string;
}

/**
 * What jobs that copy or move bytes need of the ledger: to claim rows, and to commit what they have done to the revision they read.
 * The promises of `Ledger` hold for every method.
 *
 * Leaving: files that the plugin wrote under names of its own on a disk get their plain paths, where Strapi finds them without
 * the plugin. The new name is recorded before the file has it, as `settling`, which is a pending name that only a settler can
 * make live: what one left when it crashed, the next takes up, as both would give the path the same bytes.
 */
export interface LedgerMoves {
  /**
   * Rows without a tombstone that are due for this work, those never tried first, then oldest change first, and that
   * nobody else is answered for `forMs` or until they change. It only saves double work: a claim does not change `rev`,
   * and a commit rests on `rev` alone.
   * @param by who claims them, at most 128 characters
   */
  claim(request: Claim, forMs: number, by?: string): Promise<LedgerRow[]>;

  /** Makes claims last for `forMs` from now: those that have not ended, of rows that are still as this holder claimed them. */
  renewClaims(rows: readonly LedgerRow[], forMs: number, by: string): Promise<void>;

  /** Gives claims back that were not made use of: due at once again, those that are still as they were claimed. */
  release(rows: readonly LedgerRow[]): Promise<void>;

  /**
   * Notes a failed attempt on a row still at `rev`, and when the next is due; null: never by itself, only after a `retry`, or
   * for another kind of work. Does not change `rev`.
   */
  recordFailure(row: LedgerRow, code: ErrorCode, retryAfterMs: number | null): Promise<void>;

  /**
   * The inventory: makes a `local` row of origin `library`, its checksum not yet known, for each key of which the ledger
   * knows no bytes yet (no row, or `new`), as `found` of {@link LedgerWrites.begin} does, and unless the path is recorded as one of
   * our own writes. Other keys are left alone. A page of hundreds is a few statements, and two for each `new` row.
   * @returns how many are new
   */
  record(files: readonly { key: ObjectKey; local: LocalCopy; size: number }[]): Promise<number>;

  /**
   * Notes that the library's files of these keys were found nowhere: each key of which the ledger knows no bytes (no row,
   * or `new`) and that is not buried keeps the code as its last error, until bytes are recorded, adopted or published.
   * @returns how many keys that are
   */
  recordMissing(keys: readonly ObjectKey[], code: ErrorCode): Promise<number>;

  /**
   * As {@link LedgerWrites.begin} for each of these rows, all in one step of few statements.
   * @returns the intents, in the same order; undefined for a row that is no longer at `rev`, whose upload would come to nothing
   */
  beginUploads(uploads: readonly UploadToBegin[]): Promise<(IntentOf<'object'> | undefined)[]>;

  /**
   * After uploads were proven, for each of these: `local` becomes `both`, provided the row is still at `rev`, the intent is
   * pending, and the md5 is the ledger's (a library file that has none gets this one). A tombstone stays, and its purge condemns
   * both. All in one step of few statements; one that is refused holds no other back.
   * @returns false for each that is refused; its intent's name is condemned then.
   * @throws StorageError INTERNAL for an intent of another key; nothing has changed then.
   */
  commitUploads(uploads: readonly ProvenUpload[]): Promise<boolean[]>;

  /**
   * After the file's bytes were proven to lie under its plain name in S3 already: `local` becomes `both` and the plain name is
   * spent, provided the row is still at `rev`, the md5 is the ledger's (a library file that has none gets this one), and no write
   * of our own was ever given the plain name: the object may be that one, and may yet be overwritten by it.
   * @returns false when not; nothing has changed then.
   */
  commitAdoption(row: LedgerRow, remote: RemoteCopy, md5: string): Promise<boolean>;

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
   * Rows without a tombstone whose file lies under an own name on this volume, in an order in which no row ever changes its
   * place, after the row of `after` (null: from the first on). Those whose last attempt failed are left out until they are due.
   */
  unsettled(volume: VolumeId, after: ObjectKey | null, limit: number): Promise<LedgerRow[]>;

  /**
   * Records the plain path of such a row as settling, provided the row is still at `rev`. Undefined when it is not, or when the
   * path is recorded already; only a settling of the same bytes is taken up, while one of other bytes is condemned.
   */
  beginSettle(row: LedgerRow): Promise<IntentOf<'file'> | undefined>;

  /**
   * After the file has its plain path as well: makes that the row's, provided the row is still at `rev`, has no tombstone and
   * the name is settling. The own name is condemned with the grace of `supersededGraceMs`.
   * @returns false when not; a name that still is settling is condemned then.
   * @throws StorageError INTERNAL for an intent of another key; nothing has changed then.
   */
  commitSettle(row: LedgerRow, intent: IntentOf<'file'>): Promise<boolean>;

  /** Takes back a settling name that the file surely was not given, because somebody else's file has it. */
  forgetSettle(intent: IntentOf<'file'>): Promise<void>;

  /**
   * Makes a condemned name due before its grace is over, as it is needed again: `restMs` milliseconds after it was condemned.
   * @returns whether the sweeper is to free it, now or then
   */
  expediteName(name: PlacedName, restMs: number): Promise<boolean>;
}
