import { isDeepStrictEqual } from 'node:util';
import type { ErrorCode } from '../../contracts/errors';
import type { Clock } from '../clock';
import { codeOf, isStorageError, printable, StorageError } from '../errors';
import type { Ledger, Location, LocationId } from '../ledger/ledger';
import type { Logger } from '../log';
import { CircuitBreaker } from '../resilience/breaker';
import { resilientBucket } from '../resilience/decorators';
import { outageOfUpload, type Outage, type OutageOf } from '../resilience/outage';
import { ReadWatch } from '../resilience/read-watch';
import type { RetryPolicy } from '../resilience/retry';
import type { EffectiveSettings } from '../settings/types';
import type { BucketStore, ListableStore } from '../store/listable-store';
import type { PatientStore } from '../store/patience';
import type { Cloud } from './cloud';
import { remoteOf } from '../ledger/state';
import type { ProofMemory } from './proof';

export interface ConnectionsDeps {
  ledger: Pick<Ledger, 'locationId' | 'locations' | 'proofOf' | 'noteProof' | 'list'>;
  clock: Clock;
  log: Logger;
  outage: Outage;
  /** A bucket with the credentials of the settings. */
  openBucket(location: Location, settings: EffectiveSettings['settings']): BucketStore;
  /** S3 answers again after an outage. */
  onRecovered(): void;
}

/** Asked for, to learn whether one object is refused or all are. */
const OTHERS = 5;
/** S3 has taken something within so many milliseconds: one upload that fails is no outage yet. */
const JUST_NOW_MS = 20_000;
/** These may be one file's own trouble. */
const MAYBE_ONE: readonly ErrorCode[] = ['UNREACHABLE', 'TIMEOUT', 'SERVER_ERROR'];
/** With these S3 refuses what it was asked, and goes on doing so until somebody does something. */
const REFUSALS: readonly ErrorCode[] = [
  'ACCESS_DENIED', 'INVALID_ACCESS_KEY', 'SIGNATURE_MISMATCH', 'NO_CREDENTIALS', 'CLOCK_SKEW', 'BUCKET_NOT_FOUND', 'WRONG_REGION', 'TLS_FAILED', 'NOT_S3', 'UNSUPPORTED',
];

interface Connection {
  readonly settings: EffectiveSettings;
  readonly breaker: CircuitBreaker;
  readonly cloud: Cloud;
  /** Buckets at the endpoint, by location: the present one, and former ones whose rows are still read. */
  readonly stores: ReadonlyMap<LocationId, BucketStore>;
  close(): void;
}

/** The way to S3 that the settings in force describe; exchanged whole when what it is made of changes. */
export class Connections {
  #connection: Connection | undefined;
  /** Uploads that were kept on the disk, and nobody knows yet whether S3 is the cause. */
  #undecided = 0;
  /** The connection of which {@link check} has asked. */
  #checked: CircuitBreaker | undefined;

  constructor(private readonly deps: ConnectionsDeps) {}

  /** S3, where this instance may change it. */
  get cloud(): Cloud | undefined {
    return this.#connection?.settings.mode === 'read-write' ? this.#connection.cloud : undefined;
  }

  get breaker(): CircuitBreaker | undefined {
    return this.#connection?.breaker;
  }

  /** The present bucket, to read from: also where this instance may not change it. */
  get readable(): { store: PatientStore; locationId: LocationId; prefix: string } | undefined {
    return this.#connection?.cloud;
  }

  /**
   * The store of a location. Undefined where the settings do not reach it: off, or another endpoint, to which the
   * present credentials are never sent.
   */
  storeAt(location: LocationId): PatientStore | undefined {
    return this.#connection?.stores.get(location);
  }

  /** What lists a location's objects; undefined where {@link storeAt} is. */
  listAt(location: LocationId): ListableStore | undefined {
    return this.#connection?.stores.get(location);
  }

