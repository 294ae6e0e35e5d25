import type { ErrorCode } from '../../contracts/errors';
import type { FindingAction, FindingKind, JobName, RunEntry } from '../../contracts/jobs';
import type { RunProgress } from './run-progress';

/** The options of one run. Every default is filled in. */
export interface JobOptions {
  /** The run changes nothing, and reports what it would do. */
  readonly dryRun: boolean;
  /** Greatest id of the media library's files that the run works on; null: no limit. */
  readonly maxId: number | null;
  /** `audit`: the run repairs what it can repair safely. */
  readonly apply: boolean;
  /** Number of objects that move at once. */
  readonly concurrency: number;
  /** Number of files in a batch. The run stores its progress after each batch. */
  readonly batchSize: number;
  /** `cleanup`: grace before the sweeper may remove a freed file, in milliseconds. */
  readonly cleanupGraceMs: number;
  /** The inventory begins anew instead of going on where the last one ended, because somebody started the job by hand. */
  readonly fromStart: boolean;
}

/** One thing that a run reports about one file. */
export interface NewFinding {
  readonly kind: FindingKind;
  readonly key: string | null;
  readonly name: string | null;
  /** Size in bytes. */
  readonly size: number | null;
  readonly code: ErrorCode | null;
  readonly action: FindingAction;
  readonly applied: boolean;
  /** The data that *Apply* needs for this finding. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The things that the runner gives to a run. */
export interface JobContext {
  readonly options: JobOptions;
  /** Aborts when the run must end. The job then finishes the files that it has begun, gives the others back, and returns. */
  readonly signal: AbortSignal;
  /** Aborts when somebody stops the run or the process ends, but not when the run's time is up. The job then breaks reads off as well. */
  readonly halt: AbortSignal;
  /** Aborts when the process ends. The job then also breaks off begun files that may take long. */
  readonly hurry: AbortSignal;
  readonly progress: RunProgress;
  /** Stores the progress so far. The job calls it after each batch. */
  commit(): Promise<void>;
  /** Stores findings for the report. */
  report(findings: readonly NewFinding[]): Promise<void>;
  /** The id of this run, which never changes and which no other run ever has. */
  readonly runId: number;
}

/**
 * `paused`: the job is not complete, and goes on in the next run. `code` says why; it is null if only the signal aborted. `failed`: the
 * remaining files are given up and wait for somebody to look at them; another run would fail as well.
 */
export type JobOutcome =
  | { readonly status: 'complete' }
  | { readonly status: 'paused'; readonly code: ErrorCode | null }
  | { readonly status: 'failed'; readonly code: ErrorCode };

/** Returns the range that the settings give a job. The range is for the migration: every other job works on the whole library. */
export function rangeOf(name: JobName, maxId: number | null): number | null {
  return name === 'upload' || name === 'cleanup' ? maxId : null;
}

/** Work on the whole library, in runs of bounded length. It does no harm if it runs twice, even at the same time. */
export interface Job {
  readonly name: JobName;
  /** `disk`: a process of each disk runs the job for that disk. `library`: one process runs it for all. */
  readonly scope: 'disk' | 'library';
  /** Returns the reason why the job must not run now; null if it may. The call is cheap. */
  blockedBy(options: Pick<JobOptions, 'dryRun' | 'maxId' | 'apply'>): Promise<ErrorCode | null>;
  /** Returns the reason why the job cannot reach its aim although it may run; null if there is none. The call is cheap. */
  warning?(): Promise<ErrorCode | null>;
  /**
   * Whether nothing is left to do here, so that a schedule may rest. False if the job has never looked at anything. The call is cheap.
   * @param range the range of the next run; undefined: the range of the last inventory
   * @param lastRun the last run that was no dry run; null: there was none; undefined: the job asks only the ledger
   */
  isComplete(range?: Pick<JobOptions, 'maxId'>, lastRun?: Pick<RunEntry, 'status'> | null): Promise<boolean>;
  /** @throws an error that no single file has caused: the run then counts as failed, and somebody may start it again */
  run(context: JobContext): Promise<JobOutcome>;
}
