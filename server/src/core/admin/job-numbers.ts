import type { JobName, JobProgress, RunEntry } from '../../contracts/jobs';
import type { Tallies } from '../ledger/tallies';
import { reports } from '../runner/run-once';
import type { PastRun, RunningRun } from '../runner/runs';

/** Shortest time of a run after which its pace means anything, in milliseconds. */
const PACE_AFTER_MS = 2_000;

type Amounts = Pick<JobProgress, 'done' | 'total' | 'failed' | 'bytesDone' | 'bytesTotal'>;
type Sum = Tallies['local'];

/** The numbers of the whole library from which the progress of a job follows. */
export interface Numbers {
  readonly tallies: Tallies;
  /** The files whose object lies outside the present bucket and prefix. */
  readonly outside: Sum;
}

/**
 * Returns the progress of a job over the whole library. While a dry run or an audit runs, it is the progress of that run.
 * @param isLeaving the job is a restore that goes on while the project is leaving S3
 */
export function progressOf(name: JobName, { tallies, outside }: Numbers, running: readonly RunningRun[], last: RunEntry | null, isLeaving = false): JobProgress {
  const looking = running.find(({ entry }) => reports(entry))?.entry;
  const amounts = looking ?? (name === 'audit' ? (last ?? NOTHING) : isLeaving && last ? leavingOf(tallies, last) : amountsOf(name, tallies, outside));
  const { done, total, failed, bytesDone, bytesTotal } = amounts;
  const pace = paceOf(running);
  const etaSeconds = pace && pace.perSecond > 0 ? Math.ceil(Math.max(0, total - done) / pace.perSecond) : null;
  return { done, total, failed, bytesDone, bytesTotal, perSecond: pace?.perSecond ?? null, bytesPerSecond: pace?.bytesPerSecond ?? null, etaSeconds };
}

const NOTHING: Amounts = { done: 0, total: 0, failed: 0, bytesDone: 0, bytesTotal: 0 };

/**
 * Returns the progress of a restore while the project is leaving S3. Files that are already on the disk may still need checking and
 * settling. Only the present run, or else the last one, knows their number.
 */
function leavingOf({ local, both, remote, failedOf }: Tallies, { done, total, bytesDone, bytesTotal }: RunEntry): Amounts {
  const whole = { count: sumOf([local, both, remote], 'count'), bytes: sumOf([local, both, remote], 'bytes') };
  return {
    done: Math.max(0, whole.count - Math.max(total - done, remote.count)),
    total: whole.count,
    failed: failedOf.local + failedOf.both + failedOf.remote,
    bytesDone: Math.max(0, whole.bytes - Math.max(bytesTotal - bytesDone, remote.bytes)),
    bytesTotal: whole.bytes,
  };
}

function amountsOf(name: JobName, { local, both, remote, trash, missing, pendingLibrary, failedOf }: Tallies, outside: Sum): Amounts {
  const amounts = (done: Sum[], toDo: Sum[], failed: number): Amounts => ({
    done: sumOf(done, 'count'),
    total: sumOf([...done, ...toDo], 'count'),
    failed,
    bytesDone: sumOf(done, 'bytes'),
    bytesTotal: sumOf([...done, ...toDo], 'bytes'),
  });
  switch (name) {
    case 'upload':
      // a file that was found nowhere is not uploaded either: without the missing ones, 58 uploaded files of 60 would look complete
      return amounts([both, remote], [pendingLibrary, missing], failedOf.local + failedOf.missing);
    case 'cleanup':
      return amounts([remote], [both], failedOf.both);
    case 'restore':
      return amounts([local, both], [remote], failedOf.remote);
    case 'relocate': {
      const [count, bytes] = [sumOf([both, remote], 'count'), sumOf([both, remote], 'bytes')];
      // the tallies are younger than the other count
      return { done: Math.max(0, count - outside.count), total: count, failed: 0, bytesDone: Math.max(0, bytes - outside.bytes), bytesTotal: bytes };
    }
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
 * Joins a run with the paused runs right before it, with which it goes on. The result has the beginning of the first run, the work of all
 * of them, and the end of the last one.
 * @param before the history of the run, without the run itself, the latest first
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
  // each run expected only the work that the runs before it had left
  const total = done - run.done + run.total;
  const bytesTotal = bytesDone - run.bytesDone + run.bytesTotal;
  return { ...run, startedAt: (all.at(-1) ?? run).startedAt, done, total, bytesDone, bytesTotal, requests };
}

/** Returns the pace of all processes together, in files and bytes per second; null: no run has lasted long enough. */
function paceOf(running: readonly RunningRun[]): { perSecond: number; bytesPerSecond: number } | null {
  const telling = running.filter(({ lastsMs }) => lastsMs >= PACE_AFTER_MS);
  if (telling.length === 0) return null;
  const rate = (of: 'done' | 'bytesDone') => telling.reduce((sum, { entry, lastsMs }) => sum + (entry[of] * 1000) / lastsMs, 0);
  return { perSecond: Math.round(rate('done') * 100) / 100, bytesPerSecond: Math.round(rate('bytesDone')) };
}
