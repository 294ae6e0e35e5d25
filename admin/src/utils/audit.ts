import type { AuditResult, JobAnswer, ReportAnswer, RunEntry } from '../../../server/src/contracts/jobs';

/** The changes that an audit's plan would make; null if there are none, or if they were made. */
export function planOf({ counts, results }: Pick<ReportAnswer, 'counts' | 'results'>): { count: number; bytes: number } | null {
  const planned = counts.filter(({ action }) => action !== 'none');
  const count = planned.reduce((sum, entry) => sum + entry.count, 0);
  const seen = results.filter(({ action }) => action !== 'none');
  const done = seen.length > 0 && seen.every(({ applied }) => applied);
  return count === 0 || done ? null : { count, bytes: planned.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/**
 * The verdict of an audit that has ended: `clean`: all was looked at, and nothing is left to be put right; `problems`;
 * `lost`: files are nowhere; `partly`: nothing was found in what was looked at, but not everything was; `unknown`: an older
 * version did not note what it looked at.
 */
export type Verdict = 'clean' | 'problems' | 'lost' | 'partly' | 'unknown';

export function verdictOf({ audit }: Pick<RunEntry, 'audit'>): Verdict {
  if (!audit) return 'unknown';
  if (audit.lost > 0) return 'lost';
  if (audit.findings > audit.applied) return 'problems';
  return notLookedAt(audit).length > 0 ? 'partly' : 'clean';
}

/** The parts of the library that an audit had to leave out. */
export function notLookedAt({ bucket, disk }: AuditResult): ('bucket' | 'buckets' | 'disk')[] {
  return [...(bucket === 'unchecked' ? (['bucket'] as const) : bucket === 'partly' ? (['buckets'] as const) : []), ...(disk ? [] : (['disk'] as const))];
}

/** Another job has moved files, or tried to, since the audit began: what it has found may be mended, and more may be wrong. */
export const isOutdated = (run: RunEntry, jobs: readonly JobAnswer[]): boolean =>
  jobs.some(({ name, lastRun }) => name !== 'audit' && lastRun !== null && hasWorked(lastRun) && (lastRun.endedAt === null || lastRun.endedAt > run.startedAt));

/** A schedule that finds nothing to do, every two minutes, changes nothing. */
const hasWorked = ({ done, failed }: RunEntry) => done + failed > 0;
