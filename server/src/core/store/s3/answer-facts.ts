import type { ObjectFacts } from '../object-store';

const PLAIN_MD5 = /^[0-9a-f]{32}$/;

/** `"d41d…"` → `d41d…`; null for none, or an empty one (Ceph 16 after CompleteMultipartUpload). */
export function bareTag(tag: string | undefined): string | null {
  const bare = tag?.replace(/^W\//, '').replace(/^"|"$/g, '') ?? '';
  return bare === '' ? null : bare;
}

/**
 * The facts of an object that was read or looked at. A tag of 32 hex digits is the MD5 only where no KMS or customer key
 * encrypts the object; the answer's headers say whether one does.
 */
export function factsOfAnswer(size: number, answer: { ETag?: string; SSEKMSKeyId?: string; SSECustomerAlgorithm?: string }): ObjectFacts {
  const etag = bareTag(answer.ETag);
  const isMd5 = etag !== null && PLAIN_MD5.test(etag) && !answer.SSEKMSKeyId && !answer.SSECustomerAlgorithm;
  return { size, etag, md5: isMd5 ? etag : null };
}