  /**
   * Makes the settings those in force. Where they lead to S3 in the same way as before, what is known of it stays: in an outage
   * nobody pays for it anew. Otherwise requests under way end on the connections they began on. If it fails there is no connection at
   * all: the former settings may allow what the new ones forbid.
   */
  async apply(settings: EffectiveSettings): Promise<void> {
    const before = this.#connection;
    if (before && settings.mode !== 'off' && isDeepStrictEqual(wayOf(before.settings), wayOf(settings))) {
      this.#connection = { ...before, settings, cloud: { ...before.cloud, cacheControl: settings.settings.cacheControl } };
      return;
    }
    this.close();
    if (before) this.deps.outage.forget();
    if (settings.mode !== 'off') this.#connection = await this.#connect(settings);
  }

  /**
   * Asks S3 once for each connection whether it is usable, so that settings that cannot work are shown before the first upload falls
   * back. Never rejects. A 403 says nothing here: a key without the right to list gets it for every missing object.
   */
  async check(): Promise<void> {
    const connection = this.#connection;
    if (!connection || connection.breaker === this.#checked) return;
    this.#checked = connection.breaker;
    const { store, prefix } = connection.cloud;
    let failure: unknown;
    try {
      await store.head(probeName(prefix));
    } catch (error) {
      failure = error;
    }
    if (connection.breaker !== this.#connection?.breaker || isStorageError(failure, 'ACCESS_DENIED')) return;
    // that S3 answers does not say that it takes uploads, or gives out what it has
    if (failure === undefined || isStorageError(failure, 'OBJECT_NOT_FOUND')) this.#usable('all');
    else this.deps.outage.begins(codeOf(failure), 'all', detailOf(failure));
  }

  /** An upload was kept on the disk, or refused where `kept` is false, because S3 failed with `code`. */
  noteUnsent(code: ErrorCode, kept: boolean, detail?: string): void {
    const { outage } = this.deps;
    // S3 takes other files
    if (code === 'TOO_LARGE' || code === 'FILE_REFUSED') return;
    const { breaker } = this;
    const answers = breaker?.state.kind === 'closed';
    const takes = breaker?.writes.state.kind === 'closed';
    if (kept && answers && takes && MAYBE_ONE.includes(code) && breaker.writes.tookWithin(JUST_NOW_MS)) {
      // it may be this file alone: the next upload tells, or the next attempt of this one
      this.#undecided++;
      return;
    }
    const of = answers && !takes ? 'writes' : outageOfUpload(code, answers);
    if (kept) outage.fellBack(code, of, detail);
    else outage.begins(code, of, detail);
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  /** Uploads fail, and not one alone. */
  #begins(code: ErrorCode, of: OutageOf, detail: string | undefined): void {
    const { outage } = this.deps;
    outage.begins(code, of, detail);
    for (; this.#undecided > 0; this.#undecided--) outage.fellBack(code, of, detail);
  }

  #usable(...of: OutageOf[]): void {
    if (this.deps.outage.ends(...of)) this.deps.onRecovered();
  }

  async #connect(effective: EffectiveSettings): Promise<Connection> {
    const { settings } = effective;
    const { ledger, clock, outage } = this.deps;
    const present: Location = { endpoint: settings.endpoint ?? '', region: settings.signingRegion, bucket: settings.bucket ?? '' };
    const locationId = await ledger.locationId(present);
    const breaker = new CircuitBreaker(clock);
    const retryPolicy: RetryPolicy = { maxAttempts: settings.maxAttempts };
    const reads = this.#watchReads((id) => stores.get(id), locationId);
    const open = (location: Location) => {
      const bucket = this.deps.openBucket(location, settings);
      return { bucket, store: reads.over(resilientBucket(bucket, { breaker, policy: retryPolicy, clock })) };
    };
    const { bucket, store } = open(present);
    breaker.probeWith(probeOf(bucket, settings.prefix));
    const stores = new Map<LocationId, BucketStore>([[locationId, store]]);
    for (const location of await ledger.locations()) {
      if (location.id !== locationId && location.endpoint === present.endpoint) stores.set(location.id, open(location).store);
    }
    const cloud: Cloud = {
      store,
      breaker,
      retryPolicy,
      locationId,
      prefix: settings.prefix,
      cacheControl: settings.cacheControl,
      proof: await proofMemory(ledger, locationId),
      // refusals (rights, a wrong secret) leave the breaker closed: there the first success is the end of the outage
      onSent: () => {
        this.#undecided = 0;
        this.#usable('all', 'writes');
      },
      onFailed: ({ code, detail }) => {
        const answers = breaker.state.kind === 'closed';
        const lasts = answers && MAYBE_ONE.includes(code) && !breaker.writes.tookWithin(JUST_NOW_MS);
        if (REFUSALS.includes(code) || lasts) this.#begins(code, outageOfUpload(code, answers), detail);
      },
    };
    const unlistenWrites = breaker.writes.onChange((now, before) => {
      if (now.kind === 'open' && before.kind === 'closed') this.#begins(now.cause.code, 'writes', now.cause.detail);
      if (now.kind === 'closed') {
        outage.ends('writes');
        this.deps.onRecovered();
      }
    });
    const unlistenAll = breaker.onChange((now, before) => {
      // not before the probe has failed as well: it may have been a few requests that failed by themselves
      if (now.kind === 'open' && now.probes > 0) outage.begins(now.cause.code, 'all', now.cause.detail);
      if (now.kind === 'closed') {
        outage.ends('all');
        // the failures of uploads were part of it
        if (before.kind === 'half-open' && before.probes > 0) outage.ends('writes');
        this.deps.onRecovered();
      }
    });
    return {
      settings: effective,
      breaker,
      cloud,
      stores,
      close: () => {
        unlistenAll();
        unlistenWrites();
        breaker.stop();
        reads.stop();
      },
    };
  }

  /** @param storeAt of this connection */
  #watchReads(storeAt: (location: LocationId) => BucketStore | undefined, present: LocationId): ReadWatch {
    const { clock, log, outage, ledger } = this.deps;
    return new ReadWatch({
      clock,
      others: async () => {
        const rows = [
          ...(await ledger.list({ state: 'remote' }, { offset: 0, limit: OTHERS })),
          ...(await ledger.list({ state: 'both' }, { offset: 0, limit: OTHERS })),
        ];
        return rows.flatMap((row) => {
          const remote = remoteOf(row);
          const store = remote?.locationId === present ? storeAt(present) : undefined;
          return remote && store && 'content' in row.placement && row.placement.content.size > 0 ? [{ store, name: remote.object }] : [];
        });
      },
      onRefused: ({ code, detail }) => outage.begins(code, 'reads', detail),
      onReadable: () => void outage.ends('reads'),
      onOneRefused: (name, error) => log.warn(`The object "${printable(name)}" cannot be read from S3, others can: ${error.message} ${error.hint}`),
    });
  }
}

/** What a connection is made of. */
function wayOf({ settings }: EffectiveSettings) {
  const { endpoint, signingRegion, bucket, forcePathStyle, credentials, connectTimeoutMs, timeoutMs, maxAttempts, prefix } = settings;
  return { endpoint, signingRegion, bucket, forcePathStyle, credentials, connectTimeoutMs, timeoutMs, maxAttempts, prefix };
}

function detailOf(error: unknown): string | undefined {
  return error instanceof StorageError ? error.detail : undefined;
}

async function proofMemory(ledger: Pick<Ledger, 'proofOf' | 'noteProof'>, location: LocationId): Promise<ProofMemory> {
  let known = await ledger.proofOf(location);
  return {
    get known() {
      return known;
    },
    learn: async (proof) => {
      known = proof;
      await ledger.noteProof(location, proof);
    },
  };
}

function probeName(prefix: string): string {
  return `${prefix}.s3-storage-probe`;
}

/** The cheapest question that only a working S3 answers; that there is no such object is an answer too. */
function probeOf(store: PatientStore, prefix: string) {
  return async (signal: AbortSignal): Promise<void> => {
    await store.head(probeName(prefix), { signal });
  };
}
