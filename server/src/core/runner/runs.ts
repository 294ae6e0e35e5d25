import type { ErrorCode } from '../../contracts/errors';
import type { FindingKind, Finding, JobName, ReportAnswer, RunEntry, RunStatus, RunTrigger } from '../../contracts/jobs';
import type { VolumeId } from '../keys';
import type { JobOptions, NewFinding } from './job';
import type { ProgressSnapshot } from './run-progress';

/** Time without a sign of a run after which its process counts as dead, in milliseconds. A run gives a sign every few seconds. */
export const UNSEEN_MS = 60_000;

export interface NewRun {
  readonly job: JobName;
  readonly trigger: RunTrigger;
  /** The number of the request that the run obeys; null: none. */
  readonly request: number | null;
  readonly options: JobOptions;
  /** The disk that the run works on; null for a job that concerns no single disk. */
  readonly volume: VolumeId | null;
  /** The name of this process. */
  readonly holder: string;
}

export interface RunEnd {
  readonly status: Exclude<RunStatus, 'running'>;
  readonly error: ErrorCode | null;
  readonly snapshot: ProgressSnapshot;
}

/** One of the runs of a request. */
export interface RunTrace {
  readonly volume: VolumeId | null;
  readonly status: RunStatus;
  /** The process of the run died; `status` says how the run counts since. */
  readonly died: boolean;
}

export interface PastRun {
  readonly entry: RunEntry;
  /** The run did not go on where the run before it had paused. */
  readonly fromStart: boolean;
}

export interface RunningRun {
  readonly entry: RunEntry;
  /** Time since the run began, in milliseconds, by the database's clock. */
  readonly lastsMs: number;
}

/**
 * The runs of all jobs in all processes. Times are the database's. A run whose process died is answered as `paused`, because other
 * processes go on with it; with the trigger `command`, with which nobody goes on, it is answered as `failed`.
 */
export interface Runs {
  /** Notes that a run begins. @returns the id of the run, which no other run ever gets */
  begin(run: NewRun): Promise<number>;
  /** Notes the progress of a run that still runs. It has no effect on a run that has ended. */
  progress(id: number, snapshot: ProgressSnapshot): Promise<void>;
  /** Notes the end of a run, and forgets all but the last 50 runs of its job and those that requests still depend on. */
  end(id: number, end: RunEnd): Promise<RunEntry>;
  /** Returns the runs that are running now. */
  running(): Promise<RunningRun[]>;
  /** Notes that a process has died: its runs count as dead at once, and not only after {@link UNSEEN_MS} without a sign. */
  abandon(holder: string): Promise<void>;
  /** Returns the runs of a request, the latest first. */
  ofRequest(job: JobName, request: number): Promise<RunTrace[]>;
  /** Returns the last run and the last dry run of each job. */
  latest(): Promise<RunEntry[]>;
  /** Returns this run and the kept runs of its job and disk before it, the latest first. For a dry run, these are only dry runs. */
  history(run: RunEntry): Promise<PastRun[]>;
}

export interface FindingsPage {
  readonly counts: ReportAnswer['counts'];
  /** The number of findings of the requested kind. */
  readonly total: number;
  readonly results: Finding[];
}

/** The findings of dry runs and audits. Only those of the last such run of each job are kept. */
export interface Findings {
  add(runId: number, findings: readonly NewFinding[]): Promise<void>;
  /** Forgets the findings of the job's earlier runs. */
  forgetBefore(job: JobName, runId: number): Promise<void>;
  /** Returns findings in the order in which they were noted. @param kind the kind to return; undefined: all kinds */
  page(runId: number, page: { kind: FindingKind | undefined; offset: number; limit: number }): Promise<FindingsPage>;
}
