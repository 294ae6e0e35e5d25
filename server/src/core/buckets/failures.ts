import type { ErrorCode } from '../../contracts/errors';
import { codeOf, isStorageError } from '../errors';
import { hasGivenUp, isOfOneFile, OF_THIS_BODY } from '../ledger/given-up';
import type { LedgerMoves } from '../ledger/moves';
import type { LedgerRow } from '../ledger/state';
import type { Clock } from '../clock';
import type { Logger } from '../log';
import type { Buckets } from './buckets';
import { isSilent, type JobWork } from './s3-there';

export interface FailureParts {
  readonly ledger: Pick<LedgerMoves, 'release' | 'recordFailure'>;
  readonly buckets: Buckets;
  readonly clock: Pick<Clock, 'random'>;
  readonly log: Logger;
}

/** Delay before the first retry, in milliseconds. It doubles with each failure, and a random factor from 0.5 to 1 spreads it. */
const RETRY_BASE_MS = 2_000;
/** Longest delay before a retry of a file that fails by itself, in milliseconds. */
const RETRY_CAP_MS = 10 * 60_000;
/**
 * Longest delay before a retry after a refusal that concerns S3 as a whole (rights, a wrong secret), in milliseconds. It is short, so that
 * every file follows soon after the refusals end.
 */
const REFUSED_CAP_MS = 30_000;
/** Delay before a fallback file is sent again after it was given up because a firewall or S3 refuses it, in milliseconds. */
const REFUSED_FILE_MS = 24 * 3600_000;
/** Delay before a fallback file is sent again after it was given up because only its connections break, in milliseconds. */
const BROKEN_FILE_MS = 3600_000;
/**
 * Records that a job failed with a row, and when to try again. Where S3 is away, it gives the row back unchanged, because the row is not
 * the reason, and the breaker's probe shows when the outage has ended. Where S3 answers but takes no uploads, the row that was the trial
 * waits, so that another row makes the next trial.
 * @throws every error that is not a StorageError
 */
export async function noteFailure(deps: FailureParts, row: LedgerRow, error: unknown, work: JobWork = 'upload'): Promise<void> {
  if (!isStorageError(error)) throw error;
  if (isSilent(deps.buckets, work) || isStorageError(error, 'ABORTED', 'CIRCUIT_OPEN')) {
    await deps.ledger.release([row]);
    return;
  }
  // a failure of S3 as a whole was logged as one warning when it began
  const lastError = codeOf(error);
  const ofThisFile = isOfOneFile(lastError) || lastError === 'DISK_FULL';
  const givesUp = hasGivenUp({ ...row, attempts: row.attempts + 1, lastError });
  const ceiling = Math.min(ofThisFile ? RETRY_CAP_MS : REFUSED_CAP_MS, RETRY_BASE_MS * 2 ** Math.min(row.attempts, 20));
  const retryAfterMs = givesUp ? restOf(row, lastError, error.refused) : Math.round(ceiling * (0.5 + deps.clock.random() / 2));
  await deps.ledger.recordFailure(row, lastError, retryAfterMs);
  const until = retryAfterMs === null ? 'until somebody retries it' : givesUp ? 'for a long time, unless somebody retries it' : 'for now';
  deps.log[ofThisFile ? 'warn' : 'debug'](`"${row.key}" stays where it is ${until}: ${error.message} ${error.hint}`);
}

/** Returns the time for which jobs leave a row that was given up, in milliseconds; null means for ever. */
function restOf({ origin, placement }: LedgerRow, lastError: ErrorCode, refused: boolean): number | null {
  if (origin !== 'fallback' || placement.state !== 'local' || !OF_THIS_BODY.has(lastError)) return null;
  return refused ? REFUSED_FILE_MS : BROKEN_FILE_MS;
}
