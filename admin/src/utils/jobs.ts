import type { JobAnswer, JobName, RunEntry } from '../../../server/src/contracts/jobs';
import { verdictOf } from './audit';

/** The jobs the page shows; the purge looks after itself. */
export const SHOWN_JOBS = ['upload', 'cleanup', 'restore', 'relocate', 'audit'] as const;
export type ShownJob = Extract<JobName, (typeof SHOWN_JOBS)[number]>;

export const isShown = (job: JobAnswer): job is JobAnswer & { name: ShownJob } => SHOWN_JOBS.some((name) => name === job.name);

/** Under way, or to go on by itself. */
export const isActive = ({ running, wanted }: JobAnswer) => running || wanted;

/** Whether a job means anything here. Most projects never have another bucket, and see nothing of the job that moves objects to it. */
export const isOffered = (job: JobAnswer): boolean =>
  job.name !== 'relocate' || isActive(job) || job.lastRun !== null || job.progress.done < job.progress.total;

/**
 * `trying`: a dry run is under way; `waiting`: asked for, between two runs; `blocked`: it cannot be started; `never`: it only
 * looks, and never has; `nothing`: it has never run, and there is nothing to do; `unseen`: nobody has looked whether there is
 * something to do. All of these and complete count before blocked: what has nothing to do needs no way out.
 */
export type Activity = 'running' | 'trying' | 'waiting' | 'complete' | 'nothing' | 'unseen' | 'blocked' | 'never' | 'idle';

/** Leave nothing to be done, whether they ever ran or not: only their last run tells what they are at. */
const LOOKS: readonly JobName[] = ['audit'];

export function activityOf(job: JobAnswer): Activity {
  if (job.running) return job.lastDryRun?.status === 'running' && job.lastRun?.status !== 'running' ? 'trying' : 'running';
  if (job.wanted) return 'waiting';
  const looks = LOOKS.includes(job.name);
  if (looks ? job.lastRun?.status === 'complete' : job.complete) {
    if (job.lastRun) return 'complete';
    return job.looked === false ? 'unseen' : 'nothing';
  }
  if (job.blockedBy) return 'blocked';
  if (job.name === 'restore' && job.looked === false) return 'unseen';
  return looks && !job.lastRun ? 'never' : 'idle';
}

/** The steps of leaving S3, each with its standing: done, next, or later. */
export type StepOut = 'leave-done' | 'restore-now' | 'restore-done' | 'restore-partly-done' | 'uninstall-later' | 'uninstall-now';

/**
 * The steps that remain once new files no longer go to S3.
 * @param nowhere how many files have no bytes anywhere: no restore brings them back
 */
export function stepsOut(restore: JobAnswer, nowhere: number): StepOut[] {
  if (activityOf(restore) !== 'complete') return ['leave-done', 'restore-now', 'uninstall-later'];
  return ['leave-done', nowhere > 0 || restore.progress.failed > 0 ? 'restore-partly-done' : 'restore-done', 'uninstall-now'];
}

/**
 * Whether there is progress worth a bar. A restore that nobody has asked for is no work half done, although most files are on the
 * disk anyway.
 */
export function hasProgress({ name, running, wanted, lastRun, progress }: JobAnswer): boolean {
  const isBegun = name !== 'restore' || wanted || lastRun !== null;
  return running || (progress.total > 0 && isBegun);
}

const CHANGES: readonly JobName[] = ['upload', 'cleanup', 'restore', 'relocate'];

/** Nobody has ever seen what it would do: it is to be tried before it is done. The audit changes nothing by itself. */
export const needsTrial = ({ name, lastRun, lastDryRun }: JobAnswer) =>
  CHANGES.includes(name) && lastRun === null && (lastDryRun === null || lastDryRun.endedAt === null);

/** The dry run worth showing: over, and newer than any real run. */
export function freshDryRun({ lastDryRun, lastRun }: JobAnswer): RunEntry | null {
  if (!lastDryRun || lastDryRun.endedAt === null) return null;
  // it may have begun before, and gone on since
  return lastRun && (lastRun.endedAt === null || lastRun.endedAt > lastDryRun.startedAt) ? null : lastDryRun;
}

/** The amount of work, as exactly as it is known. */
export function extentOf(job: JobAnswer): { count: number; bytes: number } {
  const run = freshDryRun(job);
  if (run) return { count: run.total, bytes: run.bytesTotal };
  const { done, total, bytesDone, bytesTotal } = job.progress;
  return { count: Math.max(0, total - done), bytes: Math.max(0, bytesTotal - bytesDone) };
}

/** Whether a job that has come to its end leaves nothing that is wrong: only that may be shown in green. */
export const isGood = ({ name, lastRun, progress }: JobAnswer): boolean =>
  name === 'audit' ? lastRun !== null && verdictOf(lastRun) === 'clean' : progress.failed === 0;

/** From 0 to 100, never rounded up to all; by bytes where there are any, as they tell more of the time. */
export function percentOf({ done, total, bytesDone, bytesTotal }: JobAnswer['progress']): number {
  if (total === 0) return 0;
  if (done >= total) return 100;
  const share = bytesTotal > 0 ? bytesDone / bytesTotal : done / total;
  return Math.min(99, Math.floor(share * 100));
}

/** Requests to S3 in all. */
export const requestsOf = ({ requests }: RunEntry) => requests.list + requests.head + requests.get + requests.put + requests.delete;

/** Files that a run could not do and that need a person: also those that it found nowhere, which it only passes by. */
export const undoneOf = ({ failed, skipped }: Pick<RunEntry, 'failed' | 'skipped'>): number =>
  skipped.filter(({ code }) => code === 'MISSING' || code === 'GIVEN_UP').reduce((sum, { count }) => sum + count, failed);

export type Announcement =
  | { kind: 'started'; job: ShownJob }
  | { kind: 'ended'; job: ShownJob; status: Exclude<RunEntry['status'], 'running'>; done: number; failed: number };

/** The announcements for screen readers: starts and ends, without the steps between them. */
export function announcementsOf(before: readonly JobAnswer[], after: readonly JobAnswer[]): Announcement[] {
  return after.filter(isShown).flatMap((job): Announcement[] => {
    const old = before.find(({ name }) => name === job.name);
    if (!old || isActive(old) === isActive(job)) return [];
    if (isActive(job)) return [{ kind: 'started', job: job.name }];
    const run = activityOf(old) === 'trying' ? job.lastDryRun : job.lastRun;
    const status = run && run.status !== 'running' ? run.status : 'complete';
    return [{ kind: 'ended', job: job.name, status, done: run?.done ?? 0, failed: run ? undoneOf(run) : 0 }];
  });
}
