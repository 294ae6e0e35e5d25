import type { ErrorCode } from '../../contracts/errors';
import { isStorageError, isTransient } from '../errors';
import type { Work } from '../ledger/words';
import type { MoveParts } from './deps';
import type { JobContext, JobOutcome } from '../runner/job';
import type { CountedResult } from './work-through';

export const paused = (code: ErrorCode | null): JobOutcome => ({ status: 'paused', code });

/** How a run of phase 1 or 2 ends that has worked through its rows. Where a whole batch came to nothing, it is not complete. */
export async function outcomeOf(deps: MoveParts, { signal }: JobContext, request: Work, { failure, forbidden }: CountedResult): Promise<JobOutcome> {
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
