import type { LedgerRow, Work } from '../ledger/ledger';
import type { EngineParts } from '../media/deps';
import { isAway } from './s3-there';

const BATCH = 100;
/** Short, because the files of a process that was killed wait for so long. */
const CLAIM_MS = 60_000;

export interface WorkOptions {
  concurrency: number;
  signal: AbortSignal;
  batchSize?: number;
  /** Called after each batch, the last one included. @returns false to end the work */
  afterBatch?(): Promise<boolean>;
}

export interface WorkResult {
  done: number;
  failed: number;
}

/**
 * Claims rows, batch by batch, and works on so many at once, while S3 is there and nobody stops it. What was claimed and
 * not come to is given back. Ends when a batch has moved nothing on: its rows wait, each for its next attempt.
 * @param work answers whether the row has moved on; rejects only where no row could
 */
export async function workOnClaimed(
  deps: EngineParts,
  request: Work,
  options: WorkOptions,
  work: (row: LedgerRow) => Promise<boolean>,
): Promise<WorkResult> {
  const result: WorkResult = { done: 0, failed: 0 };
  const goesOn = () => !options.signal.aborted && !isAway(deps, request.work);
  while (goesOn()) {
    const rows = await deps.ledger.claim({ ...request, limit: options.batchSize ?? BATCH }, CLAIM_MS);
    let done = 0;
    const worker = async () => {
      while (goesOn()) {
        const row = rows.shift();
        if (!row) return;
        if (await work(row)) done++;
        else result.failed++;
      }
    };
    await Promise.all(Array.from({ length: options.concurrency }, worker));
    await deps.ledger.release(rows);
    result.done += done;
    const wanted = (await options.afterBatch?.()) ?? true;
    if (done === 0 || !wanted) break;
  }
  return result;
}
