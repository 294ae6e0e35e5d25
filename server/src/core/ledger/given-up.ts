import type { ErrorCode } from '../../contracts/errors';
import type { LedgerRow } from './state';

/** Number of failed attempts after which a row is given up, if the last error is the file's own. */
const GIVEN_UP_AFTER = 5;

/** Errors that may concern one file only, and not S3 or the disk as a whole. */
const OF_ONE_FILE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'INTEGRITY', 'OBJECT_NOT_FOUND', 'OBJECT_CHANGED', 'OBJECT_ARCHIVED', 'NOT_ON_DISK', 'FILE_CHANGED', 'DISK_ERROR', 'BODY_FAILED', 'REJECTED', 'PLAIN_PATH_TAKEN', 'NAME_UNFIT', 'LOST',
  'TOO_LARGE', 'FILE_REFUSED',
]);
/** Errors with which S3 refuses one file while it takes others. */
export const OF_THIS_BODY: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['TOO_LARGE', 'FILE_REFUSED']);

/** Whether the error may concern this file only. Such a file is given up after some attempts. */
export function isOfOneFile(code: ErrorCode): boolean {
  return OF_ONE_FILE.has(code);
}

/**
 * Whether a row that failed is left alone until somebody presses *Retry*. A fallback file is not given up, because the plugin has
 * told its editor that the upload succeeded, so it is tried again and again. The exception is a file that S3 refuses while it
 * takes others.
 */
export function hasGivenUp(row: Pick<LedgerRow, 'attempts' | 'lastError' | 'origin' | 'placement'>): boolean {
  const { attempts, lastError, origin, placement } = row;
  if (origin === 'fallback' && placement.state === 'local' && !(lastError && OF_THIS_BODY.has(lastError))) return false;
  return attempts >= GIVEN_UP_AFTER && lastError !== null && OF_ONE_FILE.has(lastError);
}

/** Errors with which settling or cleanup gives a file up. They say nothing about the object in S3. */
const OF_THE_DISK: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['NOT_ON_DISK', 'FILE_CHANGED', 'PLAIN_PATH_TAKEN']);

/** Whether fetching the row from S3 was given up. */
export function isBeyondFetching(row: Parameters<typeof hasGivenUp>[0]): boolean {
  return hasGivenUp(row) && row.lastError !== null && !OF_THE_DISK.has(row.lastError);
}
