import type { ReportAnswer } from '../../../server/src/contracts/jobs';

/** What applying an audit's plan would change; null when there is nothing, or it was done. */
export function planOf({ counts, results }: Pick<ReportAnswer, 'counts' | 'results'>): { count: number; bytes: number } | null {
  const planned = counts.filter(({ action }) => action !== 'none');
  const count = planned.reduce((sum, entry) => sum + entry.count, 0);
  const seen = results.filter(({ action }) => action !== 'none');
  const done = seen.length > 0 && seen.every(({ applied }) => applied);
  return count === 0 || done ? null : { count, bytes: planned.reduce((sum, { bytes }) => sum + bytes, 0) };
}
