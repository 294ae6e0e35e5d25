import { NO_CRON } from '../../contracts/cron';
import { ERRORS, type ErrorCode } from '../../contracts/errors';
import {
  JOB_NAMES, parseSchedule, parseStart, SCHEDULED_JOBS, type JobAnswer, type JobName, type JobSchedule, type JobsAnswer, type Reason, type ReportAnswer, type RunEntry, type ScheduledJob,
} from '../../contracts/jobs';
import { parseReportQuery } from '../../contracts/objects';
import type { SettingsPatch } from '../../contracts/settings';
import { StorageError } from '../errors';
import type { Instance } from '../instance';
import type { LedgerReports } from '../ledger/reports';
import type { LedgerWrites } from '../ledger/writes';
import { RequestRefused } from '../refused';
import type { Blocks } from '../runner/blocks';
import { rangeOf, type Job } from '../runner/job';
import type { Outside } from '../jobs/relocate/outside';
import { progressOf, wholeOf, type Numbers } from './job-numbers';
import type { JobRequest, JobRequests } from '../runner/job-requests';
import type { ScheduleSetting } from '../runner/job-schedules';
import type { RequestBook } from '../runner/request-book';
import { reports } from '../runner/run-once';
import type { Findings, RunningRun, Runs } from '../runner/runs';

export interface JobsApiDeps {
  readonly jobs: readonly Job[];
  readonly ledger: Pick<LedgerReports, 'tallies'> & Pick<LedgerWrites, 'isEmpty'>;
  readonly outside: Pick<Outside, 'count'>;
  readonly runs: Pick<Runs, 'running' | 'latest' | 'history'>;
  readonly findings: Pick<Findings, 'page'>;
  readonly requests: JobRequests;
  readonly book: RequestBook;
  readonly blocks: Blocks;
  readonly instance: Pick<Instance, 'leaving'>;
  /** Returns the greatest file id from the settings; null: no limit. */
  maxId(): number | null;
  schedule(name: ScheduledJob): ScheduleSetting & { nextRunAt: Date | null };
  isCron(expression: string): boolean;
  updateSettings(patch: SettingsPatch): Promise<unknown>;
  /** Called after a request for a job was stored. */
  onRequest(): void;
  /** Makes the purge begin now. */
  purge(): void;
}

/** The facts that all jobs of one answer share. */
interface Seen extends Numbers {
  readonly running: readonly RunningRun[];
  readonly latest: Awaited<ReturnType<Runs['latest']>>;
  readonly asked: readonly JobRequest[];
}

/**
 * Does the work of the routes `/jobs`. Names and bodies come in unchecked.
 * @throws StorageError NO_SUCH_JOB, ALREADY_RUNNING, or the reason why the job is blocked; RequestRefused with each bad field
 */
export class JobsApi {
  constructor(private readonly deps: JobsApiDeps) {}

