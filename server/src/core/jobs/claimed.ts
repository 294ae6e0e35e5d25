import type { LedgerRow } from '../ledger/state';
import type { Work } from '../ledger/words';
import type { MoveParts } from './deps';
import { isAway } from '../buckets/s3-there';

/** How long a row is claimed for, in milliseconds. Short, because the files of a process that was killed wait for so long. */
export const CLAIM_MS = 60_000;
const RENEWED_AFTER_MS = 20_000;

/** Renews claims while `work` lasts, as a large file may take hours. @param held the rows that are claimed at the moment */
export async function keepingClaims<T>({ ledger, holder = '' }: Pick<MoveParts, 'ledger' | 'holder'>, held: ReadonlySet<LedgerRow>, work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => {
    // at worst somebody does the same work once more
    if (held.size > 0) ledger.renewClaims([...held], CLAIM_MS, holder).catch(() => undefined);
  }, RENEWED_AFTER_MS);
  timer.unref();
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

export interface WorkOptions {
  /** Rows worked on at once; never more than a batch. */
  concurrency: number;
  signal: AbortSignal;
  /** Rows claimed at once. */
  batchSize: number;
  /** Called after each batch's number of rows, and at the end; never twice at a time. @returns false to end the work */
  afterBatch?(): Promise<boolean>;
}

export interface WorkResult {
  done: number;
  failed: number;
}

/**
 * Claims rows, batch by batch, and works on so many at once, while S3 is there and nobody stops it; a batch is claimed before the
 * last rows of the one before have moved. What was claimed and not come to is given back. Ends when as many rows as a batch has
 * have not moved on: they wait, each for its next attempt.
 * @param work answers whether the row has moved on; rejects only where no row could
 * @throws what a claim, `work` or `afterBatch` first rejected with, once what is in hand has ended
 */
export async function workOnClaimed(
  deps: MoveParts,
  request: Work,
  options: WorkOptions,
  work: (row: LedgerRow) => Promise<boolean>,
): Promise<WorkResult> {
  const { signal, batchSize, afterBatch = async () => true } = options;
  const concurrency = Math.min(options.concurrency, batchSize);
  const result: WorkResult = { done: 0, failed: 0 };
  const waiting: LedgerRow[] = [];
  /** Those that wait, and those that are worked on. */
  const held = new Set<LedgerRow>();
  const failures: unknown[] = [];
  let isOver = false;
  let isDry = false;
  let claiming: Promise<void> | undefined;
  let closing = Promise.resolve();
  let batch: WorkResult = { done: 0, failed: 0 };

  const goesOn = () => !isOver && !signal.aborted && !isAway(deps.buckets, request.work);
  const failed = (error: unknown) => {
    failures.push(error);
    isOver = true;
  };
  const claim = async () => {
    const rows = await deps.ledger.claim({ ...request, limit: batchSize }, CLAIM_MS, deps.holder);
    isDry = rows.length === 0;
    for (const row of rows) held.add(row);
    waiting.push(...rows);
  };
  const next = async (): Promise<LedgerRow | undefined> => {
    while (goesOn()) {
      if (waiting.length < concurrency && !isDry) claiming ??= claim().catch(failed).finally(() => (claiming = undefined));
      if (waiting.length > 0 || isDry) return waiting.shift();
      await claiming;
    }
    return undefined;
  };
  const close = (): Promise<void> => {
    if (batch.done === 0) isOver = true;
    batch = { done: 0, failed: 0 };
    closing = closing.then(async () => {
      if (!(await afterBatch())) isOver = true;
    });
    return closing;
  };
  const worker = async () => {
    try {
      for (let row = await next(); row; row = await next()) {
        const outcome = (await work(row)) ? 'done' : 'failed';
        held.delete(row);
        result[outcome]++;
        batch[outcome]++;
        if (batch.done + batch.failed >= batchSize) await close();
      }
    } catch (error) {
      failed(error);
    }
  };

  await keepingClaims(deps, held, async () => {
    for (let before = -1; result.done > before && goesOn(); ) {
      before = result.done;
      isDry = false;
      await Promise.all(Array.from({ length: concurrency }, worker));
    }
  });
  await claiming;
  if (failures.length > 0) {
    // as far as the database is there: else they wait until their claims end
    await deps.ledger.release(waiting).catch(() => undefined);
    throw failures[0];
  }
  await deps.ledger.release(waiting);
  await close();
  return result;
}
