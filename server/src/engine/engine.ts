// This file is longer than others, because it makes all parts of the engine and joins them, in the order in which each needs the one before.
import path from 'node:path';
import type { Core } from '@strapi/strapi';
import { strapiLog } from '../adapters/strapi/log';
import { isCron } from '../adapters/strapi/schedules';
import { incidentLog } from '../adapters/database/incidents';
import { knexLeases } from '../adapters/database/leases';
import { libraryChanges } from '../adapters/strapi/library-changes';
import { libraryItems } from '../adapters/strapi/library-items';
import { mediaCatalog } from '../adapters/strapi/media-catalog';
import { hasEnded, identifyProcess } from '../adapters/process-identity';
import { knexInventories } from '../adapters/database/inventories';
import { identifyDatabase } from '../adapters/database/database-identity';
import { knexOwnerBook } from '../adapters/database/owner-book';
import { knexLedger } from '../adapters/database/knex-ledger';
import { ensureLibraryIndex } from '../adapters/database/library-index';
import { migrate } from '../adapters/database/migrate';
import { strapiTransactions } from '../adapters/database/transactions';
import { publicAddress, publicMarks, publicSite } from '../adapters/strapi/public-site';
import { strapiSecretBox } from '../adapters/strapi/secrets';
import { knexRuns } from '../adapters/database/runs';
import { KnexSettingsRepository } from '../adapters/database/settings-repository';
import { volumeRegistry } from '../adapters/database/volumes';
import { knexWatches } from '../adapters/database/watches';
import type { TestAnswer } from '../contracts/api';
import { PLUGIN_ID } from '../contracts/presets';
import { systemClock } from '../core/clock';
import { Absence } from '../core/upkeep/absence/absence';
import { Housekeeping } from '../core/upkeep/housekeeping';
import type { EngineParts } from '../core/media/deps';
import { Instance, instanceFacts, mayOwn, type PermittedSettings } from '../core/instance';
import type { Ledger } from '../core/ledger/ledger';
import { described } from '../core/errors';
import { Events } from '../core/events';
import { LeaseHolder } from '../core/leases/lease-holder';
import { LibraryCounter } from '../core/admin/library-counter';
import type { Logger } from '../core/log';
import { Connections, type ConnectionsDeps } from '../core/buckets/connections';
import { areaOf } from '../core/buckets/owner/area';
import { OwnerWatch } from '../core/buckets/owner/owner-watch';
import type { Area } from '../core/buckets/owner/owner-book';
import { isOwnerCode } from '../core/ownership';
import { DatabaseTimeout } from '../core/media/database-timeout';
import type { ObjectKey } from '../core/keys';
import type { MediaReader } from '../core/media/media-reader';
import { MediaStorage } from '../core/media/media-storage';
import { hasObjects, moveCounts } from '../core/buckets/move-counts';
import { outOfSight, outOfSightLine, type SightDeps } from '../core/buckets/out-of-sight';
import { RowCache } from '../core/media/row-cache';
import type { AdminApi } from '../core/admin/admin-api';
import { ClaimApi } from '../core/admin/claim';
import { ObjectsApi } from '../core/admin/objects';
import { PublicUrlGate } from '../core/public-url/gate';
import { publicUrlOf } from '../core/public-url/public-url';
import { openS3Probe } from '../core/buckets/probe/open-s3';
import { Outage, type IncidentLog } from '../core/outages/outage';
import { Predecessors } from '../core/runner/predecessors';
import { SettingsApi } from '../core/admin/settings';
import type { Redactor } from '../core/settings/redactor';
import { s3ConfigOf } from '../core/settings/s3-config';
import { POLL_INTERVAL_MS, SettingsService } from '../core/settings/service';
import type { EffectiveSettings } from '../core/settings/types';
import { fileSystemType } from '../core/store/local/file-system';
import { LocalObjectStore } from '../core/store/local/local-object-store';
import { diskTree } from '../core/store/local/disk-tree';
import { tellingEnds } from '../core/store/resilience/request-ends';
import type { DeliverySettings } from '../core/media/delivery-settings';
import { MediaFiles, type MediaService } from '../core/media/media-files';
import { WholeFiles } from '../core/media/whole-files';
import { Links } from '../core/buckets/links';
import { privateKeyFrom } from '../core/store/s3/cdn-url';
import { openBucket } from '../core/store/s3/open-bucket';
import { openVolume, type Volume } from '../core/store/local/volume';
import { OwnerUpkeep } from '../core/upkeep/owner-upkeep';
import { UnneededKeys } from '../core/upkeep/unneeded-keys';
import { statusOf } from '../core/admin/status';
import { DiskHealth } from '../core/volumes/disk-health';
import { DiskWatch } from '../core/volumes/disk-watch';
import { TwinWatch } from '../core/volumes/twin-watch';
import type { VolumeRegistry } from '../core/volumes/registry';
import { EngineJobs } from './jobs';
import { listen } from './listeners';

