// Longer than other files: the one place where all parts of the engine are made and meet.
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { Core } from '@strapi/strapi';
import { strapiLog } from './adapters/log';
import { isCron } from './adapters/schedules';
import { incidentLog } from './adapters/incidents';
import { knexLeases } from './adapters/leases';
import { libraryItems } from './adapters/library-items';
import { mediaCatalog } from './adapters/media-catalog';
import { knexInventories } from './adapters/inventories';
import { knexLedger } from './adapters/database/knex-ledger';
import { migrate } from './adapters/database/migrate';
import { strapiTransactions } from './adapters/database/transactions';
import { strapiSecretBox } from './adapters/secrets';
import { KnexSettingsRepository } from './adapters/settings-repository';
import { volumeRegistry } from './adapters/volumes';
import type { StatusAnswer, TestAnswer } from './contracts/api';
import type { ObjectsAnswer } from './contracts/objects';
import { PLUGIN_ID } from './contracts/presets';
import type { SettingsAnswer } from './contracts/settings';
import { systemClock } from './core/clock';
import { Housekeeping } from './core/jobs/housekeeping';
import type { JobRunner } from './core/jobs/runner';
import type { EngineParts } from './core/media/deps';
import type { Ledger } from './core/ledger/ledger';
import { described } from './core/errors';
import { LibraryCensus } from './core/library-census';
import type { Logger } from './core/log';
import { Connections } from './core/media/connections';
import { MediaStorage } from './core/media/media-storage';
import { RowCache } from './core/media/row-cache';
import { ObjectChanges } from './core/object-changes';
import { objectsPage } from './core/objects';
import { openS3Probe } from './core/probe/open-s3';
import { Outage, type IncidentLog } from './core/resilience/outage';
import { SettingsApi } from './core/settings/api';
import { s3ConfigOf } from './core/settings/s3-config';
import { POLL_INTERVAL_MS, SettingsService } from './core/settings/service';
import { fileSystemType } from './core/store/file-system';
import { LocalObjectStore } from './core/store/local';
import { diskTree } from './core/store/disk-tree';
import { openBucket } from './core/store/s3/open-bucket';
import { openVolume, type Volume } from './core/store/volume';
import { statusOf } from './core/status';
import { DiskWatch } from './core/volumes/disk-watch';
import type { VolumeRegistry } from './core/volumes/registry';
import { EngineJobs } from './engine-jobs';
import type { EnginePort, JobsEndpoint, ObjectsEndpoint, SettingsEndpoint } from './http/engine-access';

const clock = systemClock;

interface Parts {
  ledger: Ledger;
  census: LibraryCensus;
  log: Logger;
  incidents: IncidentLog;
  volume: Volume;
  registry: VolumeRegistry;
  diskWatch: DiskWatch;
  service: SettingsService;
  connections: Connections;
  outage: Outage;
  rows: RowCache;
  storage: MediaStorage;
  housekeeping: Housekeeping;
  jobs: EngineJobs;
  origins: readonly string[];
}

/** Strapi's upload provider is the local one, which this plugin wraps; any other is left alone. */
export function providerIsLocal(strapi: Core.Strapi): boolean {
  return strapi.config.get('plugin::upload.provider', 'local') === 'local';
}

/**
 * The composition root: the one place that sees both the storage engine and Strapi. One a process.
 * (Long, because all wiring is in one place, but for the jobs: see `engine-jobs.ts`.)
 */
export class Engine implements EnginePort {
  readonly log: Logger;
  readonly settings: SettingsEndpoint;
  readonly jobs: JobsEndpoint;
  readonly changes: ObjectsEndpoint;
  /** For the command line: it runs no background work, but a command that takes hours sees all the same what is changed meanwhile. */
  readonly runner: Pick<JobRunner, 'runNow'>;
  #applied: Promise<void> = Promise.resolve();
  #applyFailed = false;
  #checkedAt = -Infinity;
  #ledgerUsed = false;
  readonly #stopped = new AbortController();

