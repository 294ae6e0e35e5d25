import type { ErrorCode } from '../../contracts/errors';
import type { JobName } from '../../contracts/jobs';
import { isStorageError } from '../errors';
import type { Permit } from '../instance';
import type { Job, JobOptions } from './job';
import type { RequestBook } from './request-book';
import type { Runs } from './runs';

export interface BlocksDeps {
  readonly jobs: readonly Job[];
  readonly book: RequestBook;
  readonly runs: Pick<Runs, 'running'>;
  readonly instance: Permit;
  /** The schedule of the cleanup is switched on. */
  cleanupIsScheduled(): boolean;
}

/** What one undoes of the other, and how either is told. */
const RIVALS: Partial<Record<JobName, { readonly rival: JobName; readonly code: ErrorCode }>> = {
  cleanup: { rival: 'restore', code: 'RESTORE_WANTED' },
  restore: { rival: 'cleanup', code: 'CLEANUP_WANTED' },
};

/** Why jobs must not run now. */
export class Blocks {
  constructor(private readonly deps: BlocksDeps) {}

  /** @param requestedAt of two that were asked for at once, the first one runs; undefined: not asked for */
  async of(job: Job, options: Pick<JobOptions, 'dryRun' | 'maxId' | 'apply'>, requestedAt?: Date): Promise<ErrorCode | null> {
    const ofMode = this.ofMode();
    if (ofMode && (changesS3(job.name) || (job.name === 'audit' && options.apply))) return ofMode;
    const rivals = options.dryRun ? undefined : RIVALS[job.name];
    if (rivals && (await this.#isUp(rivals.rival, requestedAt))) return rivals.code;
    const code = await job.blockedBy(options).catch(unknown);
    // what cannot be reached because S3 is off has the settings' reason
    return code === 'UNAVAILABLE' ? (ofMode ?? code) : code;
  }

  /** Why nothing in S3 may be changed, in the settings' own words: not set up, a copy of production, on the way out, … */
  ofMode(): ErrorCode | null {
    const { mode, reason } = this.deps.instance;
    return mode === 'read-write' ? null : (reason ?? 'READ_ONLY');
  }

  async #isUp(name: JobName, since: Date | undefined): Promise<boolean> {
    const { jobs, book, runs, cleanupIsScheduled } = this.deps;
    if (name === 'cleanup' && cleanupIsScheduled()) return true;
    if ((await runs.running()).some(({ entry }) => entry.job === name && !entry.dryRun)) return true;
    const job = jobs.find((candidate) => candidate.name === name);
    const request = (await book.list()).find((candidate) => candidate.name === name);
    if (!job || !request || request.options.dryRun) return false;
    // of two of the same millisecond it is the restore, which takes nothing away
    if (since && (request.requestedAt > since || (name === 'cleanup' && request.requestedAt >= since))) return false;
    return book.isWanted(job, request);
  }
}

/**
 * A disk that does not tell its room keeps the job that needs to know from running, and the others from nothing: neither from
 * being run nor from being shown. @throws what is not of the disk
 */
function unknown(error: unknown): ErrorCode {
  if (isStorageError(error)) return error.code;
  if (error instanceof Error && 'syscall' in error && error.syscall === 'statfs') return 'DISK_ERROR';
  throw error;
}

function changesS3(name: JobName): boolean {
  return name === 'upload' || name === 'cleanup';
}
