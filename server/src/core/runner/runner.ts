import { ERRORS, type ErrorCode } from '../../contracts/errors';
import type { JobName, RunEntry, StartRequest } from '../../contracts/jobs';
import { codeOf, StorageError, tellsNoAnswer } from '../errors';
import type { Blocks } from './blocks';
import { isOfOneFile } from '../ledger/given-up';
import { rangeOf, type Job, type JobOptions } from './job';
import type { JobRequest } from './job-requests';
import type { LeasedWork, LeaseHolder } from '../leases/lease-holder';
import type { RequestBook } from './request-book';
import type { ProgressSnapshot } from './run-progress';
import { runOnce, type RunDeps, type RunSpec } from './run-once';
import { Worker } from '../worker';

/** Interval at which a process looks for requests, in milliseconds. */
const POLL_MS = 2_000;
/** Longest time of one run, in milliseconds: less than the two minutes between two ticks of the default schedule. */
const BUDGET_MS = 100_000;
/** Delay after a run that paused before its time was up, for instance because S3 did not answer, in milliseconds. */
const RETRY_MS = 10_000;
/** Number of runs after which a command ends if S3, or the disk, refused each of them and they moved nothing: somebody must act. */
const REFUSED_RUNS = 3;

export interface RunnerDeps extends RunDeps {
  readonly jobs: readonly Job[];
  readonly book: RequestBook;
  readonly blocks: Blocks;
  readonly leases: LeaseHolder;
  /** Returns the options from the settings, for everything that a start leaves open. */
  defaults(): Pick<JobOptions, 'maxId' | 'concurrency' | 'batchSize' | 'cleanupGraceMs'>;
  /** Whether S3 is known not to answer. */
  s3Away(): boolean;
  /** Overrides {@link POLL_MS} in tests, in milliseconds. */
  readonly pollMs?: number;
  /** Overrides {@link BUDGET_MS} in tests, in milliseconds. */
  readonly budgetMs?: number;
  /** Overrides {@link RETRY_MS} in tests, in milliseconds. */
  readonly retryMs?: number;
}

export interface CommandHooks {
  /** Ends the run after it has finished the files that it has begun. */
  readonly signal: AbortSignal;
  /** Called at least every few seconds with the numbers of the present run. They begin anew after a pause. */
  onProgress(snapshot: ProgressSnapshot): void;
  /** Called when a run has ended and another one follows in a few seconds. `code`: the failure of S3 or of a file; null: none. */
  onPaused(code: ErrorCode | null): void;
}

/**
 * Runs the jobs: those that somebody requested in any process, those that a schedule makes due, and those of the command line. In all
 * processes together, each job has one run at a time for each disk. That only saves double work, because the jobs may run twice.
 */
export class JobRunner {
  readonly #jobs: ReadonlyMap<JobName, Job>;
  readonly #underWay = new Map<JobName, Promise<unknown>>();
  /** Requests that no longer concern this process. */
  readonly #finished = new Map<JobName, number>();
  /** Time at which the request for a paused job goes on, by the clock's `elapsed`. */
  readonly #retryAt = new Map<JobName, { readonly request: number; readonly at: number }>();
  readonly #stopped = new AbortController();
  readonly #worker: Worker;
  /** Whether the last look for requests failed. */
  #cannotRead = false;

  constructor(private readonly deps: RunnerDeps) {
    this.#jobs = new Map(deps.jobs.map((job) => [job.name, job]));
    this.#worker = new Worker('jobs', () => deps.pollMs ?? POLL_MS, () => this.#poll(), deps.log);
  }

  /** Begins to obey requests. Only a process that serves HTTP may call it. */
  start(): void {
    this.#worker.start();
  }

  /** Looks for requests at once. */
  wake(): void {
    this.#worker.wake();
  }

