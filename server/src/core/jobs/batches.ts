import type { ErrorCode } from '../../contracts/errors';
import { isStorageError, isTransient } from '../errors';
import type { LedgerRow } from '../ledger/state';
import type { Work } from '../ledger/words';
import type { MoveParts } from './deps';
import { workOnClaimed } from './claimed';
import type { JobContext, JobOutcome, NewFinding } from '../runner/job';

export const paused = (code: ErrorCode | null): JobOutcome => ({ status: 'paused', code });

/**
 * Works on all rows of a kind, batch by batch, and says after each how far it is. A file that cannot be moved holds no other up:
 * it is reported, and tried again later. But where a whole batch came to nothing, the run ends.
 * @param ways.inHand how many rows are worked on at once, by default as many as may move at once
 * @param ways.afterBatch answers why the work must not go on, or null
 */
export async function workThrough(
  deps: MoveParts,
  context: JobContext,
  request: Work,
  work: (row: LedgerRow) => Promise<boolean>,
  ways: { inHand?: number; afterBatch?(): Promise<ErrorCode | null> } = {},
): Promise<JobOutcome> {
  const { options, signal, progress } = context;
  const failures: NewFinding[] = [];
  let failure: ErrorCode | null = null;
  let forbidden: ErrorCode | null = null;
  await workOnClaimed(
    deps,
    request,
    {
      concurrency: ways.inHand ?? options.concurrency,
      batchSize: options.batchSize,
      signal,
      async afterBatch() {
        await context.report(failures.splice(0));
        await context.commit();
        forbidden = (await ways.afterBatch?.()) ?? null;
        return forbidden === null;
      },
    },
    async (row) => {
      const moved = await work(row);
      const size = 'content' in row.placement ? row.placement.content.size : 0;
      if (moved) progress.done(size);
      // one that another write has overtaken has not failed
      const now = moved ? undefined : await deps.ledger.find(row.key);
      if (now?.lastError && now.attempts > row.attempts) {
        failure = now.lastError;
        progress.failed();
        failures.push({ kind: 'failed', key: row.key, name: null, size, code: failure, action: 'none', applied: false });
      }
      return moved;
    },
  );
  if (forbidden !== null) return paused(forbidden);
  if (signal.aborted) return paused(null);
  const cloud = deps.buckets.writable;
  if (!cloud) return paused('READ_ONLY');
  if (cloud.breaker.state.kind !== 'closed') return paused(cloud.breaker.state.cause.code);
  const { state } = cloud.breaker.writes;
  if (request.work === 'upload' && state.kind !== 'closed') return paused(state.cause.code);
  return (await deps.ledger.pendingWork(request)) ? paused(failure) : { status: 'complete' };
}

/** How a run ends that S3's absence, or its own end, has interrupted. @throws what is none of these */
export function interrupted(error: unknown): JobOutcome {
  if (isStorageError(error, 'ABORTED')) return paused(null);
  if (isStorageError(error, 'READ_ONLY', 'CIRCUIT_OPEN') || isTransient(error)) return paused(error.code);
  throw error;
}
