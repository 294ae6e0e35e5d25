import type { ErrorCode } from '../../contracts/errors';
import type { JobName } from '../../contracts/jobs';
import { isStorageError } from '../errors';
import type { Instance } from '../instance';
import type { Job, JobOptions } from './job';
import type { RequestBook } from './request-book';
import type { Runs } from './runs';

export interface BlocksDeps {
  readonly jobs: readonly Job[];
  readonly book: RequestBook;
  readonly runs: Pick<Runs, 'running'>;
  readonly instance: Pick<Instance, 'mode' | 'reason' | 'isCopy'>;
  /** Whether the schedule of the cleanup is switched on. */
  cleanupIsScheduled(): boolean;
}

/** Jobs that undo each other's work, and the code that tells so. */
const RIVALS: Partial<Record<JobName, { readonly rival: JobName; readonly code: ErrorCode }>> = {
  cleanup: { rival: 'restore', code: 'RESTORE_WANTED' },
  restore: { rival: 'cleanup', code: 'CLEANUP_WANTED' },
};

/** Tells why jobs must not run now. */
export class Blocks {
  constructor(private readonly deps: BlocksDeps) {}

  /**
   * Returns the reason why a job must not run now; null if it may.
   * @param requestedAt time of the request for the job: of two rivals, the one that was requested first runs; undefined: nobody requested it
   */
  async of(job: Job, options: Pick<JobOptions, 'dryRun' | 'maxId' | 'apply'>, requestedAt?: Date): Promise<ErrorCode | null> {
    const ofMode = this.ofMode();
    if (ofMode && (changesS3(job.name) || (job.name === 'audit' && options.apply))) return ofMode;
    const rivals = options.dryRun ? undefined : RIVALS[job.name];
    if (rivals && (await this.#comesFirst(rivals.rival, requestedAt))) return rivals.code;
    const code = await job.blockedBy(options).catch(codeOfFailedLook);
    // if files cannot be reached because S3 is off, the reason of the mode says more
    return code === 'UNAVAILABLE' ? (ofMode ?? code) : code;
  }

  /** Returns the reason why a purge must not be started by hand: on a copy it would remove nothing from the bucket. Null if it may. */
  ofPurge(): ErrorCode | null {
    return this.deps.instance.isCopy ? this.ofMode() : null;
  }

  /** Returns the reason why the mode forbids changes in S3: not set up, a copy of production, leaving, …; null if it allows them. */
  ofMode(): ErrorCode | null {
    const { mode, reason } = this.deps.instance;
    return mode === 'read-write' ? null : (reason ?? 'READ_ONLY');
  }

  /** Whether a rival runs, or is scheduled or requested, so that the other job must wait. @param since time of the request for the other job */
  async #comesFirst(name: JobName, since: Date | undefined): Promise<boolean> {
    const { jobs, book, runs, cleanupIsScheduled } = this.deps;
    if (name === 'cleanup' && cleanupIsScheduled()) return true;
    if ((await runs.running()).some(({ entry }) => entry.job === name && !entry.dryRun)) return true;
    const job = jobs.find((candidate) => candidate.name === name);
    const request = (await book.list()).find((candidate) => candidate.name === name);
    if (!job || !request || request.options.dryRun) return false;
    // of two requests of the same millisecond the restore wins, because it removes nothing
    if (since && (request.requestedAt > since || (name === 'cleanup' && request.requestedAt >= since))) return false;
    return book.isWanted(job, request);
  }
}

/**
 * Turns a failure to find out whether a job may run into a code. A disk that does not tell its free room blocks the job that needs to
 * know it; the other jobs still run, and the panel shows all of them.
 * @throws an error that is neither a StorageError nor of `statfs`
 */
function codeOfFailedLook(error: unknown): ErrorCode {
  if (isStorageError(error)) return error.code;
  if (error instanceof Error && 'syscall' in error && error.syscall === 'statfs') return 'DISK_ERROR';
  throw error;
}

function changesS3(name: JobName): boolean {
  return name === 'upload' || name === 'cleanup' || name === 'relocate';
}
