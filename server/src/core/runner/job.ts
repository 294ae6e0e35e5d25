import type { ErrorCode } from '../../contracts/errors';
import type { FindingAction, FindingKind, JobName, RunEntry } from '../../contracts/jobs';
import type { RunProgress } from './run-progress';

/** How one run is to be done; complete, every default filled in. */
export interface JobOptions {
  /** Changes nothing, and reports what would be done. */
  readonly dryRun: boolean;
  /** Files of the media library up to this id only; null: all. */
  readonly maxId: number | null;
  /** `audit`: puts right what can safely be. */
  readonly apply: boolean;
  /** Objects worked on at once. */
  readonly concurrency: number;
  /** Files taken up at once; progress is stored after each such batch. */
  readonly batchSize: number;
  /** `cleanup`: how long a file stays all the same, in milliseconds. */
  readonly cleanupGraceMs: number;
  /** Started by hand: the inventory begins anew instead of going on where the last one ended. */
  readonly fromStart: boolean;
}

/** Something to report of one file. */
export interface NewFinding {
  readonly kind: FindingKind;
  readonly key: string | null;
  readonly name: string | null;
  /** Bytes. */
  readonly size: number | null;
  readonly code: ErrorCode | null;
  readonly action: FindingAction;
  readonly applied: boolean;
  /** What applying it needs. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** What a run has of its runner. */
export interface JobContext {
  readonly options: JobOptions;
  /** Aborts when the run is to end: it finishes what is in hand, gives back what it has not begun, and returns. */
  readonly signal: AbortSignal;
  /** Aborts when somebody stops the run or the process is to end, but not when the run's time is up: what is read is broken off as well. */
  readonly halt: AbortSignal;
  /** Aborts when the process is to end: what is in hand is broken off as well, where that can take long. */
  readonly hurry: AbortSignal;
  readonly progress: RunProgress;
  /** Stores the progress so far; after each batch. */
  commit(): Promise<void>;
  /** Notes for the report; stored in batches. */
  report(findings: readonly NewFinding[]): Promise<void>;
  /** The id of this run, the same for ever and no other run's. */
  readonly runId: number;
}

/**
 * `paused`: not complete; it goes on in the next run. `code` says why, where it is not only that the signal aborted. `failed`: what
 * is left has been given up, and waits for somebody to look at it; another run would not fare better.
 */
export type JobOutcome =
  | { readonly status: 'complete' }
  | { readonly status: 'paused'; readonly code: ErrorCode | null }
  | { readonly status: 'failed'; readonly code: ErrorCode };

/** What the setting for a range means to a job: it is that of the migration, and a trial run of it must not cut short what looks at all. */
export function rangeOf(name: JobName, maxId: number | null): number | null {
  return name === 'restore' || name === 'audit' ? null : maxId;
}

/** A piece of work on the whole library, in runs of bounded length; harmless to run twice, or twice at once. */
export interface Job {
  readonly name: JobName;
  /** `disk`: each disk's own process runs it for that disk; `library`: one process for all. */
  readonly scope: 'disk' | 'library';
  /** Why it must not run now; null: it may. Cheap. */
  blockedBy(options: Pick<JobOptions, 'dryRun' | 'maxId' | 'apply'>): Promise<ErrorCode | null>;
  /** What keeps it from coming to what it is for, although it may run; null, or left out: nothing. Cheap. */
  warning?(): Promise<ErrorCode | null>;
  /**
   * Whether there is nothing left to do here, so that a schedule may rest; false where nothing was ever looked at. Cheap.
   * @param range as the next run would have it; without it, that of the last inventory
   * @param lastRun that was no dry run; null: there was none; without it, the ledger alone is asked
   */
  isComplete(range?: Pick<JobOptions, 'maxId'>, lastRun?: Pick<RunEntry, 'status'> | null): Promise<boolean>;
  /** @throws what is no one file's fault: the run counts as failed, and may be started again */
  run(context: JobContext): Promise<JobOutcome>;
}
