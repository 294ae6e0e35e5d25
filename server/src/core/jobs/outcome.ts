import type { ErrorCode } from '../../contracts/errors';
import { isStorageError, isTransient } from '../errors';
import type { Work } from '../ledger/words';
import type { MoveParts } from './deps';
import type { JobContext, JobOutcome } from '../runner/job';
import type { CountedResult } from './work-through';

export const paused = (code: ErrorCode | null): JobOutcome => ({ status: 'paused', code });

/** Returns how a run of phase 1 or 2 ends after it has worked through its rows. It is complete only if no row is left to do. */
export async function outcomeOf(deps: MoveParts, context: JobContext, request: Work, result: CountedResult): Promise<JobOutcome> {
  const ended = endedEarly(deps, context, result, request.work === 'upload');
  if (ended) return ended;
  return (await deps.ledger.pendingWork(request)) ? paused(result.failure) : { status: 'complete' };
}

/**
 * Returns how a run ends that had to leave rows undone for a reason outside them; undefined if it could look at all of them.
 * @param sends whether the job sends files to S3
 */
export function endedEarly({ buckets, instance }: Pick<MoveParts, 'buckets' | 'instance'>, { signal }: JobContext, { forbidden }: CountedResult, sends: boolean): JobOutcome | undefined {
  if (forbidden !== null) return paused(forbidden);
  if (signal.aborted) return paused(null);
  const bucket = buckets.writable;
  if (!bucket) return paused(instance.awaitsOwner ? (instance.ownerTrouble ?? 'OWNER_UNKNOWN') : 'READ_ONLY');
  if (bucket.breaker.state.kind !== 'closed') return paused(bucket.breaker.state.cause.code);
  const { state } = bucket.breaker.writes;
  return sends && state.kind !== 'closed' ? paused(state.cause.code) : undefined;
}

/** Returns how a run ends that was interrupted by a stop, or because S3 is away. @throws every other error */
export function interrupted(error: unknown): JobOutcome {
  if (isStorageError(error, 'ABORTED')) return paused(null);
  if (isStorageError(error, 'READ_ONLY', 'CIRCUIT_OPEN') || isTransient(error)) return paused(error.code);
  throw error;
}
