import { cronSchedules, isCron } from '../adapters/strapi/schedules';
import { knexFindings } from '../adapters/database/findings';
import { knexJobRequests } from '../adapters/database/job-requests';
import { knexRuns } from '../adapters/database/runs';
import type { Transactions } from '../adapters/database/transactions';
import { Blocks } from '../core/runner/blocks';
import type { JobRequests } from '../core/runner/job-requests';
import { JobSchedules, scheduleOf } from '../core/runner/job-schedules';
import { JobsApi } from '../core/admin/jobs';
import { LeaseHolder } from '../core/leases/lease-holder';
import type { Predecessors } from '../core/runner/predecessors';
import type { Leases } from '../core/leases/leases';
import { libraryJobs, type LibraryJobsDeps } from '../core/jobs/all';
import { Outside } from '../core/jobs/relocate/outside';
import { RequestBook } from '../core/runner/request-book';
import { JobRunner } from '../core/runner/runner';
import type { Connections } from '../core/buckets/connections';
import type { Instance } from '../core/instance';
import type { SettingsService } from '../core/settings/service';
import { SCHEDULED_JOBS, type ScheduledJob } from '../contracts/jobs';
import type { SettingsPatch } from '../contracts/settings';
import type { VolumeRegistry } from '../core/volumes/registry';

const DAY_MS = 24 * 3600_000;

export interface EngineJobsDeps {
  readonly parts: LibraryJobsDeps;
  readonly transactions: Transactions;
  readonly leases: Leases;
  readonly predecessors: Predecessors;
  readonly holder: string;
  readonly registry: VolumeRegistry;
  readonly service: SettingsService;
  readonly instance: Instance;
  readonly connections: Connections;
  /** Starts the purge now. */
  purge(): void;
}

/** The jobs on the whole library, wired to this project's database and settings. */
export class EngineJobs {
  readonly #predecessors: Predecessors;
  readonly #runner: JobRunner;
  readonly #requests: JobRequests;
  /** Makes the API that the routes use. @param updateSettings resolves when the change is in force */
  readonly api: (updateSettings: (patch: SettingsPatch) => Promise<unknown>) => JobsApi;
  readonly #schedules: JobSchedules;

  constructor({ parts, transactions, leases, predecessors, holder, registry, service, instance, connections, purge }: EngineJobsDeps) {
    const { clock, log, ledger } = parts;
    const outside = new Outside(parts);
    const jobs = libraryJobs(parts, outside);
    const runs = knexRuns(transactions);
    const findings = knexFindings(transactions);
    const requests = knexJobRequests(transactions);
    this.#predecessors = predecessors;
    const settings = () => service.current().settings;
    // the id is read each time: a folder that cannot be read at the start gets another id when it can
    const volume = () => parts.volume.id;
    const book = new RequestBook({ requests, runs, registry, volume });
    const blocks = new Blocks({ jobs, book, runs, instance, cleanupIsScheduled: () => settings().cleanupScheduleEnabled });
    const runner = new JobRunner({
      ...{ jobs, book, blocks, runs, findings, requests, volume, holder, clock, log },
      leases: new LeaseHolder(leases, holder, clock, log),
      defaults: () => {
        const { migrationMaxId: maxId, concurrency, batchSize, cleanupGraceDays } = settings();
        return { maxId, concurrency, batchSize, cleanupGraceMs: cleanupGraceDays * DAY_MS };
      },
      s3Away: () => (connections.breaker?.state.kind ?? 'closed') !== 'closed' || instance.awaitsOwner,
    });
    const tick = async (name: ScheduledJob) => {
      // a stop switches the schedule off, perhaps just now and in another process
      await service.refresh().catch(() => undefined);
      if (scheduleOf(settings(), name).enabled) await runner.tick(name);
    };
    const schedules = new JobSchedules(cronSchedules(log), settings, tick, log);
    service.onChange(() => schedules.follow());
    this.#runner = runner;
    this.#requests = requests;
    this.#schedules = schedules;
    this.api = (updateSettings) =>
      new JobsApi({
        ...{ jobs, ledger, outside, runs, findings, requests, book, blocks, updateSettings, purge },
        instance,
        maxId: () => settings().migrationMaxId,
        schedule: (name) => ({ ...scheduleOf(settings(), name), nextRunAt: schedules.nextRunAt(name) }),
        isCron,
        onRequest: () => runner.wake(),
      });
  }

  /** Starts runner and schedules. Only a process that serves HTTP calls this. */
  start(): void {
    this.#runner.start();
    this.#schedules.start();
  }

  /** Works on a job in this process until nothing is left to do. Before that it frees what a killed predecessor held. */
  readonly runNow: JobRunner['runNow'] = async (...what) => {
    await this.#predecessors.takeOver();
    return this.#runner.runNow(...what);
  };

  /** Stops both phases of the migration. */
  async stopMigration(): Promise<void> {
    for (const name of SCHEDULED_JOBS) await this.#requests.stop(name);
  }

  async stop(): Promise<void> {
    this.#schedules.stop();
    await this.#runner.stop();
  }
}
