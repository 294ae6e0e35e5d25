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

const RETRY_BASE_MS = 2_000;
/** For a file that fails by itself. */
const RETRY_CAP_MS = 10 * 60_000;
/** For S3's own refusals (rights, a wrong secret): once those end, every file shall follow at once. */
const REFUSED_CAP_MS = 30_000;
/** After the last try of a file that was written to the disk meanwhile, and that something before S3 refuses: should that be mended … */
const REFUSED_FILE_MS = 24 * 3600_000;
/** … or where nothing has said no to it, and only its connections break. */
const BROKEN_FILE_MS = 3600_000;
/**
 * Notes that a job could not move a row on, and when to try again; a row is given back untouched where S3 is away, which
 * is not its fault, and the breaker's probe says when that has ended. Where S3 answers and takes no uploads, the row that has
 * found out waits, so that the next one to try is another.
 * @throws what is no StorageError
 */
export async function noteFailure(deps: FailureParts, row: LedgerRow, error: unknown, work: JobWork = 'upload'): Promise<void> {
  if (!isStorageError(error)) throw error;
  if (isSilent(deps.buckets, work) || isStorageError(error, 'ABORTED', 'CIRCUIT_OPEN')) {
    await deps.ledger.release([row]);
    return;
  }
  // of S3's own troubles one warning was given when they began
  const lastError = codeOf(error);
  const ofThisFile = isOfOneFile(lastError) || lastError === 'DISK_FULL';
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
