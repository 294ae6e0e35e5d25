import type { ErrorCode } from '../../contracts/errors';
import { codeOf, isStorageError } from '../errors';
import type { LedgerRow } from '../ledger/ledger';
import type { EngineParts } from '../media/deps';
import { isAway, type JobWork } from './s3-there';

const RETRY_BASE_MS = 2_000;
/** For a file that fails by itself. */
const RETRY_CAP_MS = 10 * 60_000;
/** For S3's own refusals (rights, a wrong secret): once those end, every file shall follow at once. */
const REFUSED_CAP_MS = 30_000;
/** So many failures in a row, the last of which is the file's own, and it is not tried by itself any more. */
const GIVEN_UP_AFTER = 5;

/** What is the matter with one file, and not with S3 or the disk as a whole. */
const OF_ONE_FILE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'INTEGRITY', 'OBJECT_NOT_FOUND', 'OBJECT_CHANGED', 'OBJECT_ARCHIVED', 'NOT_ON_DISK', 'FILE_CHANGED', 'DISK_ERROR', 'BODY_FAILED', 'REJECTED', 'PLAIN_PATH_TAKEN', 'NAME_UNFIT', 'LOST',
]);

/** Whether it may only be the file's own trouble: those come to an end, as such a file is given up. */
export function isOfOneFile(code: ErrorCode): boolean {
  return OF_ONE_FILE.has(code);
}

/**
 * Whether a row that failed is left until somebody asks for it again. Never a file that was written to the disk because S3 was
 * away: what was acknowledged goes on trying to get there.
 */
export function hasGivenUp(row: Pick<LedgerRow, 'attempts' | 'lastError' | 'origin' | 'placement'>): boolean {
  const { attempts, lastError, origin, placement } = row;
  if (origin === 'fallback' && placement.state === 'local') return false;
  return attempts >= GIVEN_UP_AFTER && lastError !== null && OF_ONE_FILE.has(lastError);
}

/** Why a settling or a cleanup has given a file up: none of that keeps S3 from having it. */
const OF_THE_DISK: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['NOT_ON_DISK', 'FILE_CHANGED', 'PLAIN_PATH_TAKEN']);

/** Whether a row was given up by a restore itself. */
export function isBeyondFetching(row: Parameters<typeof hasGivenUp>[0]): boolean {
  return hasGivenUp(row) && row.lastError !== null && !OF_THE_DISK.has(row.lastError);
}

/**
 * Notes that a job could not move a row on, and when to try again; a row is given back untouched where S3 is away, which
 * is not its fault, and the breaker's probe says when that has ended.
 * @throws what is no StorageError
 */
export async function noteFailure(deps: EngineParts, row: LedgerRow, error: unknown, work: JobWork = 'upload'): Promise<void> {
  if (!isStorageError(error)) throw error;
  if (isAway(deps, work) || isStorageError(error, 'ABORTED', 'CIRCUIT_OPEN')) {
    await deps.ledger.release([row]);
    return;
  }
  // of S3's own troubles one warning was given when they began
  const lastError = codeOf(error);
  const ofThisFile = OF_ONE_FILE.has(lastError) || lastError === 'DISK_FULL';
  const givesUp = hasGivenUp({ ...row, attempts: row.attempts + 1, lastError });
  const ceiling = Math.min(ofThisFile ? RETRY_CAP_MS : REFUSED_CAP_MS, RETRY_BASE_MS * 2 ** Math.min(row.attempts, 20));
  await deps.ledger.recordFailure(row, lastError, givesUp ? null : Math.round(ceiling * (0.5 + deps.clock.random() / 2)));
  deps.log[ofThisFile ? 'warn' : 'debug'](`"${row.key}" stays where it is ${givesUp ? 'until it is retried by hand' : 'for now'}: ${error.message} ${error.hint}`);
}