  async answer(): Promise<JobsAnswer> {
    const seen = await this.#look();
    const names = JOB_NAMES.filter((name) => name === 'purge' || this.#find(name));
    return { jobs: await Promise.all(names.map((name) => this.#answerOf(name, seen))) };
  }

  async start(name: string, body: unknown): Promise<JobAnswer> {
    const options = parseStart(body);
    if (!options.ok) throw new RequestRefused('INVALID_QUERY', options.fields);
    if (name === 'purge') {
      const blocked = this.deps.blocks.ofPurge();
      if (blocked) throw new StorageError(blocked);
      this.deps.purge();
      return this.#answerOf(name, await this.#look());
    }
    const job = this.#known(name);
    const { dryRun = false, apply = false, maxId = rangeOf(job.name, this.deps.maxId()) } = options.value;
    if (apply && job.name !== 'audit') throw new RequestRefused('INVALID_QUERY', [{ path: 'apply', message: 'is for the audit only' }]);
    const seen = await this.#look();
    const asked = seen.asked.find((request) => request.name === job.name);
    // a request that waits between two runs, for instance because a file failed, does not block this one: the job begins anew now
    if (seen.running.some(({ entry }) => entry.job === job.name) || (await this.deps.book.awaitsBegin(job, asked))) throw new StorageError('ALREADY_RUNNING');
    const code = await this.deps.blocks.of(job, { dryRun, maxId, apply });
    if (code) throw new StorageError(code);
    await this.deps.requests.start(job.name, options.value);
    this.deps.onRequest();
    return this.#answerOf(job.name, await this.#look());
  }

  async stop(name: string): Promise<JobAnswer> {
    const job = this.#known(name);
    try {
      // without this, the next tick of the schedule would undo the stop. It comes first, so that no tick falls between the two steps
      if (isScheduled(job.name) && this.deps.schedule(job.name).enabled && !(await this.#onlyLooks(job))) {
        await this.deps.updateSettings({ [`${job.name}ScheduleEnabled`]: false });
      }
    } finally {
      await this.deps.requests.stop(job.name);
    }
    return this.#answerOf(job.name, await this.#look());
  }

  async setSchedule(name: string, body: unknown): Promise<JobAnswer> {
    const job = this.#known(name);
    if (!isScheduled(job.name)) throw new StorageError('NO_SUCH_JOB');
    const parsed = parseSchedule(body);
    if (!parsed.ok) throw new RequestRefused('INVALID_QUERY', parsed.fields);
    const { enabled, expression } = parsed.value;
    if (expression !== undefined && !this.deps.isCron(expression)) throw new RequestRefused('INVALID_QUERY', [{ path: 'expression', message: NO_CRON }]);
    await this.deps.updateSettings({ [`${job.name}ScheduleEnabled`]: enabled, [`${job.name}Schedule`]: expression });
    return this.#answerOf(job.name, await this.#look());
  }

  async report(name: string, query: unknown): Promise<ReportAnswer> {
    const job = this.#known(name);
    const parsed = parseReportQuery(query);
    if (!parsed.ok) throw new RequestRefused('INVALID_QUERY', parsed.fields);
    const { kind, page, pageSize } = parsed.value;
    const run = (await this.deps.runs.latest()).filter((entry) => entry.job === job.name && reports(entry)).at(-1) ?? null;
    if (!run) return { run, counts: [], results: [], pagination: { page, pageSize, total: 0 } };
    const { counts, results, total } = await this.deps.findings.page(run.id, { kind, offset: (page - 1) * pageSize, limit: pageSize });
    return { run, counts, results, pagination: { page, pageSize, total } };
  }

  /** Whether only a dry run of the job can be stopped. A schedule has nothing to do with dry runs. */
  async #onlyLooks(job: Job): Promise<boolean> {
    const { runs, requests, book } = this.deps;
    const running = (await runs.running()).filter(({ entry }) => entry.job === job.name);
    if (running.length > 0) return running.every(({ entry }) => entry.dryRun);
    const asked = (await requests.list()).find((request) => request.name === job.name);
    return asked?.options.dryRun === true && (await book.isWanted(job, asked));
  }

  async #look(): Promise<Seen> {
    const { ledger, outside, runs, requests } = this.deps;
    return { tallies: await ledger.tallies(), outside: await outside.count(), running: await runs.running(), latest: await runs.latest(), asked: await requests.list() };
  }

  async #answerOf(name: JobName, seen: Seen): Promise<JobAnswer> {
    const last = (dryRun: boolean) => seen.latest.find((run) => run.job === name && run.dryRun === dryRun) ?? null;
    const running = seen.running.filter(({ entry }) => entry.job === name);
    const job = this.#find(name);
    const wanted = job !== undefined && (await this.deps.book.isWanted(job, seen.asked.find((request) => request.name === name)));
    const isLeaving = name === 'restore' && this.deps.instance.leaving && (wanted || running.length > 0);
    const lastRun = last(false);
    const progress = progressOf(name, seen, running, lastRun, isLeaving);
    // a plugin that was never used has looked at nothing, so that no job is complete
    const looked = lastRun !== null || (name !== 'audit' && !(await this.deps.ledger.isEmpty()));
    const common = { name, progress, looked, running: running.length > 0, lastRun: lastRun && (await this.#wholeOf(lastRun)), lastDryRun: last(true) };
    if (!job) {
      // this is the purge, which has no runs and is always on while S3 may be changed
      const blocked = this.deps.blocks.ofMode();
      const schedule = { enabled: true, expression: null, nextRunAt: null };
      return { ...common, wanted: false, complete: looked && progress.total === 0, schedule, blockedBy: reasonOf(blocked), warning: null };
    }
    const blocked = await this.deps.blocks.of(job, { dryRun: false, maxId: rangeOf(name, this.deps.maxId()), apply: false });
    const complete = await job.isComplete({ maxId: rangeOf(name, this.deps.maxId()) }, common.lastRun);
    return { ...common, wanted, complete, schedule: this.#scheduleOf(name), blockedBy: reasonOf(blocked), warning: reasonOf((await job.warning?.()) ?? null) };
  }

  async #wholeOf(run: RunEntry): Promise<RunEntry> {
    // a dry run or an audit begins anew with each run
    if (reports(run)) return run;
    const [last, ...before] = await this.deps.runs.history(run);
    return last ? wholeOf(last, before) : run;
  }

  #scheduleOf(name: JobName): JobSchedule {
    if (!isScheduled(name)) return { enabled: false, expression: null, nextRunAt: null };
    const { enabled, expression, nextRunAt } = this.deps.schedule(name);
    return { enabled, expression, nextRunAt: nextRunAt?.toISOString() ?? null };
  }

  #find(name: string): Job | undefined {
    return this.deps.jobs.find((job) => job.name === name);
  }

  #known(name: string): Job {
    const job = this.#find(name);
    if (!job) throw new StorageError('NO_SUCH_JOB');
    return job;
  }
}

function isScheduled(name: JobName): name is ScheduledJob {
  return (SCHEDULED_JOBS as readonly JobName[]).includes(name);
}

function reasonOf(code: ErrorCode | null): Reason | null {
  return code && { code, ...ERRORS[code] };
}
