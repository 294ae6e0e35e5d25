import type { Work } from '../ledger/words';
import type { Buckets } from './buckets';

/** The work that a job does with a row. `settle` concerns only the ledger and the disk. */
export type JobWork = Work['work'] | 'settle';

/** Whether S3 is away for this work: nobody can write to it now or, for a restore, read from it. */
export function isAway(buckets: Buckets, work: JobWork): boolean {
  return isSilent(buckets, work) || (work === 'upload' && buckets.writable?.breaker.writes.takesTrial === false);
}

/** Does the same as {@link isAway}, except that S3 is not away while it answers and refuses uploads. */
export function isSilent(buckets: Buckets, work: JobWork): boolean {
  if (work === 'settle') return false;
  const breaker = work === 'restore' ? buckets.breaker : buckets.writable?.breaker;
  return breaker?.state.kind !== 'closed';
}
