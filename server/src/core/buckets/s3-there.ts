import type { Work } from '../ledger/ledger';
import type { EngineParts } from '../media/deps';

/** What a job does with a row; `settle` is between the ledger and the disk alone. */
export type JobWork = Work['work'] | 'settle';

/** Whether S3 is not there for the work: to be changed, or, for a restore, to be read. */
export function isAway(deps: Pick<EngineParts, 'cloud' | 'breaker'>, work: JobWork): boolean {
  return isSilent(deps, work) || (work === 'upload' && deps.cloud()?.breaker.writes.takesTrial === false);
}

/** The same, but S3 that answers and takes no uploads is there. */
export function isSilent(deps: Pick<EngineParts, 'cloud' | 'breaker'>, work: JobWork): boolean {
  if (work === 'settle') return false;
  const breaker = work === 'restore' ? deps.breaker() : deps.cloud()?.breaker;
  return breaker?.state.kind !== 'closed';
}