const clock = systemClock;

interface Parts extends Pick<SightDeps, 'openBucket'> {
  ledger: Ledger;
  libraryCounter: LibraryCounter;
  log: Logger;
  events: Events;
  incidents: IncidentLog;
  volume: Volume;
  registry: VolumeRegistry;
  diskWatch: DiskWatch;
  diskHealth: DiskHealth;
  service: SettingsService;
  owners: OwnerWatch;
  ownerUpkeep: OwnerUpkeep;
  instance: Instance;
  connections: Connections;
  outage: Outage;
  rows: RowCache;
  storage: MediaStorage;
  links: Links;
  files: MediaService;
  housekeeping: Housekeeping;
  predecessors: Predecessors;
  absence: Absence;
  jobs: EngineJobs;
  visitors: DatabaseTimeout;
  originalName(key: ObjectKey): Promise<string | undefined>;
  ledgerUsed: boolean;
  /** Prepares the media library for questions about single files, in the background. Never rejects. */
  prepareLibrary(): Promise<void>;
  /** Undefined beside another upload provider, where the plugin answers no requests. */
  publicUrl: PublicUrlGate | undefined;
}

/** Returns the area of settings. It is computed once for each of them, because every question about the mode needs it. */
function rememberedArea(): (settings: EffectiveSettings) => Area {
  const areas = new WeakMap<EffectiveSettings['settings'], Area>();
  return ({ settings }) => {
    const area = areas.get(settings) ?? areaOf(settings);
    areas.set(settings, area);
    return area;
  };
}

/** Whether Strapi's upload provider is the local one, which this plugin wraps. The plugin leaves any other provider alone. */
export function providerIsLocal(strapi: Core.Strapi): boolean {
  return strapi.config.get('plugin::upload.provider', 'local') === 'local';
}

/**
 * The composition root: the one place that sees both the storage engine and Strapi. A process has one for each Strapi.
 * This file is long because it holds all the wiring, except that of the jobs (`jobs.ts`) and of the events (`listeners.ts`).
 */
export class Engine {
  readonly log: Logger;
  /** The functions that people use through the panel's routes and the command line. */
  readonly admin: AdminApi;
  #applied: Promise<void> = Promise.resolve();
  #applyFailed = false;
  #checkedAt = -Infinity;
  #ledgerUsed: boolean;
  #ledgerAsked: { at: number; answer: Promise<void> } | undefined;
  /** The last log line about files out of sight. */
  #toldOutOfSight = '';
  #serves = false;
  #isLibraryPrepared = false;
  readonly #stopped = new AbortController();

