import type { Clock } from '../../server/src/core/clock';
import type { ObjectKey, VolumeId } from '../../server/src/core/keys';
import { catchUp } from '../../server/src/core/jobs/catch-up';
import { purge } from '../../server/src/core/jobs/purge';
import { sweep } from '../../server/src/core/jobs/sweep';
import type { Cloud } from '../../server/src/core/media/cloud';
import type { EngineParts } from '../../server/src/core/media/deps';
import { MediaStorage } from '../../server/src/core/media/media-storage';
import { RowCache } from '../../server/src/core/media/row-cache';
import { CircuitBreaker } from '../../server/src/core/resilience/breaker';
import { resilient } from '../../server/src/core/resilience/decorators';
import { bufferBody } from '../../server/src/core/media/body';
import type { Job } from './plan';
import type { Life, Scheduler } from './scheduler';
import type { Connection, SimDatabase } from './sim-database';
import type { SimDisk } from './sim-disk';
import { PROBE, type SimS3 } from './sim-s3';

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
}

/** One running process: the project's own storage engine, on the simulated outside. */
export class Process {
  readonly life: Life;
  readonly host: Connection;
  readonly storage: MediaStorage;
  readonly volume: VolumeId;
  readonly #parts: EngineParts;
  readonly #breaker: CircuitBreaker;

  constructor(parts: ProcessParts) {
    const { life, clock, readOnly, locationId } = parts;
    this.life = life;
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
      onSent: () => undefined,
    };
    const { ledger, catalog } = this.host;
    const { volume } = parts.disk;
    this.volume = volume;
    const quiet = () => undefined;
    this.#parts = {
      ledger,
      disk: parts.disk.connect(life),
      volume: { root: '', id: volume, refresh: async () => volume },
      catalog,
      rows: new RowCache((key) => ledger.find(key), clock.elapsed),
      clock,
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
      cloud: () => (readOnly ? undefined : cloud),
      storeAt: (location) => (location === locationId ? cloud.store : undefined),
    };
    this.storage = new MediaStorage({
      ...this.#parts,
      mode: () => (readOnly ? 'read-only' : 'read-write'),
      readable: () => cloud,
      inTransaction: () => this.host.inTransaction(),
      onFallback: quiet,
      onDelete: quiet,
    });
  }

  put(key: ObjectKey, bytes: Buffer, scope?: Parameters<MediaStorage['put']>[2]['scope']): Promise<void> {
    return this.storage.put(key, bufferBody(bytes), { mime: null, scope });
  }

  async run(job: Job): Promise<void> {
    const signal = new AbortController().signal;
    if (job === 'catch-up') await catchUp(this.#parts, 2, signal);
    if (job === 'purge') await purge(this.#parts, signal);
    if (job === 'sweep') await sweep(this.#parts, signal);
  }

  /** An open breaker asks S3 whether it is back. */
  probe(): Promise<void> {
    return this.#breaker.forceProbe();
  }
}
