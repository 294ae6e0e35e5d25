import { isDeepStrictEqual } from 'node:util';
import type { ErrorCode } from '../../contracts/errors';
import type { Clock } from '../clock';
import { codeOf, isStorageError, StorageError } from '../errors';
import type { Events } from '../events';
import type { Permit, PermittedSettings } from '../instance';
import type { ObjectName } from '../keys';
import type { LedgerLocations } from '../ledger/locations';
import type { LedgerReports } from '../ledger/reports';
import type { Location, LocationId } from '../ledger/words';
import type { Logger } from '../log';
import { CircuitBreaker } from '../store/resilience/breaker';
import { resilient } from '../store/resilience/decorators';
import { OverwriteRefusal } from '../store/overwriting';
import type { Outage } from '../outages/outage';
import type { RetryPolicy } from '../store/resilience/retry';
import type { EffectiveSettings } from '../settings/types';
import type { ObjectStore } from '../store/object-store';
import type { Buckets } from './buckets';
import type { WritableBucket } from './send';
import { OutageReports } from '../outages/outage-reports';
import { eitherKey } from './either-key';
import { OtherEndpoints } from './other-endpoints';
import { areaOf } from './owner/area';
import type { Area } from './owner/owner-book';
import { overwritingProbeName, probeName, probeOf } from './s3-probe';
import { endpointOf, isSameEndpoint, presentLocation, waysTo } from './ways-to';
import type { Reachable } from './owner/owner-watch';
import type { Ownerships } from '../ownership';
import { proofMemory } from './proof';
import { provesOrOwesNothing } from './witnesses';

export interface ConnectionsDeps {
  ledger: LedgerLocations & Pick<LedgerReports, 'list'>;
  clock: Clock;
  log: Logger;
  outage: Outage;
  /** Opens a bucket with the credentials of the settings. */
  openBucket(location: Location, settings: EffectiveSettings['settings']): ObjectStore;
  events: Events;
  instance: Pick<Permit, 'mode'>;
  owners: OwnerLooks;
}

/** The facts about owners that the connections ask for. */
export interface OwnerLooks extends Ownerships {
  /** Whether a look of the last `maxAgeMs` milliseconds says that this database is the owner. */
  confirm(target: Reachable, maxAgeMs: number): Promise<boolean>;
  /** Returns the areas at an endpoint and bucket that this database owns or has owned. */
  areas(endpoint: string, bucket: string): Promise<Area[]>;
}

/** Greatest age of the look at the owner's marker that a removal needs, in milliseconds. */
const OWNER_KNOWN_MS = 10_000;

interface Connection {
  readonly settings: PermittedSettings;
  readonly breaker: CircuitBreaker;
  readonly bucket: WritableBucket;
  /** The area of the present bucket, with a store that neither waits for the breaker nor repeats anything. */
  readonly owned: Reachable;
  readonly reports: OutageReports;
  /** The stores by location: the present bucket, and former buckets to which a key leads, whose objects are still read. */
  readonly stores: ReadonlyMap<LocationId, ObjectStore>;
  /** The locations among them at another endpoint than the present one. */
  readonly elsewhere: ReadonlySet<LocationId>;
  close(): void;
}

/** Holds the connection to S3 that the settings in force describe. It replaces the whole connection when one of its settings changes. */
export class Connections implements Buckets {
  #connection: Connection | undefined;
  /** The breaker of the connection that {@link check} has checked. */
  #checked: CircuitBreaker | undefined;

  constructor(private readonly deps: ConnectionsDeps) {}

  get writable(): WritableBucket | undefined {
    const connection = this.#connection;
    // both modes must allow it: this connection may come from older settings than the present mode
    if (connection?.settings.mode !== 'read-write' || this.deps.instance.mode !== 'read-write') return undefined;
    // guard: writable-only-for-the-owner
    return this.deps.owners.of(connection.owned.area.id).state === 'own' ? connection.bucket : undefined;
  }

  get breaker(): CircuitBreaker | undefined {
    return this.#connection?.breaker;
  }

  get readable(): WritableBucket | undefined {
    return this.#connection?.bucket;
  }

  /** Returns undefined for another endpoint whose key was not kept, too, because the present credentials must never be sent there. */
  storeAt(location: LocationId): ObjectStore | undefined {
    return this.#connection?.stores.get(location);
  }

  /** The area of the present bucket, even where this instance may not change it; undefined where S3 is off. */
  get owned(): Reachable | undefined {
    return this.#connection?.owned;
  }

