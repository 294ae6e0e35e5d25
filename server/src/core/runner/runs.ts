import type { ErrorCode } from '../../contracts/errors';
import type { FindingKind, Finding, JobName, ReportAnswer, RunEntry, RunStatus, RunTrigger } from '../../contracts/jobs';
import type { VolumeId } from '../keys';
import type { JobOptions, NewFinding } from './job';
import type { ProgressSnapshot } from './run-progress';

/** A running run gives a sign every few seconds; after so long without one its process has died. In milliseconds. */
export const UNSEEN_MS = 60_000;

export interface NewRun {
  readonly job: JobName;
  readonly trigger: RunTrigger;
  /** The request that it is for; null: none. */
  readonly request: number | null;
  readonly options: JobOptions;
  /** The disk it works on; null for a job that concerns no single one. */
  readonly volume: VolumeId | null;
  /** Who this process is. */
  readonly holder: string;
}

export interface RunEnd {
  readonly status: Exclude<RunStatus, 'running'>;
  readonly error: ErrorCode | null;
  readonly snapshot: ProgressSnapshot;
}

/** One of the runs that a request has had. */
export interface RunTrace {
  readonly volume: VolumeId | null;
  readonly status: RunStatus;
  /** Its process died; the status is what became of it. */
  readonly died: boolean;
}

export interface PastRun {
  readonly entry: RunEntry;
  /** It did not go on where the one before it had been paused. */
  readonly fromStart: boolean;
}

export interface RunningRun {
  readonly entry: RunEntry;
  /** Since it began, in milliseconds, by the store's clock. */
  readonly lastsMs: number;
}

/**
 * The runs of all jobs in all processes; times are the store's own (the database's clock). A run whose process died is
 * answered as `paused`, as others go on with it; with the trigger `command`, where nobody does, as `failed`.
 */
export interface Runs {
  /** Notes a run that begins. @returns its id, never used again */
  begin(run: NewRun): Promise<number>;
  /** It still runs, and has come so far. No effect on one that has ended. */
  progress(id: number, snapshot: ProgressSnapshot): Promise<void>;
  /** Notes the end, and forgets what is older than the last 50 runs of its job, save what decides over requests. */
  end(id: number, end: RunEnd): Promise<RunEntry>;
  running(): Promise<RunningRun[]>;
  /** The process has died: what it ran is answered so at once, and not only when it was not seen for {@link UNSEEN_MS}. */
  abandon(holder: string): Promise<void>;
  /** The runs of a request, the latest first. */
  ofRequest(job: JobName, request: number): Promise<RunTrace[]>;
  /** Of each job the last run and the last dry run. */
  latest(): Promise<RunEntry[]>;
  /** This run and, as far as they are kept, those of its job and disk before it, the latest first; of a dry run only dry runs. */
  history(run: RunEntry): Promise<PastRun[]>;
}

export interface FindingsPage {
  readonly counts: ReportAnswer['counts'];
  /** Of the kind that was asked for. */
  readonly total: number;
  readonly results: Finding[];
}

/** What dry runs and audits found. Of each job only those of its last one are kept. */
export interface Findings {
  add(runId: number, findings: readonly NewFinding[]): Promise<void>;
  /** Forgets what the job's earlier runs found. */
  forgetBefore(job: JobName, runId: number): Promise<void>;
  /** In the order in which they were noted. @param kind only these; undefined: all */
  page(runId: number, page: { kind: FindingKind | undefined; offset: number; limit: number }): Promise<FindingsPage>;
}
