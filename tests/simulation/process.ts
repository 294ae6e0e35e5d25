import type { Clock } from '../../server/src/core/clock';
import { Events } from '../../server/src/core/events';
import type { ObjectKey, VolumeId } from '../../server/src/core/keys';
import { Connections, type OwnerLooks } from '../../server/src/core/buckets/connections';
import { areaOf } from '../../server/src/core/buckets/owner/area';
import type { Buckets } from '../../server/src/core/buckets/buckets';
import { auditJob } from '../../server/src/core/jobs/audit/job';
import { cleanupJob } from '../../server/src/core/jobs/cleanup/job';
import { settleOnce } from '../../server/src/core/jobs/leave/settle';
import { restoreJob } from '../../server/src/core/jobs/restore/job';
import { FreeNames } from '../../server/src/core/jobs/upload/free-names';
import { uploadJob } from '../../server/src/core/jobs/upload/job';
import type { EngineParts } from '../../server/src/core/media/deps';
import { MediaStorage } from '../../server/src/core/media/media-storage';
import { RowCache } from '../../server/src/core/media/row-cache';
import { Outage } from '../../server/src/core/outages/outage';
import type { NewFinding } from '../../server/src/core/runner/job';
import { RunProgress } from '../../server/src/core/runner/run-progress';
import type { Job as EngineJob } from '../../server/src/core/runner/job';
import { layer } from '../../server/src/core/store/resilience/layer';
import { resolve } from '../../server/src/core/settings/resolve';
import { NOTHING_STORED } from '../../server/src/core/settings/types';
import { HeldBody } from '../../server/src/core/store/held-body';
import type { ObjectStore } from '../../server/src/core/store/object-store';
import { purge } from '../../server/src/core/sweep/purge';
import { sweep } from '../../server/src/core/sweep/sweep';
import { catchUp, tryOverwriting } from '../../server/src/core/upkeep/catch-up';
import { Instance, mayOwn, type InstanceFacts } from '../../server/src/core/instance';
import type { DatabaseIdentity } from '../../server/src/core/buckets/owner/database-identity';
import { OwnerWatch } from '../../server/src/core/buckets/owner/owner-watch';
import { bucketsWith } from '../support/buckets';
import { OWNS_ALL } from '../support/owners';
import type { Job } from './plan';
import type { Life, Scheduler } from './scheduler';
import type { Connection, SimDatabase } from './sim-database';
import type { SimDisk } from './sim-disk';
import type { Sender, SimS3 } from './sim-s3';

/** The options of every run. The files stay for an hour after a cleanup. */
const OPTIONS = { concurrency: 2, batchSize: 100, cleanupGraceMs: 3600_000 };
const RESOLUTION = resolve({ database: NOTHING_STORED, configFile: { bucket: 'media', region: 'us-east-1' }, variables: {} });

/** The part of the bucket that everybody in a history uses. */
export const AREA = areaOf(RESOLUTION.settings);

/** Retries wait for less than this and a breaker waits for longer. Nobody waits for the breaker. */
const RETRIES_WITHIN_MS = 500;

const quiet = () => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const nobody = async () => undefined;
const { signal } = new AbortController();

/** The parts with which a process starts. Its memory ends with the process. */
export interface ProcessParts {
  life: Life;
  scheduler: Scheduler;
  database: SimDatabase;
  s3: SimS3;
  disk: SimDisk;
  clock: Clock;
  /** Sleeps like `clock.sleep`, for work that nobody waits for. */
  sleepInBackground: Clock['sleep'];
  readOnly: boolean;
  lists: boolean;
  /** Memory for small objects that were read, in megabytes. */
  memoryCacheMb: number;
  leaving: boolean;
  /** Present where other databases may use the bucket as well. Else this one owns it, and nobody looks. */
  owner: { identity: DatabaseIdentity; sender: Sender } | undefined;
  /** The disks of all processes. */
  volumes: readonly VolumeId[];
  /** It gets what an audit reports. */
  onFindings(findings: readonly NewFinding[]): void;
}

