import type { Clock } from '../../server/src/core/clock';
import { plainLocalName, type ObjectKey, type VolumeId } from '../../server/src/core/keys';
import { catchUp } from '../../server/src/core/upkeep/catch-up';
import { workOn } from '../../server/src/core/jobs/work-through';
import { cleanUpRow } from '../../server/src/core/jobs/cleanup/free-disk';
import { purge } from '../../server/src/core/sweep/purge';
import { restoreJob } from '../../server/src/core/jobs/restore/job';
import { settleOnce } from '../../server/src/core/jobs/leave/settle';
import { sweep } from '../../server/src/core/sweep/sweep';
import { uploads } from '../../server/src/core/jobs/upload/send-files';
import type { Cloud } from '../../server/src/core/buckets/cloud';
import type { EngineParts } from '../../server/src/core/media/deps';
import { MediaStorage } from '../../server/src/core/media/media-storage';
import { statOf } from '../../server/src/core/media/plain-file';
import { RowCache } from '../../server/src/core/media/row-cache';
import { CircuitBreaker } from '../../server/src/core/store/resilience/breaker';
import { resilient } from '../../server/src/core/store/resilience/decorators';
import { HeldBody } from '../../server/src/core/store/held-body';
import { jobContext } from '../support/job-context';
import type { Job } from './plan';
import type { Life, Scheduler } from './scheduler';
import type { Connection, SimDatabase } from './sim-database';
import type { SimDisk } from './sim-disk';
import { PROBE, type SimS3 } from './sim-s3';

const CLEANUP_GRACE_MS = 3600_000;

/** What a process is started with; what it knows in memory ends with it. */
export interface ProcessParts {
  life: Life;
  scheduler: Scheduler;
  database: SimDatabase;
  s3: SimS3;
  disk: SimDisk;
  clock: Clock;
  /** As `clock.sleep`, for what nobody waits for. */
  sleepInBackground: Clock['sleep'];
  locationId: number;
  readOnly: boolean;
  lists: boolean;
  leaving: boolean;
}

/** One running process: the project's own storage engine, on the simulated outside. */
export class Process {
  readonly life: Life;
  readonly host: Connection;
  readonly storage: MediaStorage;
  readonly volume: VolumeId;
  readonly #parts: EngineParts;
  readonly #breaker: CircuitBreaker;
  readonly #lists: boolean;
  readonly #restore: ReturnType<typeof restoreJob>;
  /** What it knows of the setting. */
  leaving: boolean;

  constructor(parts: ProcessParts) {
    const { life, clock, readOnly, locationId } = parts;
    this.life = life;
    this.#lists = parts.lists;
    this.leaving = parts.leaving;
    this.host = parts.database.connect(life);
    this.#breaker = new CircuitBreaker({ ...clock, sleep: parts.sleepInBackground });
    const bucket = parts.s3.connect(life, !readOnly);
    this.#breaker.probeWith(async () => void (await bucket.head(PROBE)));
    const retryPolicy = { maxAttempts: 3 };
    const cloud: Cloud = {
      store: resilient(bucket, { breaker: this.#breaker, policy: retryPolicy, clock }),
      breaker: this.#breaker,
      retryPolicy,
      locationId,
      prefix: '',
      cacheControl: null,
      proof: { known: null, learn: async () => undefined },
      onSent: () => undefined,
    };
    const { ledger, catalog } = this.host;
    const { volume } = parts.disk;
    this.volume = volume;
    const quiet = () => undefined;
    const mayWrite = () => !readOnly && !this.leaving;
    this.#parts = {
      ledger,
      disk: parts.disk.connect(life),
      volume: { root: '', id: volume, founded: false, established: true, hasTwin: false, refresh: async () => volume },
      catalog,
      rows: new RowCache((key) => ledger.find(key), clock.elapsed),
      clock,
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
      buckets: {
        get writable() {
          return mayWrite() ? cloud : undefined;
        },
        readable: cloud,
        breaker: this.#breaker,
        storeAt: (location) => (location === locationId ? cloud.store : undefined),
        standInFor: () => undefined,
        listAt: () => undefined,
      },
      leaving: () => this.leaving,
    };
    const library = { page: async () => [], logos: async () => [] };
    const registry = { list: async () => [] };
    this.#restore = restoreJob({ ...this.#parts, library, registry }, { space: async () => ({ free: Infinity, total: Infinity }), reserve: () => 0 });
    this.storage = new MediaStorage({
      ...this.#parts,
      mode: () => (mayWrite() ? 'read-write' : 'read-only'),
      inTransaction: () => this.host.inTransaction(),
      keepsLocally: () => true,
      onRefusal: quiet,
      onFallback: quiet,
      onOwnName: quiet,
      onDelete: quiet,
    });
  }

  put(key: ObjectKey, bytes: Buffer, scope?: Parameters<MediaStorage['put']>[2]['scope']): Promise<void> {
    return this.storage.put(key, HeldBody.of(bytes), { mime: null, scope });
  }

  async run(job: Job): Promise<void> {
    const parts = this.#parts;
    const { signal } = new AbortController();
    const options = { concurrency: 2, batchSize: 100, signal };
    const { volume } = this;
    switch (job) {
      case 'catch-up':
        return void (await catchUp(parts, 2, signal));
      case 'inventory':
        return this.#takeStock();
      case 'upload':
        return void (await workOn(parts, { work: 'upload', volume, origin: 'library' }, options, uploads(parts, { ...options, isFree: this.#lists ? () => true : undefined }).upload));
      case 'cleanup':
        return void (await workOn(parts, { work: 'cleanup', volume }, options, (row) => cleanUpRow(parts, row, CLEANUP_GRACE_MS)));
      case 'restore':
        return void (await this.#restore.run(jobContext({ fromStart: true, concurrency: 2 }).context));
      case 'settle':
        return void (await settleOnce(parts, options));
      case 'purge':
        return void (await purge(parts, signal));
      case 'sweep':
        return void (await sweep(parts, signal));
    }
  }

  /** Records the library's files that lie at their plain path on this disk. */
  async #takeStock(): Promise<void> {
    const { disk, ledger } = this.#parts;
    for (const key of await this.host.listing()) {
      const found = await statOf(disk, plainLocalName(key));
      if (found) await ledger.record([{ key, local: { volume: this.volume, localName: plainLocalName(key) }, size: found.size }]);
    }
  }

  /** An open breaker asks S3 whether it is back. */
  probe(): Promise<void> {
    return this.#breaker.forceProbe();
  }
}
