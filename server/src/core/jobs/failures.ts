import { codeOf, isStorageError } from '../errors';
import type { LedgerRow } from '../ledger/ledger';
import type { EngineParts } from '../media/deps';

const RETRY_BASE_MS = 2_000;
/** For a file that fails by itself. */
const RETRY_CAP_MS = 10 * 60_000;
/** For S3's own refusals (rights, a wrong secret): once those end, every file shall follow at once. */
const REFUSED_CAP_MS = 30_000;

/**
 * Notes that a job could not move a row on, and when to try again; a row is given back untouched where S3 is away, which
 * is not its fault, and the breaker's probe says when that has ended.
 * @throws what is no StorageError
 */
export async function noteFailure(deps: EngineParts, row: LedgerRow, error: unknown): Promise<void> {
  if (!isStorageError(error)) throw error;
  if (deps.cloud()?.breaker.state.kind !== 'closed' || isStorageError(error, 'ABORTED', 'CIRCUIT_OPEN')) {
    await deps.ledger.release([row]);
    return;
  }
  // of S3's own troubles one warning was given when they began
  const ofThisFile = isStorageError(error, 'INTEGRITY', 'OBJECT_NOT_FOUND', 'DISK_ERROR', 'DISK_FULL');
  const ceiling = Math.min(ofThisFile ? RETRY_CAP_MS : REFUSED_CAP_MS, RETRY_BASE_MS * 2 ** Math.min(row.attempts, 20));
  await deps.ledger.recordFailure(row, codeOf(error), Math.round(ceiling * (0.5 + deps.clock.random() / 2)));
  deps.log[ofThisFile ? 'warn' : 'debug'](`"${row.key}" stays where it is for now: ${error.message} ${error.hint}`);
}
