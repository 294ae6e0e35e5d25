import type { StatusAnswer, Tally } from '../contracts/api';

const NONE: Tally = { count: 0, bytes: 0 };

/** Counts the files that are only in S3 while S3 is off or cannot be read. */
export function outOfReach({ mode, outage, objects }: Pick<StatusAnswer, 'mode' | 'outage' | 'objects'>): Tally {
  return mode === 'off' ? objects.remote : (outage?.unreadable ?? NONE);
}
