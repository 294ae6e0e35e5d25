import type { JobName, JobProgress, RunEntry } from '../../contracts/jobs';
import type { Tallies } from '../ledger/tallies';
import { reports } from '../runner/run-once';
import type { PastRun, RunningRun } from '../runner/runs';

/** Before that a run's pace says nothing, in milliseconds. */
const PACE_AFTER_MS = 2_000;

type Amounts = Pick<JobProgress, 'done' | 'total' | 'failed' | 'bytesDone' | 'bytesTotal'>;
type Sum = Tallies['local'];

/**
 * How far a job is, over the whole library; of a dry run or an audit under way, how far that is.
 * @param isWayOut it is a restore that goes on, on the way out of S3
 */
export function progressOf(name: JobName, tallies: Tallies, running: readonly RunningRun[], last: RunEntry | null, isWayOut = false): JobProgress {
  const looking = running.find(({ entry }) => reports(entry))?.entry;
  const amounts = looking ?? (name === 'audit' ? (last ?? NOTHING) : isWayOut && last ? wayOutOf(tallies, last) : amountsOf(name, tallies));
  const { done, total, failed, bytesDone, bytesTotal } = amounts;
  const pace = paceOf(running);
  const etaSeconds = pace && pace.perSecond > 0 ? Math.ceil(Math.max(0, total - done) / pace.perSecond) : null;
  return { done, total, failed, bytesDone, bytesTotal, perSecond: pace?.perSecond ?? null, bytesPerSecond: pace?.bytesPerSecond ?? null, etaSeconds };
}

const NOTHING: Amounts = { done: 0, total: 0, failed: 0, bytesDone: 0, bytesTotal: 0 };

/**
 * Of a restore that is to leave no file away from its plain path: what is on the disk may still be to be checked and settled there,
 * which only the run knows that is under way, or was the last.
 */
function wayOutOf({ local, both, remote, failedOf }: Tallies, { done, total, bytesDone, bytesTotal }: RunEntry): Amounts {
  const whole = { count: sumOf([local, both, remote], 'count'), bytes: sumOf([local, both, remote], 'bytes') };
  return {
    done: Math.max(0, whole.count - Math.max(total - done, remote.count)),
    total: whole.count,
    failed: failedOf.local + failedOf.both + failedOf.remote,
    bytesDone: Math.max(0, whole.bytes - Math.max(bytesTotal - bytesDone, remote.bytes)),
    bytesTotal: whole.bytes,
  };
}

function amountsOf(name: JobName, { local, both, remote, trash, missing, pendingLibrary, failedOf }: Tallies): Amounts {
  const amounts = (done: Sum[], toDo: Sum[], failed: number): Amounts => ({
    done: sumOf(done, 'count'),
    total: sumOf([...done, ...toDo], 'count'),
    failed,
    bytesDone: sumOf(done, 'bytes'),
    bytesTotal: sumOf([...done, ...toDo], 'bytes'),
  });
  switch (name) {
    case 'upload':
      // what was found nowhere is not uploaded either: without it, 58 of 60 would be all
      return amounts([both, remote], [pendingLibrary, missing], failedOf.local + failedOf.missing);
    case 'cleanup':
      return amounts([remote], [both], failedOf.both);
    case 'restore':
      return amounts([local, both], [remote], failedOf.remote);
    case 'purge':
      return amounts([], [trash], 0);
    case 'audit':
      return NOTHING;
  }
}

function sumOf(sums: readonly Sum[], what: keyof Sum): number {
  return sums.reduce((total, sum) => total + sum[what], 0);
}

/**
 * A run together with those that it goes on with, which were paused right before it: when the first began, what all have done, and
 * how the last ended.
 * @param before its history, without itself
 */
export function wholeOf({ entry: run, fromStart }: PastRun, before: readonly PastRun[]): RunEntry {
  const all = [run];
  let beganAnew = fromStart;
  for (const { entry, fromStart: anew } of before) {
    if (beganAnew || entry.status !== 'paused') break;
    all.push(entry);
    beganAnew = anew;
  }
  const sum = (of: 'done' | 'bytesDone') => all.reduce((total, entry) => total + entry[of], 0);
  const requests = { ...run.requests };
  for (const kind of Object.keys(requests) as (keyof RunEntry['requests'])[]) requests[kind] = all.reduce((total, entry) => total + entry.requests[kind], 0);
  const [done, bytesDone] = [sum('done'), sum('bytesDone')];
  // each expected what those before it had left
  const total = done - run.done + run.total;
  const bytesTotal = bytesDone - run.bytesDone + run.bytesTotal;
  return { ...run, startedAt: (all.at(-1) ?? run).startedAt, done, total, bytesDone, bytesTotal, requests };
}

/** Of all processes together. */
function paceOf(running: readonly RunningRun[]): { perSecond: number; bytesPerSecond: number } | null {
  const telling = running.filter(({ lastsMs }) => lastsMs >= PACE_AFTER_MS);
  if (telling.length === 0) return null;
  const rate = (of: 'done' | 'bytesDone') => telling.reduce((sum, { entry, lastsMs }) => sum + (entry[of] * 1000) / lastsMs, 0);
  return { perSecond: Math.round(rate('done') * 100) / 100, bytesPerSecond: Math.round(rate('bytesDone')) };
}
