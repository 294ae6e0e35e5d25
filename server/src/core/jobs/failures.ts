import type { ErrorCode } from '../../contracts/errors';
import { codeOf, isStorageError } from '../errors';
import type { LedgerRow } from '../ledger/ledger';
import type { EngineParts } from '../media/deps';
import { isSilent, type JobWork } from './s3-there';

const RETRY_BASE_MS = 2_000;
/** For a file that fails by itself. */
const RETRY_CAP_MS = 10 * 60_000;
/** For S3's own refusals (rights, a wrong secret): once those end, every file shall follow at once. */
const REFUSED_CAP_MS = 30_000;
/** After the last try of a file that was written to the disk meanwhile, and that something before S3 refuses: should that be mended … */
const REFUSED_FILE_MS = 24 * 3600_000;
/** … or where nothing has said no to it, and only its connections break. */
const BROKEN_FILE_MS = 3600_000;
/** So many failures in a row, the last of which is the file's own, and it is not tried by itself any more. */
const GIVEN_UP_AFTER = 5;

/** What is the matter with one file, and not with S3 or the disk as a whole. */
const OF_ONE_FILE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'INTEGRITY', 'OBJECT_NOT_FOUND', 'OBJECT_CHANGED', 'OBJECT_ARCHIVED', 'NOT_ON_DISK', 'FILE_CHANGED', 'DISK_ERROR', 'BODY_FAILED', 'REJECTED', 'PLAIN_PATH_TAKEN', 'NAME_UNFIT', 'LOST',
  'TOO_LARGE', 'FILE_REFUSED',
]);
/** S3 takes other files, and not this one. */
const OF_THIS_BODY: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['TOO_LARGE', 'FILE_REFUSED']);

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

/**
 * Notes that a job could not move a row on, and when to try again; a row is given back untouched where S3 is away, which
 * is not its fault, and the breaker's probe says when that has ended. Where S3 answers and takes no uploads, the row that has
 * found out waits, so that the next one to try is another.
 * @throws what is no StorageError
 */
export async function noteFailure(deps: EngineParts, row: LedgerRow, error: unknown, work: JobWork = 'upload'): Promise<void> {
  if (!isStorageError(error)) throw error;
  if (isSilent(deps, work) || isStorageError(error, 'ABORTED', 'CIRCUIT_OPEN')) {
    await deps.ledger.release([row]);
    return;
  }
  // of S3's own troubles one warning was given when they began
  const lastError = codeOf(error);
  const ofThisFile = OF_ONE_FILE.has(lastError) || lastError === 'DISK_FULL';
  const givesUp = hasGivenUp({ ...row, attempts: row.attempts + 1, lastError });
  const ceiling = Math.min(ofThisFile ? RETRY_CAP_MS : REFUSED_CAP_MS, RETRY_BASE_MS * 2 ** Math.min(row.attempts, 20));
  const retryAfterMs = givesUp ? restOf(row, lastError, error.refused) : Math.round(ceiling * (0.5 + deps.clock.random() / 2));
  await deps.ledger.recordFailure(row, lastError, retryAfterMs);
  const until = retryAfterMs === null ? 'until it is retried by hand' : givesUp ? 'for long, unless it is retried by hand' : 'for now';
  deps.log[ofThisFile ? 'warn' : 'debug'](`"${row.key}" stays where it is ${until}: ${error.message} ${error.hint}`);
}

/** How long a row that is given up is left alone, in milliseconds; null: for ever. */
function restOf({ origin, placement }: LedgerRow, lastError: ErrorCode, refused: boolean): number | null {
  if (origin !== 'fallback' || placement.state !== 'local' || !OF_THIS_BODY.has(lastError)) return null;
  return refused ? REFUSED_FILE_MS : BROKEN_FILE_MS;
}