  private constructor(private readonly parts: Parts) {
    const { service, jobs } = parts;
    this.log = parts.log;
    const api = new SettingsApi(service, { open: openS3Probe(clock), clock, origins: parts.origins });
    this.settings = {
      answer: () => api.answer(),
      test: async (body) => {
        const answer = await api.test(body);
        // without a patch it was about the settings in force: what it found is true for everybody
        if (Object.keys(body ?? {}).length === 0) this.#learn(answer);
        return answer;
      },
      update: (body) => this.#inForce(api.update(body)),
      leave: async () => {
        const answer = await this.#inForce(api.leave());
        await jobs.withdraw();
        return answer;
      },
      comeBack: () => this.#inForce(api.comeBack()),
    };
    this.jobs = jobs.api((patch) => this.settings.update(patch));
    const runNow: JobRunner['runNow'] = async (...what) => {
      await this.#applied;
      return jobs.runner.runNow(...what);
    };
    this.runner = { runNow: (...what) => service.following(() => runNow(...what)) };
    this.changes = new ObjectChanges(parts.ledger, parts.rows, () => parts.housekeeping.wake());
    service.onChange(() => this.#apply());
    this.#apply();
  }

  /** Opens tables, volume and settings. @throws what the database or the disk says; nothing is half open then */
  static async start(strapi: Core.Strapi): Promise<Engine> {
    const database = strapi.db;
    await migrate(database.connection, { schema: database.getSchemaName() });
    const transactions = strapiTransactions(database);
    const ledger = knexLedger(transactions, { schema: database.getSchemaName() });
    const incidents = incidentLog(transactions, { schema: database.getSchemaName() });
    const uploads = path.resolve(strapi.dirs.static.public, 'uploads');
    const volume = await openVolume(uploads);
    const service: SettingsService = new SettingsService({
      repository: new KnexSettingsRepository(transactions, clock),
      secrets: strapiSecretBox(strapi),
      variables: process.env,
      configFile: strapi.config.get(`plugin::${PLUGIN_ID}`, {}),
      providerIsLocal: providerIsLocal(strapi),
      clock,
      log: strapiLog(strapi, () => service.secrets()),
      isCron,
    });
    const log = strapiLog(strapi, () => service.secrets());
    await service.refresh();

    const keepsLocally = () => service.current().settings.onOutage === 'local';
    const outage: Outage = new Outage(incidents, clock, log, () => housekeeping.noteIncident(), () => !keepsLocally());
    const registry = volumeRegistry(transactions, database.getSchemaName());
    const diskWatch = new DiskWatch({ volume, registry, fileSystemType, keepsLocally, clock, log });
    const connections: Connections = new Connections({
      ledger,
      clock,
      log,
      outage,
      openBucket: (location, settings) =>
        openBucket({ ...s3ConfigOf(settings), region: location.region }, location.bucket, clock),
      onRecovered: () => housekeeping.wake(),
    });
    const rows = new RowCache((key) => ledger.find(key), clock.elapsed);
    const catalog = mediaCatalog(strapi);
    const shared: EngineParts = {
      ledger,
      disk: new LocalObjectStore(uploads),
      volume,
      catalog,
      rows,
      clock,
      log,
      cloud: () => connections.cloud,
      breaker: () => connections.breaker,
      leaving: () => service.current().reason === 'LEAVING',
      storeAt: (location) => connections.storeAt(location),
    };
    const leases = knexLeases(transactions, database.getSchemaName());
    const holder = randomUUID();
    const housekeeping: Housekeeping = new Housekeeping(shared, {
      concurrency: () => service.current().settings.concurrency,
      flushIncidents: () => outage.flush(),
      beat: () => diskWatch.beat(),
      leases,
      holder,
    });
    const inventories = knexInventories(transactions, database.getSchemaName());
    const census = new LibraryCensus({ items: libraryItems(strapi), ledger, inventories, volume, clock });
    const jobs = new EngineJobs({
      ...{ transactions, leases, holder, registry, service, connections },
      parts: {
        ...shared,
        library: catalog,
        inventories,
        registry,
        tree: diskTree(uploads),
        listAt: (location) => connections.listAt(location),
        readable: () => connections.readable,
      },
      schema: database.getSchemaName(),
      purge: () => housekeeping.wake(),
    });
    const storage = new MediaStorage({
      ...shared,
      mode: () => service.current().mode,
      readable: () => connections.readable,
      inTransaction: () => database.inTransaction(),
      keepsLocally,
      onRefusal: (code) => outage.begins(code),
      onFallback: (code) => {
        outage.fellBack(code);
        housekeeping.fellBack();
      },
      onOwnName: () => housekeeping.awaitsSettling(),
      onDelete: () => housekeeping.wake(),
    });
    const origins = [strapi.config.get<string>('server.absoluteUrl')].filter((url) => !!url);
    const engine = new Engine({ ledger, census, log, incidents, volume, registry, diskWatch, service, connections, outage, rows, storage, housekeeping, jobs, origins });
    await engine.#applied;
    return engine;
  }

  /**
   * The storage, or undefined while the plugin has nothing to do with this library: off, and its ledger never used.
   * Sees a change that another process made to the settings within two seconds.
   */
  async active(): Promise<MediaStorage | undefined> {
    await this.#refresh();
    const { service, ledger, storage } = this.parts;
    if (service.current().mode !== 'off') return storage;
    this.#ledgerUsed ||= !(await ledger.isEmpty());
    return this.#ledgerUsed ? storage : undefined;
  }

  async status(): Promise<StatusAnswer> {
    await this.#refresh();
    const { service, connections, outage } = this.parts;
    return statusOf({ ...this.parts, answer: service.answer(), breaker: connections.breaker, outage: outage.current });
  }

  objects(query: unknown): Promise<ObjectsAnswer> {
    return objectsPage(this.parts, query);
  }

  /** Starts the background work. Only in a process that serves HTTP: commands leave it to the servers. */
  serve(): void {
    this.parts.housekeeping.start();
    this.parts.jobs.start();
    void this.parts.service.follow(this.#stopped.signal);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.parts.jobs.stop();
    await this.parts.housekeeping.stop();
    this.parts.connections.close();
  }

  /** @returns the answer, when what was changed counts in this process */
  async #inForce(update: Promise<SettingsAnswer>): Promise<SettingsAnswer> {
    const answer = await update;
    await this.#applied;
    return answer;
  }

  /** A test of the settings in force is the surest word on whether S3 can be used; a wrong key must not wait for an upload to show. */
  #learn({ ok, steps }: TestAnswer): void {
    const { service, outage, housekeeping } = this.parts;
    if (service.current().mode !== 'read-write') return;
    const failed = steps.find((step) => !step.ok);
    if (failed?.code) outage.begins(failed.code);
    else if (ok && outage.ends()) housekeeping.wake();
  }

  /** Brings the connections in line with the settings, one change after the other. */
  #apply(): void {
    const { service, connections, housekeeping, log } = this.parts;
    const settings = service.current();
    this.#applied = this.#applied.then(async () => {
      try {
        await connections.apply(settings);
        this.#applyFailed = false;
        log.info(`mode: ${settings.mode}${settings.reason ? ` (${settings.reason})` : ''}`);
        housekeeping.wake();
        void connections.check();
      } catch (error) {
        this.#applyFailed = true;
        log.error(`the settings could not be applied, S3 is not used until they can: ${described(error)}`);
      }
    });
  }

  async #refresh(): Promise<void> {
    const now = clock.elapsed();
    if (now - this.#checkedAt >= POLL_INTERVAL_MS) {
      this.#checkedAt = now;
      try {
        await this.parts.service.refresh();
        if (this.#applyFailed) this.#apply();
      } catch (error) {
        // the database may be busy; the request itself will say if it is gone
        this.parts.log.debug(`settings not checked: ${String(error)}`);
      }
    }
    await this.#applied;
  }
}
