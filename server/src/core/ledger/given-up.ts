import type { ErrorCode } from '../../contracts/errors';
import type { LedgerRow } from './state';

/** So many failures in a row, the last of which is the file's own, and it is not tried by itself any more. */
const GIVEN_UP_AFTER = 5;

/** What is the matter with one file, and not with S3 or the disk as a whole. */
const OF_ONE_FILE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'INTEGRITY', 'OBJECT_NOT_FOUND', 'OBJECT_CHANGED', 'OBJECT_ARCHIVED', 'NOT_ON_DISK', 'FILE_CHANGED', 'DISK_ERROR', 'BODY_FAILED', 'REJECTED', 'PLAIN_PATH_TAKEN', 'NAME_UNFIT', 'LOST',
  'TOO_LARGE', 'FILE_REFUSED',
]);
/** S3 takes other files, and not this one. */
export const OF_THIS_BODY: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['TOO_LARGE', 'FILE_REFUSED']);

/** Whether it may only be the file's own trouble: those come to an end, as such a file is given up. */
export function isOfOneFile(code: ErrorCode): boolean {
  return OF_ONE_FILE.has(code);
}

/**
 * Whether a row that failed is left until somebody asks for it again. A file that was written to the disk because S3 was away is
 * not: what was acknowledged goes on trying to get there. Only where S3 takes others and not this one, that is rare then.
 */
export function hasGivenUp(row: Pick<LedgerRow, 'attempts' | 'lastError' | 'origin' | 'placement'>): boolean {
  const { attempts, lastError, origin, placement } = row;
  if (origin === 'fallback' && placement.state === 'local' && !(lastError && OF_THIS_BODY.has(lastError))) return false;
  return attempts >= GIVEN_UP_AFTER && lastError !== null && OF_ONE_FILE.has(lastError);
}

/** Why a settling or a cleanup has given a file up: none of that keeps S3 from having it. */
const OF_THE_DISK: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['NOT_ON_DISK', 'FILE_CHANGED', 'PLAIN_PATH_TAKEN']);

/** Whether a row was given up by a restore itself. */
export function isBeyondFetching(row: Parameters<typeof hasGivenUp>[0]): boolean {
  return hasGivenUp(row) && row.lastError !== null && !OF_THE_DISK.has(row.lastError);
}