  /** Pauses all runs, and resolves when each of them has given back what it held. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#worker.stop();
    await Promise.all(this.#underWay.values());
  }

  /** Runs a job because its schedule is due. It does nothing if there is nothing to do, or if the job must not run now. Never rejects. */
  async tick(name: JobName): Promise<void> {
    const job = this.#jobs.get(name);
    if (!job || this.#underWay.has(name) || this.#stopped.signal.aborted) return;
    await this.#occupy(job, async () => {
      if (this.deps.s3Away() || (await job.isComplete(this.deps.defaults()))) return;
      const options = this.#options(job, {}, false);
      await this.deps.leases.during(this.#lease(job, false), async () => {
        if (await this.deps.blocks.of(job, options)) return;
        await this.#run({ job, options, trigger: 'schedule', request: null });
      });
    });
  }

  /**
   * Runs a job for the command line until nothing is left to do, however long it takes. It waits while S3 does not answer, but it ends if
   * S3 goes on refusing.
   * @returns the end of its last run: `complete`, `failed`, `stopped`, or `paused` for a reason that waiting does not end
   * @throws StorageError NO_SUCH_JOB; ALREADY_RUNNING; or the reason why the job is blocked
   */
  async runNow(name: JobName, given: Partial<JobOptions>, hooks: CommandHooks): Promise<RunEntry> {
    const job = this.#jobs.get(name);
    if (!job) throw new StorageError('NO_SUCH_JOB');
    let ended: RunEntry | undefined;
    const free = await this.deps.leases.during(this.#lease(job, given.dryRun ?? false), async () => {
      let refused = 0;
      for (let fromStart = true; ; fromStart = false) {
        const options = { ...this.#options(job, {}, fromStart), ...withoutUndefined(given) };
        const code = await this.deps.blocks.of(job, options);
        if (code && ended) {
          // something has blocked the job since its last run, and the work of that run stays done
          ended = { ...ended, error: { code, ...ERRORS[code] } };
          return;
        }
        if (code) throw new StorageError(code);
        const spec: RunSpec = { job, options, trigger: 'command', request: null, budgetMs: null, onProgress: hooks.onProgress };
        ended = await runOnce(this.deps, spec, hooks.signal);
        if (ended.status !== 'paused') return;
        if (ended.done > 0) refused = 0;
        else if (ended.error && isRefusal(ended.error.code)) refused++;
        if (refused >= REFUSED_RUNS) return;
        hooks.onPaused(ended.error?.code ?? null);
        // if this aborts, the next run ends at once, as `stopped`
        await this.deps.clock.sleep(this.#retryMs, hooks.signal).catch(() => undefined);
      }
    });
    if (!free || !ended) throw new StorageError('ALREADY_RUNNING');
    return ended;
  }

  async #poll(): Promise<void> {
    try {
      await this.#look();
      this.#cannotRead = false;
    } catch (error) {
      // the log gets this line once, and not every two seconds
      if (!this.#cannotRead) this.deps.log.warn(`The requests for jobs cannot be read (${codeOf(error)}): ${String(error)}`);
      this.#cannotRead = true;
    }
  }

  async #look(): Promise<void> {
    for (const request of await this.deps.book.list()) {
      const job = this.#jobs.get(request.name);
      if (!job || this.#stopped.signal.aborted || this.#underWay.has(job.name) || this.#finished.get(job.name) === request.number) continue;
      const standing = await this.deps.book.standing(job, request);
      // a schedule may have started the job meanwhile
      if (this.#underWay.has(job.name)) continue;
      if (standing === 'done') this.#finished.set(job.name, request.number);
      const retry = this.#retryAt.get(job.name);
      const rests = retry?.request === request.number && this.deps.clock.elapsed() < retry.at;
      const waits = this.deps.s3Away() || rests;
      // nothing awaits this run, so that the loop goes on to the other jobs
      if (!waits && (standing === 'new' || standing === 'again')) void this.#occupy(job, () => this.#obey(job, request)).then((goesOn) => goesOn && this.wake());
    }
  }

  /** @returns true if the run's time was up, so that the job goes on at once */
  async #obey(job: Job, request: JobRequest): Promise<boolean> {
    let goesOn = false;
    await this.deps.leases.during(this.#lease(job, request.options.dryRun ?? false), async () => {
      // another process may have been faster
      const standing = await this.deps.book.standing(job, request);
      if (this.#stopped.signal.aborted || (standing !== 'new' && standing !== 'again')) return;
      const options = this.#options(job, request.options, standing === 'new');
      if (await this.deps.blocks.of(job, options, request.requestedAt)) return;
      const { clock } = this.deps;
      const begunAt = clock.elapsed();
      const { status } = await this.#run({ job, options, trigger: 'panel', request: request.number });
      if (status !== 'paused') return;
      // nine tenths of the time are enough, because a timer may be early
      goesOn = clock.elapsed() - begunAt >= this.#budgetMs * 0.9;
      if (!goesOn) this.#retryAt.set(job.name, { request: request.number, at: clock.elapsed() + this.#retryMs });
    });
    return goesOn;
  }

  /**
   * Keeps other work of this process away from the job while `work` lasts. Never rejects. A caller must not await anything between its look
   * at `#underWay` and this call: the lease does not keep one process from running a job twice, because the holder is the same.
   */
  async #occupy<T>(job: Job, work: () => Promise<T>): Promise<T | undefined> {
    if (this.#underWay.has(job.name)) return undefined;
    const working = work().catch((error: unknown) => {
      this.deps.log.error(`${job.name} could not be run (${codeOf(error)}): ${String(error)}`);
      return undefined;
    });
    this.#underWay.set(job.name, working);
    const result = await working;
    this.#underWay.delete(job.name);
    return result;
  }

  #run(spec: Omit<RunSpec, 'budgetMs'>): Promise<RunEntry> {
    return runOnce(this.deps, { ...spec, budgetMs: this.#budgetMs }, this.#stopped.signal);
  }

  get #budgetMs(): number {
    return this.deps.budgetMs ?? BUDGET_MS;
  }

  get #retryMs(): number {
    return this.deps.retryMs ?? RETRY_MS;
  }

  #options({ name }: Job, { dryRun = false, apply = false, maxId }: StartRequest, fromStart: boolean): JobOptions {
    const defaults = this.deps.defaults();
    return { ...defaults, maxId: maxId ?? rangeOf(name, defaults.maxId), dryRun, apply, fromStart };
  }

  #lease(job: Job, dryRun: boolean): LeasedWork {
    return job.scope === 'library' || dryRun ? `job:${job.name}` : `job:${job.name}:${this.deps.volume()}`;
  }
}

/** Whether neither waiting nor another attempt helps against `code`. The trouble of a single file is not meant: such a file is given up in the end. */
function isRefusal(code: ErrorCode): boolean {
  return !tellsNoAnswer(code) && !isOfOneFile(code);
}

function withoutUndefined<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
