import { Events } from '../../server/src/core/events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Mode } from '../../server/src/contracts/settings';
import type { ErrorCode } from '../../server/src/contracts/errors';
import type { Clock } from '../../server/src/core/clock';
import { parseKey, type ObjectKey } from '../../server/src/core/keys';
import type { EngineParts, MediaStorageDeps } from '../../server/src/core/media/deps';
import type { Proof } from '../../server/src/core/ledger/words';
import { MemoryLedger } from '../../server/src/core/memory/ledger';
import type { WritableBucket } from '../../server/src/core/buckets/send';
import { MediaStorage } from '../../server/src/core/media/media-storage';
import { RowCache } from '../../server/src/core/media/row-cache';
import { CircuitBreaker } from '../../server/src/core/store/resilience/breaker';
import { resilient } from '../../server/src/core/store/resilience/decorators';
import { LocalObjectStore } from '../../server/src/core/store/local/local-object-store';
import { MemoryObjectStore } from '../../server/src/core/memory/object-store';
import type { ObjectStore } from '../../server/src/core/store/object-store';
import { OverwriteRefusal } from '../../server/src/core/store/overwriting';
import { openVolume } from '../../server/src/core/store/local/volume';
import { bytesOf, bodyOf } from './bodies';

/** A fault throws for one request, answers it in another way, or returns undefined, and then the request goes through. */
export type Fault = (operation: keyof ObjectStore, name: string, real: ObjectStore) => Promise<unknown> | undefined;

/**
 * The media layer, in which everything is real but S3 and the database: those are the memory implementations that pass the same
 * contracts. Each request to S3 asks `fault` first, and `requests` records it.
 */
export async function mediaWorld(options: { prefix?: string } = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'media-world-'));
  // the clock is ahead of the file system's: a file that a test puts on the disk is older than everything that the test does next
  const state = { mode: 'read-write' as Mode, now: Date.now() + 3600_000, inTransaction: false, keepsLocally: true, memoryCacheMb: 0, leaving: false, awaitsOwner: false, proof: null as Proof | null };
  const clock: Clock = {
    now: () => state.now,
    elapsed: () => state.now,
    random: () => 0.5,
    sleep: async (ms) => void (state.now += ms),
  };
  const ledger = new MemoryLedger(clock);
  const s3 = new MemoryObjectStore();
  const world = { fault: undefined as Fault | undefined };
  const requests: string[] = [];
  const faulty = new Proxy<ObjectStore>(s3, {
    get: (target, operation: keyof ObjectStore) => (name: string, ...rest: unknown[]) => {
      requests.push(`${operation} ${name}`);
      const call = target[operation] as (...args: unknown[]) => Promise<unknown>;
      return world.fault?.(operation, name, target) ?? call.call(target, name, ...rest);
    },
  });
  const locationId = await ledger.locationId({ endpoint: '', region: 'us-east-1', bucket: 'media' });
  const breaker = new CircuitBreaker(clock);
  const retryPolicy = { maxAttempts: 3 };
  const sent: string[] = [];
  const bucket: WritableBucket = {
    store: resilient(faulty, { breaker, policy: retryPolicy, clock }),
    breaker,
    retryPolicy,
    locationId,
    prefix: options.prefix ?? '',
    cacheControl: null,
    proof: {
      get known() {
        return state.proof;
      },
      learn: async (proof) => void (state.proof = proof),
    },
    overwriting: new OverwriteRefusal(`${options.prefix ?? ''}.s3-storage-probe-overwriting`, clock),
    onSent: () => sent.push('sent'),
  };
  const fallbacks: ErrorCode[] = [];
  const refusals: ErrorCode[] = [];
  const kept: string[] = [];
  const listed = new Set<ObjectKey>();
  const unusual = new Set<ObjectKey>();
  const lines: string[] = [];
  const line = (text: string) => void lines.push(text);
  const log = { debug: line, info: line, warn: line, error: line };
  const events = new Events(log);
  events.on('refused', ({ code }) => refusals.push(code));
  events.on('fellBack', ({ code }) => fallbacks.push(code));
  events.on('published', ({ ownNames }) => void (ownNames && kept.push('own name')));
  const jobs: EngineParts = {
    ledger,
    disk: new LocalObjectStore(folder),
    volume: await openVolume(folder),
    catalog: {
      listed: async (keys) => new Set(keys.filter((key) => listed.has(key))),
      listedAnywhere: async (keys) => new Set(keys.filter((key) => listed.has(key) || unusual.has(key))),
    },
    rows: new RowCache((key) => ledger.findDated(key), clock.elapsed),
    clock,
    log,
    buckets: {
      get writable() {
        return state.mode === 'read-write' ? bucket : undefined;
      },
      get readable() {
        return state.mode === 'off' ? undefined : bucket;
      },
      get breaker() {
        return state.mode === 'off' ? undefined : breaker;
      },
      storeAt: (location) => (location === locationId && state.mode !== 'off' ? bucket.store : undefined),
      removableAt: async (location) => (location === locationId && state.mode === 'read-write' ? bucket.store : undefined),
      isElsewhere: () => false,
      standInFor: (location) => (location !== locationId && state.mode !== 'off' ? bucket.store : undefined),
    },
    instance: {
      get mode() {
        return state.mode;
      },
      get leaving() {
        return state.leaving;
      },
      get awaitsOwner() {
        return state.awaitsOwner;
      },
      ownerTrouble: null,
      get isCopy() {
        return state.mode === 'read-only' && !state.leaving && !state.awaitsOwner;
      },
    },
  };
  const storageOf = (parts: Partial<MediaStorageDeps>) => new MediaStorage({
    ...jobs,
    inTransaction: () => state.inTransaction,
    keepsLocally: () => state.keepsLocally,
    memoryCacheMb: () => state.memoryCacheMb,
    events,
    ...parts,
  });
  const storage = storageOf({});
  return Object.assign(world, {
    folder, state, clock, ledger, s3, requests, breaker, bucket, sent, fallbacks, refusals, kept, listed, lines, jobs, events, storage, storageOf,
    /** Keys that the library lists as formats under names that Strapi has not chosen. */
    unusual,
    key: parseKey,
    put: (name: string, content: string) => storage.put(parseKey(name), bodyOf(content), { mime: 'text/plain' }),
    /** The text that a reader gets, or the kind of the refusal. */
    async read(name: string): Promise<string> {
      const opened = await storage.reader.open(parseKey(name), () => ({ bytes: 'all' }));
      return opened.kind === 'file' ? (await bytesOf(opened.body!)).toString() : opened.kind;
    },
    async object(name: string): Promise<string | undefined> {
      return s3.names().includes(name) ? (await bytesOf((await s3.get(name)).body)).toString() : undefined;
    },
    close: () => rm(folder, { recursive: true, force: true }),
  });
}

export type MediaWorld = Awaited<ReturnType<typeof mediaWorld>>;
