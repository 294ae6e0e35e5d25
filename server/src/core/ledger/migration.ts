import type { ErrorCode } from '../../contracts/errors';
import type { ObjectKey } from '../keys';
import type { BeginObject, IntentOf, LocationId, Work } from './ledger';
import type { LedgerRow, RemoteCopy } from './state';

/** What answers of an endpoint prove uploads: that of the PUT, a HEAD, or nothing but the bytes, read back. */
export type Proof = 'etag' | 'checksum' | 'bytes';

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

/** What the ledger does for jobs on the whole library, and for those who look after them. The promises of the port hold here too. */
export interface MigrationLedger {
  /** The rows without a tombstone that this is the work for, due or not, in an order in which no row changes its place. */
  scan(work: Work, after: ObjectKey | null, limit: number): Promise<LedgerRow[]>;

  /**
   * As {@link Ledger.begin} for each of these rows, all in one step of few statements.
   * @returns the intents, in the same order; undefined for a row that is no longer at `rev`, whose upload would come to nothing
   */
  beginUploads(uploads: readonly UploadToBegin[]): Promise<(IntentOf<'object'> | undefined)[]>;

  /** As {@link Ledger.commitUpload} for each of these, all in one step of few statements; one that is refused holds no other back. */
  commitUploads(uploads: readonly ProvenUpload[]): Promise<boolean[]>;

  /** Whether any row without a tombstone is, or by itself will be, due for this work. Given-up rows are not. */
  pendingWork(work: Work): Promise<boolean>;

  /**
   * Notes that the library's files of these keys were found nowhere: each key of which the ledger knows no bytes (no row,
   * or `new`) and that is not buried keeps the code as its last error, until bytes are recorded, adopted or published.
   * @returns how many keys that are
   */
  recordMissing(keys: readonly ObjectKey[], code: ErrorCode): Promise<number>;

  /**
   * After the file's bytes were proven to lie under its plain name in S3 already: `local` becomes `both` and the plain name is
   * spent, provided the row is still at `rev`, the md5 is the ledger's (a library file that has none gets this one), and no write
   * of our own was ever given the plain name: the object may be that one, and may yet be overwritten by it.
   * @returns false when not; nothing has changed then.
   */
  commitAdoption(row: LedgerRow, remote: RemoteCopy, md5: string): Promise<boolean>;

  /**
   * Forgets the failures of these keys, given-up ones included: due at once. `rev` stays, for a job may have the row in hand. If
   * one of them was missing, every inventory begins anew. In steps of some hundred rows.
   * @returns how many rows had failed
   */
  retry(keys: readonly ObjectKey[] | 'all'): Promise<number>;

  /** Takes the tombstones of these keys away, unless they were purged already. In steps of some hundred rows. @returns how many */
  untrash(keys: readonly ObjectKey[] | 'all'): Promise<number>;

  /** What proves uploads to this place, as far as it is known. */
  proofOf(location: LocationId): Promise<Proof | null>;
  noteProof(location: LocationId, proof: Proof): Promise<void>;
}
