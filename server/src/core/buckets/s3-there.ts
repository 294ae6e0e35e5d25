import type { Work } from '../ledger/words';
import type { Buckets } from './buckets';

/** What a job does with a row; `settle` is between the ledger and the disk alone. */
export type JobWork = Work['work'] | 'settle';

/** Whether S3 is away for this work: it cannot be written to or, for a restore, cannot be read. */
export function isAway(buckets: Buckets, work: JobWork): boolean {
  return isSilent(buckets, work) || (work === 'upload' && buckets.writable?.breaker.writes.takesTrial === false);
}

/** The same, but S3 that answers and refuses uploads counts as there. */
export function isSilent(buckets: Buckets, work: JobWork): boolean {
  if (work === 'settle') return false;
  const breaker = work === 'restore' ? buckets.breaker : buckets.writable?.breaker;
  return breaker?.state.kind !== 'closed';
}
