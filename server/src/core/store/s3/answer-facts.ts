import type { ObjectFacts } from '../object-store';

const PLAIN_MD5 = /^[0-9a-f]{32}$/;
/** Storage classes for whose objects S3 answers 403 InvalidObjectState until somebody restores them. GLACIER_IR is not one of them. */
const ARCHIVES: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE']);

/** Turns `"d41d…"` into `d41d…`. It returns null for a missing tag, and for an empty one (Ceph 16 after CompleteMultipartUpload). */
export function bareTag(tag: string | undefined): string | null {
  const bare = tag?.replace(/^W\//, '').replace(/^"|"$/g, '') ?? '';
  return bare === '' ? null : bare;
}

/** The headers of an answer that describe the object. */
export interface AnswerHeaders {
  ETag?: string;
  SSEKMSKeyId?: string;
  SSECustomerAlgorithm?: string;
  StorageClass?: string;
  /** The state of a restored copy: `ongoing-request="true"`, or `ongoing-request="false", expiry-date="…"`. */
  Restore?: string;
  /** The archive to which S3 has moved the object, for a storage class that moves objects by itself. Only a HEAD returns it. */
  ArchiveStatus?: string;
}

/**
 * Returns the facts of an object from the answer to a GET or HEAD. A tag of 32 hex digits is the MD5 only where no KMS or customer key
 * encrypts the object, and the headers of the answer say whether one does.
 */
export function factsOfAnswer(size: number, answer: AnswerHeaders): ObjectFacts {
  const etag = bareTag(answer.ETag);
  const isMd5 = etag !== null && PLAIN_MD5.test(etag) && !answer.SSEKMSKeyId && !answer.SSECustomerAlgorithm;
  return { size, etag, md5: isMd5 ? etag : null, ...(isArchived(answer) && { archived: true }) };
}

/** Whether the object lies in an archive. A restored copy that expires counts as archived, because nobody can read the object later. */
function isArchived({ StorageClass, Restore, ArchiveStatus }: AnswerHeaders): boolean {
  return ARCHIVES.has(StorageClass ?? '') || ArchiveStatus !== undefined || /ongoing-request="true"|expiry-date/.test(Restore ?? '');
}

/** Whether an object in a listing may be archived. A listing names the storage class, but not what that class has done to the object. */
export function mayBeArchived(storageClass: string | undefined): boolean {
  return storageClass === 'INTELLIGENT_TIERING' || ARCHIVES.has(storageClass ?? '');
}

/** Returns 1234 for `bytes 0-99/1234`. */
export function sizeOfWhole(contentRange: string | undefined): number | undefined {
  const size = /\/(\d+)$/.exec(contentRange ?? '')?.[1];
  return size === undefined ? undefined : Number(size);
}