  private constructor(private readonly parts: Parts) {
    const { service, jobs } = parts;
    this.#ledgerUsed = parts.ledgerUsed;
    this.log = parts.log;
    const { ledger, registry, volume, rows, housekeeping } = parts;
    const settings = new SettingsApi({
      service,
      instance: parts.instance,
      probe: { open: openS3Probe(clock, parts.events), clock, ownerOf: (tested, store) => parts.owners.foresee({ area: areaOf(tested), store }), variables: process.env },
      hasObjects: () => hasObjects(ledger),
      moveCounts: (before, after) => moveCounts(parts, before, after),
      publicUrl: parts.publicUrl,
      applied: () => this.#applied,
      onTested: (answer) => this.#learn(answer),
      stopMigration: () => jobs.stopMigration(),
    });
    this.admin = {
      settings,
      claim: new ClaimApi({ ...parts, applied: () => this.#applied }),
      jobs: jobs.api((patch) => settings.update(patch)),
      objects: new ObjectsApi({ ledger, registry, volume, rows, onChange: () => housekeeping.wake() }),
      status: async () => {
        await this.#refresh();
        const { connections, outage } = parts;
        return statusOf({ ...parts, breaker: connections.breaker, outage: outage.current });
      },
      // a command runs no background work, but a command that takes hours notices changes of the settings meanwhile
      runNow: (...what) => service.following(async () => {
        await this.#applied;
        parts.ownerUpkeep.watch();
        await parts.absence.lookAtHeld(this.#stopped.signal);
        return jobs.runNow(...what);
      }),
    };
    service.onChange(() => this.#apply());
    parts.events.on('ownerChanged', () => this.#apply());
    this.#apply();
  }

  /**
   * Opens tables, volume and settings.
   * @param redactor keeps secrets out of the log; the engine tells it every secret that it opens
   * @throws the database's error; nothing stays half open then
   */
  static async start(strapi: Core.Strapi, redactor: Redactor): Promise<Engine> {
    const database = strapi.db;
    await migrate(database.connection, { schema: database.getSchemaName() });
    const transactions = strapiTransactions(database);
    const ledger = knexLedger(transactions);
    const incidents = incidentLog(transactions);
    const uploads = path.resolve(strapi.dirs.static.public, 'uploads');
    const volume = await openVolume(uploads);
    const log = strapiLog(strapi, redactor);
    const service = new SettingsService({
      repository: new KnexSettingsRepository(transactions, clock),
      secrets: strapiSecretBox(strapi),
      variables: process.env,
      configFile: strapi.config.get(`plugin::${PLUGIN_ID}`, {}),
      clock,
      log,
      redactor,
      isCron,
    });
    await service.refresh();

    const keepsLocally = () => service.current().settings.onOutage === 'local';
    const events = new Events(log);
    const areaUnder = rememberedArea();
    const book = knexOwnerBook(transactions);
    const facts = instanceFacts(process.env, providerIsLocal(strapi));
    const owners = new OwnerWatch({
      book,
      identify: () => identifyDatabase(database.connection, database.getSchemaName()),
      mayWrite: () => mayOwn(service.current(), facts),
      claimsFrom: process.env.S3_STORAGE_CLAIM?.trim() || null,
      clock,
      log,
      // the files that this database kept as a copy are sent as soon as it is the owner
      beforeClaim: () => ledger.sendKept(),
      onChange: () => events.emit('ownerChanged', {}),
    });
    const instance = new Instance(service, facts, events, (settings) => owners.of(areaUnder(settings).id));
    const outage = new Outage(incidents, clock, events);
    const registry = volumeRegistry(transactions);
    const diskHealth = new DiskHealth({ volume, clock, log });
    await diskHealth.check();
    const diskWatch = new DiskWatch({ volume, registry, fileSystemType, keepsLocally, clock, log });
    const openSettingsBucket: ConnectionsDeps['openBucket'] = (location, settings) =>
      tellingEnds(openBucket({ ...s3ConfigOf(settings), region: location.region }, location.bucket, clock), clock, events);
    const connections = new Connections({
      ledger,
      clock,
      log,
      outage,
      openBucket: openSettingsBucket,
      events,
      instance,
      owners: { of: (area) => owners.of(area), confirm: (...what) => owners.confirm(...what), areas: (...at) => book.areas(...at) },
    });
    const visitors = new DatabaseTimeout(clock);
    const rows = new RowCache((key) => visitors.ask(() => ledger.findDated(key)), clock.elapsed);
    const catalog = mediaCatalog(strapi);
    const holder = await identifyProcess();
    const shared: EngineParts = {
      ledger,
      holder,
      disk: new LocalObjectStore(uploads),
      volume,
      catalog,
      rows,
      clock,
      log,
      buckets: connections,
      instance,
    };
    const address = publicAddress(strapi, process.env);
    const site = address === undefined ? undefined : publicSite(address, clock);
    const publicUrl = new PublicUrlGate(publicUrlOf({ site, marks: publicMarks(strapi), volume }), clock);
    const leases = knexLeases(transactions);
    const twinWatch = new TwinWatch({ volume, leases, clock, log });
    const predecessors = new Predecessors({ leases, runs: knexRuns(transactions), ledger, volume: volume.id, holder, hasEnded, log });
    const unneededKeys = new UnneededKeys({ service, ledger, log });
    const housekeeping = new Housekeeping(shared, {
      concurrency: () => service.current().settings.concurrency,
      dropUnneededKeys: () => unneededKeys.drop(),
      flushIncidents: () => outage.flush(),
      beat: async () => {
        await diskHealth.check();
        await diskWatch.beat();
        await predecessors.register();
        await twinWatch.beat();
      },
      leases,
      holder,
    });
    const absence = new Absence({
      ...shared,
      library: { ...libraryChanges(strapi), logos: catalog.logos },
      watches: knexWatches(transactions),
      leases: new LeaseHolder(leases, holder, clock, log),
    });
    const inventories = knexInventories(transactions);
    const libraryCounter = new LibraryCounter({ items: libraryItems(strapi), ledger, inventories, volume, clock });
    const jobs = new EngineJobs({
      ...{ transactions, leases, predecessors, holder, registry, service, instance, connections },
      parts: {
        ...shared,
        library: catalog,
        publicUrl,
        inventories,
        registry,
        tree: diskTree(uploads),
      },
      purge: () => housekeeping.wake(),
    });
    const cdnPrivateKey = privateKeyFrom(process.env['S3_STORAGE_CDN_PRIVATE_KEY']);
    if (cdnPrivateKey !== undefined) redactor.learn(cdnPrivateKey);
    const links = new Links({ buckets: connections, settings: () => service.current().settings, cdnPrivateKey, clock, log });
    const storage = new MediaStorage({
      ...shared,
      catalog: { ...catalog, listed: (keys) => visitors.ask(() => catalog.listed(keys)) },
      inTransaction: () => database.inTransaction(),
      keepsLocally,
      memoryCacheMb: () => service.current().settings.memoryCacheMb,
      links,
      events,
      away: absence,
    });
    const files = new MediaFiles({
      reader: storage.reader,
      rows,
      files: new WholeFiles({ reader: storage.reader, clock }),
      links,
      site: address ?? '',
    });
    const ownerUpkeep = new OwnerUpkeep({ owners, connections, instance, clock, log });
    listen(events, { connections, housekeeping, log, keepsLocally });
    const prepareLibrary = async () => {
      catalog.prepare();
      try {
        await ensureLibraryIndex(database.connection, database.getSchemaName());
      } catch (error) {
        log.warn(`the index on the media library's table (files.hash) could not be made, and unknown names are looked up slowly until a restart makes it: ${described(error)}`);
      }
    };
    const ledgerUsed = !(await ledger.isEmpty());
    const engine = new Engine({ visitors, ledgerUsed, ledger, libraryCounter, log, incidents, volume, registry, diskWatch, diskHealth, events, service, owners, ownerUpkeep, instance, connections, outage, rows, storage, links, files, housekeeping, predecessors, absence, jobs, prepareLibrary, originalName: (key) => visitors.ask(() => catalog.originalName(key)), openBucket: openSettingsBucket, publicUrl: providerIsLocal(strapi) ? publicUrl : undefined });
    await engine.#applied;
    // beside another upload provider, the local one changes nothing
    if (providerIsLocal(strapi)) await absence.begin();
    return engine;
  }

  /**
   * Returns the storage, or undefined while the plugin has nothing to do with this library: it is off, and its ledger has never been used.
   * It notices a change of the settings by another process within two seconds.
   */
  async active(): Promise<MediaStorage | undefined> {
    await this.#refresh();
    const { instance, ledger, storage } = this.parts;
    if (instance.mode !== 'off') return storage;
    this.#ledgerUsed ||= !(await ledger.isEmpty());
    return this.#ledgerUsed ? storage : undefined;
  }

  /** The files of the library, for code of the project. */
  get files(): MediaService {
    return this.parts.files;
  }

  /** The settings in force for answers to visitors. */
  delivery(): DeliverySettings {
    return this.parts.service.current().settings;
  }

  /** Returns the origin to which visitors are sent for files; undefined if they are sent nowhere. */
  linkOrigin(): Promise<string | undefined> {
    return this.parts.links.origin();
  }

  /** Returns the name under which an editor uploaded a file. @throws the database's errors, also if it does not answer in time */
  originalName(key: ObjectKey): Promise<string | undefined> {
    return this.parts.originalName(key);
  }

  /**
   * Returns the reader that serves visitors, or undefined as above. A visitor waits neither for a check of the settings, which happens in
   * the background, nor for a change of them. While the plugin is off and its ledger has never been used, a database that does not answer
   * hides no file that Strapi would serve without the plugin.
   */
  reader(): MediaReader | undefined | Promise<MediaReader | undefined> {
    if (clock.elapsed() - this.#checkedAt >= POLL_INTERVAL_MS) void this.#refresh();
    const { instance, storage } = this.parts;
    const now = () => (instance.mode !== 'off' || this.#ledgerUsed ? storage.reader : undefined);
    return now() ?? this.#askLedger().then(now);
  }

  /** Starts the background work. Only a process that serves HTTP calls this; commands leave that work to the servers. */
  serve(): void {
    const { housekeeping, predecessors, absence, jobs } = this.parts;
    this.#serves = true;
    // if anything is wrong, the first request will report it
    void this.active().then((storage) => storage && this.#prepareLibrary(), () => undefined);
    // this frees what a killed predecessor held, before anything is claimed, and takes up newer files before anything changes their rows
    void predecessors.takeOver().then(() => absence.lookAtHeld(this.#stopped.signal)).then(() => {
      if (this.#stopped.signal.aborted) return;
      absence.start();
      housekeeping.start();
      this.parts.ownerUpkeep.serve();
      jobs.start();
    });
    void this.parts.service.follow(this.#stopped.signal);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    // the last uploads need to know the owner, if S3 tells it only now
    if (this.#serves) await this.parts.ownerUpkeep.lookSoon();
    // both stop at once: the last uploads have only a few seconds, and no job may use them up
    await Promise.all([this.parts.jobs.stop(), this.parts.housekeeping.stop(), this.parts.absence.stop(), this.parts.ownerUpkeep.stop()]);
    await this.parts.predecessors.leave();
    this.parts.connections.close();
  }

  /**
   * Prepares the library once, in a process that serves visitors, and only if the plugin has to do with this library. A request must not
   * call this: the background work would then run in the request's transaction.
   */
  #prepareLibrary(): void {
    if (!this.#serves || this.#isLibraryPrepared) return;
    this.#isLibraryPrepared = true;
    void this.parts.prepareLibrary();
  }

  /**
   * Learns from a test of the settings in force, which is the surest sign of whether S3 works: a wrong key should show before the next
   * upload.
   */
  #learn({ ok, steps }: TestAnswer): void {
    const { instance, outage, housekeeping } = this.parts;
    if (instance.mode !== 'read-write') return;
    const failed = steps.find((step) => !step.ok && step.name !== 'public');
    // another owner is no outage: the next look at the marker deals with it
    if (failed && isOwnerCode(failed.code)) return;
    if (failed?.code) outage.begins(failed.code, failed.name === 'write' ? 'writes' : 'all');
    else if (ok && outage.ends()) housekeeping.wake();
  }

  /** Applies the settings to the connections, one change after the other. */
  #apply(): void {
    const { instance, connections, housekeeping, log } = this.parts;
    const settings = instance.current();
    this.#applied = this.#applied.then(async () => {
      try {
        await connections.apply(settings);
        this.#applyFailed = false;
        await this.parts.ownerUpkeep.lookSoon();
        instance.tell();
        housekeeping.wake();
        if (settings.mode !== 'off') this.#prepareLibrary();
        void connections.check();
        void this.#tellOutOfSight(settings);
      } catch (error) {
        this.#applyFailed = true;
        log.error(`the settings could not be applied, and S3 is not used until they can be: ${described(error)}`);
      }
    });
  }

  /** Logs how many files are out of sight. It asks S3, so nothing waits for it. */
  async #tellOutOfSight(settings: PermittedSettings): Promise<void> {
    const { log, service } = this.parts;
    try {
      const line = outOfSightLine(await outOfSight(this.parts, settings), settings);
      // other settings may be in force by now; and the line is logged once, not after each unrelated change
      if (service.current().revision !== settings.revision || line === this.#toldOutOfSight) return;
      this.#toldOutOfSight = line;
      if (line !== '') log.warn(line);
    } catch (error) {
      log.debug(`the check for files out of sight failed: ${described(error)}`);
    }
  }

  /** Notices within two seconds that another process has begun to use the ledger. All visitors of that time share one query. */
  async #askLedger(): Promise<void> {
    const { ledger, visitors, log } = this.parts;
    const now = clock.elapsed();
    if (!this.#ledgerAsked || now - this.#ledgerAsked.at >= POLL_INTERVAL_MS) {
      const answer = visitors.ask(() => ledger.isEmpty()).then(
        (isEmpty) => void (this.#ledgerUsed ||= !isEmpty),
        (error: unknown) => log.debug(`the ledger could not be read: ${String(error)}`),
      );
      this.#ledgerAsked = { at: now, answer };
    }
    await this.#ledgerAsked.answer;
  }

  async #refresh(): Promise<void> {
    const now = clock.elapsed();
    if (now - this.#checkedAt >= POLL_INTERVAL_MS) {
      this.#checkedAt = now;
      try {
        await this.parts.service.refresh();
        if (this.#applyFailed) this.#apply();
      } catch (error) {
        // the database may only be busy; if it is gone, the request itself will fail
        this.parts.log.debug(`the settings could not be checked: ${String(error)}`);
      }
    }
    await this.#applied;
  }
}