  async removableAt(location: LocationId, name: ObjectName): Promise<ObjectStore | undefined> {
    const store = this.writable && this.storeAt(location);
    const target = store && (await this.#ownedAt(location, name, store));
    return target && (await this.deps.owners.confirm(target, OWNER_KNOWN_MS)) && this.writable ? store : undefined;
  }

  isElsewhere(location: LocationId): boolean {
    return this.#connection?.elsewhere.has(location) ?? false;
  }

  standInFor(location: LocationId): ObjectStore | undefined {
    const bucket = this.#connection?.bucket;
    return bucket && this.#connection?.stores.get(location) !== this.#connection?.stores.get(bucket.locationId) ? bucket.store : undefined;
  }

  /**
   * Puts settings into force. Where they lead to S3 in the same way as before, the breaker keeps its state, so that nobody has to wait
   * again to notice the same outage. Otherwise requests that are under way end on the connections on which they began. If this fails,
   * there is no connection at all, because the former settings may allow what the new ones forbid.
   */
  async apply(settings: PermittedSettings): Promise<void> {
    const before = this.#connection;
    if (before && settings.mode !== 'off' && isDeepStrictEqual(wayOf(before.settings), wayOf(settings))) {
      this.#connection = { ...before, settings, bucket: { ...before.bucket, cacheControl: settings.settings.cacheControl } };
      return;
    }
    this.close();
    if (before) this.deps.outage.forget();
    if (settings.mode !== 'off') this.#connection = await this.#connect(settings);
  }

  /**
   * Checks once for each connection whether S3 is usable, so that the administrator sees settings that cannot work before the first upload
   * falls back. It never rejects. A 403 says nothing here: credentials without the right to list get it for every missing object.
   */
  async check(): Promise<void> {
    const connection = this.#connection;
    if (!connection || connection.breaker === this.#checked) return;
    this.#checked = connection.breaker;
    const { store, prefix } = connection.bucket;
    let failure: unknown;
    try {
      await store.head(probeName(prefix));
    } catch (error) {
      failure = error;
    }
    if (connection.breaker !== this.#connection?.breaker || isStorageError(failure, 'ACCESS_DENIED')) return;
    // an answer of S3 does not show that it takes uploads, or gives out its objects
    if (failure === undefined || isStorageError(failure, 'OBJECT_NOT_FOUND')) {
      if (this.deps.outage.ends('all')) this.deps.events.emit('recovered', {});
    } else {
      this.deps.outage.begins(codeOf(failure), 'all', failure instanceof StorageError ? failure.detail : undefined);
    }
  }

  /** Reports that S3 failed with `code`, so that an upload was kept on the disk, or refused where `kept` is false. */
  noteUnsent(code: ErrorCode, kept: boolean, detail?: string): void {
    this.#connection?.reports.unsent(code, kept, detail);
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  /** Returns the area to which an object belongs: the present one, or a former one whose prefix begins the object's name. */
  async #ownedAt(location: LocationId, name: ObjectName, store: ObjectStore): Promise<Reachable | undefined> {
    const connection = this.#connection;
    if (!connection) return undefined;
    const { owned, bucket } = connection;
    const where = (await this.deps.ledger.locations()).find(({ id }) => id === location);
    if (!where) return undefined;
    const isPresent = connection.stores.get(location) === connection.stores.get(bucket.locationId);
    const areas = isPresent ? [owned.area] : [];
    areas.push(...(await this.deps.owners.areas(endpointOf(where), where.bucket)));
    const [area] = areas.filter(({ prefix }) => name.startsWith(prefix)).sort((a, b) => b.prefix.length - a.prefix.length);
    return area && (area.id === owned.area.id ? owned : { area, store, isRightBucket: () => provesOrOwesNothing(this.deps.ledger, store, location) });
  }

  async #connect(effective: PermittedSettings): Promise<Connection> {
    const { settings } = effective;
    const { ledger, clock } = this.deps;
    const present = presentLocation(settings);
    const locationId = await ledger.locationId(present);
    const breaker = new CircuitBreaker(clock);
    const retryPolicy: RetryPolicy = { maxAttempts: settings.maxAttempts };
    const reports: OutageReports = new OutageReports({ ...this.deps, breaker, store: () => store, locationId });
    const raw = this.deps.openBucket(present, settings);
    const store = resilient(raw, { breaker, policy: retryPolicy, clock, reads: reports.reads });
    breaker.probeWith(probeOf(raw, settings.prefix));
    const stores = new Map<LocationId, ObjectStore>([[locationId, store]]);
    const elsewhere = new Set<LocationId>();
    const others = new OtherEndpoints(settings.prefix, retryPolicy, clock);
    for (const location of await ledger.locations()) {
      const [way, ...ways] = waysTo(settings, location);
      if (location.id === locationId || !way) continue;
      const isHere = isSameEndpoint(location, present);
      if (!isHere) elsewhere.add(location.id);
      // the same bucket under another spelling, or with another region to sign for, is the same place
      if (isHere && location.bucket === present.bucket) stores.set(location.id, store);
      else {
        const bucket = eitherKey([this.deps.openBucket(location, way), ...ways.map((other) => this.deps.openBucket(location, other))]);
        stores.set(location.id, isHere ? resilient(bucket, { breaker, policy: retryPolicy, clock, reads: reports.reads }) : others.over(bucket, endpointOf(location)));
      }
    }
    const bucket: WritableBucket = {
      store,
      breaker,
      retryPolicy,
      locationId,
      prefix: settings.prefix,
      cacheControl: settings.cacheControl,
      proof: await proofMemory(ledger, locationId),
      overwriting: new OverwriteRefusal(overwritingProbeName(settings.prefix), clock),
      onSent: () => reports.sent(),
      onFailed: (error) => reports.failed(error),
    };
    return {
      settings: effective,
      breaker,
      reports,
      bucket,
      owned: { area: areaOf(settings), store: raw, isRightBucket: () => provesOrOwesNothing(ledger, raw, locationId) },
      stores,
      elsewhere,
      close: () => {
        reports.close();
        breaker.stop();
        others.stop();
      },
    };
  }
}

/** Returns the settings that make a connection. */
function wayOf({ settings }: EffectiveSettings) {
  const { endpoint, publicEndpoint, signingRegion, bucket, forcePathStyle, credentials, connectTimeoutMs, timeoutMs, maxAttempts, prefix, kept } = settings;
  return { endpoint, publicEndpoint, signingRegion, bucket, forcePathStyle, credentials, connectTimeoutMs, timeoutMs, maxAttempts, prefix, kept };
}
