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

/** How often a process looks for what was asked of it, in milliseconds. */
const POLL_MS = 2_000;
/** One run at most, in milliseconds: of the two minutes between two ticks. */
const BUDGET_MS = 100_000;
/** After a run that was paused before its time was up, as S3 went away, in milliseconds. */
const RETRY_MS = 10_000;
/** A command ends after so many runs that S3, or the disk, has refused and that moved nothing: somebody has to do something. */
const REFUSED_RUNS = 3;

export interface RunnerDeps extends RunDeps {
  readonly jobs: readonly Job[];
  readonly book: RequestBook;
  readonly blocks: Blocks;
  readonly leases: LeaseHolder;
  /** What the settings say, for everything that a start leaves open. */
  defaults(): Pick<JobOptions, 'maxId' | 'concurrency' | 'batchSize' | 'cleanupGraceMs'>;
  /** S3 is known not to answer. */
  s3Away(): boolean;
  /** Shorter in tests. */
  readonly pollMs?: number;
  readonly budgetMs?: number;
  readonly retryMs?: number;
}

export interface CommandHooks {
  /** Ends the run: what is in hand is finished. */
  readonly signal: AbortSignal;
  /** Every few seconds at least; of the present run, which begins anew after a pause. */
  onProgress(snapshot: ProgressSnapshot): void;
  /** A run has ended, and another follows in a few seconds. `code`: of S3, which is away, or of a file that failed; null: none. */
  onPaused(code: ErrorCode | null): void;
}

/**
 * Runs the jobs: those that somebody asked for in any process, those that are due, and those of the command line. One run of
 * a job and disk at a time, in all processes; that saves double work only, as the jobs may run twice.
 */
export class JobRunner {
  readonly #jobs: ReadonlyMap<JobName, Job>;
  readonly #underWay = new Map<JobName, Promise<unknown>>();
  /** Requests that no longer concern this process. */
  readonly #settled = new Map<JobName, number>();
  /** When the request for a job that was paused goes on, by the clock's `elapsed`. */
  readonly #retryAt = new Map<JobName, { readonly request: number; readonly at: number }>();
  readonly #stopped = new AbortController();
  readonly #worker: Worker;
  #deaf = false;

  constructor(private readonly deps: RunnerDeps) {
    this.#jobs = new Map(deps.jobs.map((job) => [job.name, job]));
    this.#worker = new Worker('jobs', () => deps.pollMs ?? POLL_MS, () => this.#poll(), deps.log);
  }

  /** Begins to do what is asked for. Only in a process that serves HTTP. */
  start(): void {
    this.#worker.start();
  }

  /** Something was asked for. */
  wake(): void {
    this.#worker.wake();
  }

  /** Pauses what runs, and resolves when all of it has given back what it had in hand. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#worker.stop();
    await Promise.all(this.#underWay.values());
  }

  /** A schedule's turn: rests where there is nothing to do, or where it must not be done now. Never rejects. */
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
   * For the command line: runs until nothing is left, however long it takes; waits where S3 is away, but not where it refuses.
   * @returns how the last of its runs ended: `complete`, `failed`, `stopped`, or `paused` for what waiting does not end
   * @throws StorageError NO_SUCH_JOB; ALREADY_RUNNING; why it is blocked
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
          // forbidden meanwhile: what was done before stays so
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
        // aborted: the next run ends at once, as stopped
        await this.deps.clock.sleep(this.#retryMs, hooks.signal).catch(() => undefined);
      }
    });
    if (!free || !ended) throw new StorageError('ALREADY_RUNNING');
    return ended;
  }

  async #poll(): Promise<void> {
    try {
      await this.#look();
      this.#deaf = false;
    } catch (error) {
      // told once, not every two seconds
      if (!this.#deaf) this.deps.log.warn(`What was asked of the jobs cannot be read (${codeOf(error)}): ${String(error)}`);
      this.#deaf = true;
    }
  }

  async #look(): Promise<void> {
    for (const request of await this.deps.book.list()) {
      const job = this.#jobs.get(request.name);
      if (!job || this.#stopped.signal.aborted || this.#underWay.has(job.name) || this.#settled.get(job.name) === request.number) continue;
      const standing = await this.deps.book.standing(job, request);
      // a schedule's turn may have come meanwhile
      if (this.#underWay.has(job.name)) continue;
      if (standing === 'done') this.#settled.set(job.name, request.number);
      const retry = this.#retryAt.get(job.name);
      const rests = retry?.request === request.number && this.deps.clock.elapsed() < retry.at;
      const waits = this.deps.s3Away() || rests;
      // not awaited: other jobs are looked for meanwhile
      if (!waits && (standing === 'new' || standing === 'again')) void this.#occupy(job, () => this.#obey(job, request)).then((goesOn) => goesOn && this.wake());
    }
  }

  /** @returns true when the run's time was up, and it goes on at once */
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
      // nine tenths: a timer may be early
      goesOn = clock.elapsed() - begunAt >= this.#budgetMs * 0.9;
      if (!goesOn) this.#retryAt.set(job.name, { request: request.number, at: clock.elapsed() + this.#retryMs });
    });
    return goesOn;
  }

  /**
   * The job is this process's for as long as `work` lasts. Never rejects. Nothing may be awaited between the question whether the job
   * is under way and this: the lease does not keep a process from running a job twice, as it is the same holder.
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

/** What neither waiting ends nor trying again, unlike a file's own trouble, with which it is given up in the end. */
function isRefusal(code: ErrorCode): boolean {
  return !tellsNoAnswer(code) && !isOfOneFile(code);
}

function withoutUndefined<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
