import type { ErrorCode } from '../contracts/errors';

/** The hash of endpoint, bucket and prefix: the id of a part of a bucket that one database owns. */
export type AreaId = string;

/**
 * Whether this database owns an area. `unknown`: nobody could tell yet, because S3 has not answered about the marker, or the marker cannot be
 * understood. Where the ownership is not `own`, the plugin changes nothing in the bucket.
 */
export type Ownership =
  | { readonly state: 'own' }
  | { readonly state: 'foreign'; readonly code: 'BUCKET_OWNED' | 'DATABASE_COPY' | 'DATABASE_BEHIND' }
  | {
      readonly state: 'unknown';
      readonly code: 'OWNER_UNKNOWN' | 'MARKER_UNREADABLE' | 'MARKER_MISSING';
      /** Why S3 did not tell the owner; undefined before the first look. */
      readonly cause?: ErrorCode;
    };

export const OWN: Ownership = { state: 'own' };
export const NOT_LOOKED_YET: Ownership = { state: 'unknown', code: 'OWNER_UNKNOWN' };

type OwnerCode = Exclude<Ownership, { state: 'own' }>['code'];

const OWNER_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'BUCKET_OWNED', 'DATABASE_COPY', 'DATABASE_BEHIND', 'OWNER_UNKNOWN', 'MARKER_UNREADABLE', 'MARKER_MISSING',
] satisfies OwnerCode[]);

/** Whether a code says that a database is not, or not surely, the owner of its area. */
export function isOwnerCode(code: ErrorCode | null): code is OwnerCode {
  return code !== null && OWNER_CODES.has(code);
}

/** Answers from memory whether this database owns an area. */
export interface Ownerships {
  of(area: AreaId): Ownership;
}
