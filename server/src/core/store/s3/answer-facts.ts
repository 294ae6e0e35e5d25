import type { ObjectFacts } from '../object-store';

const PLAIN_MD5 = /^[0-9a-f]{32}$/;
/** Storage classes whose objects answer 403 InvalidObjectState until somebody restores them. GLACIER_IR is none of them. */
const ARCHIVES: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE']);

/** `"d41d…"` → `d41d…`; null for none, or an empty one (Ceph 16 after CompleteMultipartUpload). */
export function bareTag(tag: string | undefined): string | null {
  const bare = tag?.replace(/^W\//, '').replace(/^"|"$/g, '') ?? '';
  return bare === '' ? null : bare;
}

/** The headers of an answer that say something of the object. */
export interface AnswerHeaders {
  ETag?: string;
  SSEKMSKeyId?: string;
  SSECustomerAlgorithm?: string;
  StorageClass?: string;
  /** `ongoing-request="true"`, or `ongoing-request="false", expiry-date="…"`. */
  Restore?: string;
  /** Of a class that moves objects by itself: the archive that this one was moved to. HEAD alone tells. */
  ArchiveStatus?: string;
}

/**
 * The facts of an object that was read or looked at. A tag of 32 hex digits is the MD5 only where no KMS or customer key
 * encrypts the object; the answer's headers say whether one does.
 */
export function factsOfAnswer(size: number, answer: AnswerHeaders): ObjectFacts {
  const etag = bareTag(answer.ETag);
  const isMd5 = etag !== null && PLAIN_MD5.test(etag) && !answer.SSEKMSKeyId && !answer.SSECustomerAlgorithm;
  return { size, etag, md5: isMd5 ? etag : null, ...(isArchived(answer) && { archived: true }) };
}

/** A restored copy with an end counts as archived: after that end nobody can read the object. */
function isArchived({ StorageClass, Restore, ArchiveStatus }: AnswerHeaders): boolean {
  return ARCHIVES.has(StorageClass ?? '') || ArchiveStatus !== undefined || /ongoing-request="true"|expiry-date/.test(Restore ?? '');
}

/** Whether a listing leaves open that the object is archived: it names the class, and not what that class did to the object. */
export function mayBeArchived(storageClass: string | undefined): boolean {
  return storageClass === 'INTELLIGENT_TIERING' || ARCHIVES.has(storageClass ?? '');
}