/** One running process: the project's own storage engine, connections and jobs, in a simulated environment. */
export class Process {
  readonly life: Life;
  readonly host: Connection;
  readonly storage: MediaStorage;
  readonly volume: VolumeId;
  readonly settings = { ...RESOLUTION, revision: 1 };
  readonly #parts: EngineParts;
  readonly #connections: Connections;
  readonly #readOnly: boolean;
  readonly #lists: boolean;
  readonly #jobs: Readonly<Record<'upload' | 'cleanup' | 'restore' | 'audit', EngineJob>>;
  readonly #report: (findings: readonly NewFinding[]) => Promise<void>;
  readonly #nextRunId: () => number;
  readonly #owners: OwnerWatch | undefined;
  readonly #instance: Instance | undefined;
  #hasServed = false;
  /** The setting as the process knows it. */
  #leaving = false;

  constructor({ life, clock, readOnly, database, s3, disk, lists, memoryCacheMb, leaving, volumes, onFindings, sleepInBackground, owner }: ProcessParts) {
    this.life = life;
    this.#readOnly = readOnly;
    this.#lists = lists;
    this.host = database.connect(life);
    this.volume = disk.volume;
    const { ledger, catalog, library, inventories } = this.host;
    const events = new Events(log);
    const [mode, isLeaving] = [() => this.#mode, () => this.#leaving];
    const { settings } = this;
    const facts: InstanceFacts = { providerIsLocal: true, production: true, override: readOnly ? 'read-only' : null };
    this.#owners = owner && this.#watch(owner.identity, facts, clock);
    this.#instance = owner && new Instance({ current: () => settings }, facts, events, () => this.#owners!.of(AREA.id));
    const owners: OwnerLooks = this.#owners
      // the areas are asked for before each removal, like the locations
      ? { of: (area) => this.#owners!.of(area), confirm: (...what) => this.#owners!.confirm(...what), areas: (...at) => database.owners.areas(...at) }
      : OWNS_ALL;
    const instance = this.#instance ?? {
      get mode() {
        return mode();
      },
      get leaving() {
        return isLeaving();
      },
      awaitsOwner: false,
      ownerTrouble: null,
      get isCopy() {
        return mode() === 'read-only' && !isLeaving();
      },
    };
    this.#connections = new Connections({
      // a process asks for its places before it serves anything, and histories do not deal with that
      ledger: { locationId: (place) => database.ledger.locationId(place), locations: () => database.ledger.locations(), proofOf: (id) => database.ledger.proofOf(id), noteProof: ledger.noteProof, list: ledger.list },
      clock: { ...clock, sleep: (ms, signal) => (ms < RETRIES_WITHIN_MS ? clock : { sleep: sleepInBackground }).sleep(ms, signal) },
      log,
      outage: new Outage({ begin: nobody, note: nobody, endUnseen: nobody, list: async () => [] }, clock, events),
      openBucket: () => s3.connect(life, !readOnly, owner?.sender),
      events,
      instance,
      owners,
    });
    events.on('refused', ({ code, detail }) => this.#connections.noteUnsent(code, false, detail));
    events.on('fellBack', ({ code, detail }) => this.#connections.noteUnsent(code, true, detail));
    this.follow(leaving);
    this.#parts = {
      ledger,
      disk: disk.connect(life),
      volume: { root: '', id: this.volume, founded: false, established: true, hasTwin: false, refresh: async () => this.volume },
      catalog,
      rows: new RowCache((key) => ledger.findDated(key), clock.elapsed),
      clock,
      log,
      buckets: this.#connections,
      instance,
    };
    this.#report = async (findings) => onFindings(findings);
    this.#nextRunId = () => database.nextRunId();
    const seen = new Date(0);
    const registry = { list: async () => volumes.map((id) => ({ id, firstSeen: seen, lastSeen: seen, vanished: false })) };
    const publicUrl = { known: () => null, fresh: async () => ({ code: null, detail: '' }) };
    const parts = { ...this.#parts, library, inventories, registry, publicUrl };
    const space = async () => ({ free: Infinity, total: Infinity });
    this.#jobs = {
      // phase 1 lists the bucket for any number of files, or for none
      upload: uploadJob({ ...parts, buckets: withOldListing(this.#connections) }, new FreeNames(parts, lists ? 1 : Infinity)),
      cleanup: cleanupJob(parts),
      restore: restoreJob(parts, { space, reserve: () => 0 }),
      audit: auditJob({ ...parts, tree: disk.treeOf(life) }),
    };
    this.storage = new MediaStorage({
      ...this.#parts,
      inTransaction: () => this.host.inTransaction(),
      keepsLocally: () => true,
      memoryCacheMb: () => memoryCacheMb,
      events,
    });
  }

  get leaving(): boolean {
    return this.#leaving;
  }

  /** Tells the process the setting. */
  follow(leaving: boolean): void {
    this.#leaving = leaving;
    // a change of nothing but the mode is in force at once
    void this.#connections.apply(this.#instance?.current() ?? { ...this.settings, mode: this.#mode, reason: null });
  }

  put(key: ObjectKey, bytes: Buffer, scope?: Parameters<MediaStorage['put']>[2]['scope']): Promise<void> {
    return this.storage.put(key, HeldBody.of(bytes), { mime: null, scope });
  }

  async run(job: Job): Promise<void> {
    const parts = this.#parts;
    switch (job) {
      case 'look':
        return this.#look();
      case 'claim':
        return this.#claim();
      case 'catch-up':
        await catchUp(parts, OPTIONS.concurrency, signal);
        return this.#lists ? tryOverwriting(parts, signal) : undefined;
      case 'settle':
        return void (await settleOnce(parts, { ...OPTIONS, signal }));
      case 'purge':
        return void (await purge(parts, signal));
      case 'sweep':
        return void (await sweep(parts, signal));
      case 'audit-apply':
        return this.#run(this.#jobs.audit, true);
      default:
        return this.#run(this.#jobs[job]);
    }
  }

  /** Runs a job as the runner does, and nobody stops the run. */
  async #run(job: EngineJob, apply = false): Promise<void> {
    const options = { ...OPTIONS, dryRun: false, maxId: null, apply, fromStart: job.name === 'restore' };
    if ((await job.blockedBy(options)) !== null) return;
    await job.run({ options, signal, halt: signal, hurry: signal, progress: new RunProgress(), commit: nobody, report: this.#report, runId: this.#nextRunId() });
  }

  /** Lets an open breaker ask S3 whether it is back. */
  async probe(): Promise<void> {
    await this.#connections.breaker?.forceProbe();
  }

  /** How this process judges its right to the bucket. */
  get ownership(): string {
    const ownership = this.#owners?.of(AREA.id) ?? { state: 'own' };
    return 'code' in ownership ? ownership.code : ownership.state;
  }

  get isReadOnly(): boolean {
    return this.#readOnly;
  }

  #watch(identity: DatabaseIdentity, facts: InstanceFacts, clock: Clock): OwnerWatch {
    return new OwnerWatch({
      book: this.host.owners,
      identify: async () => identity,
      mayWrite: () => mayOwn(this.settings, facts),
      claimsFrom: null,
      beforeClaim: nobody,
      clock,
      log,
      onChange: () => this.follow(this.#leaving),
    });
  }

  /** Looks at the marker, as the upkeep does every minute. The first look as the owner gives a sign of life at once. */
  async #look(): Promise<void> {
    const target = this.#connections.owned;
    if (!target || !this.#owners) return;
    await this.#owners.serve(target, !this.#hasServed);
    this.#hasServed ||= this.ownership === 'own';
  }

  /** A person claims the bucket here, from whoever the last look has seen there. */
  async #claim(): Promise<void> {
    const target = this.#connections.owned;
    if (!target || !this.#owners || this.#readOnly) return;
    await this.#owners.look(target);
    if (this.ownership === 'own') return;
    await this.#owners.claim(target, this.#owners.ownerOf(AREA.id).owner);
    await this.host.ledger.sendKept();
  }

  get #mode(): 'read-only' | 'read-write' {
    return this.#readOnly || this.#leaving ? 'read-only' : 'read-write';
  }
}

/** The listing of the bucket is far behind and shows nothing yet, as if all objects had been stored after the request. */
function withOldListing(buckets: Buckets): Buckets {
  return bucketsWith(buckets, {
    get writable() {
      const { writable } = buckets;
      const list: ObjectStore['list'] = async (prefix, request) => {
        await writable?.store.list(prefix, request);
        return { objects: [], next: null };
      };
      return writable && { ...writable, store: layer(writable.store, { list }) };
    },
  });
}
