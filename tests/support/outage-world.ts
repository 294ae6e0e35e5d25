import { Events } from '../../server/src/core/events';
import { logOutages } from '../../server/src/core/outages/outage-lines';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ErrorCode } from '../../server/src/contracts/errors';
import type { EngineParts } from '../../server/src/core/media/deps';
import { type Clock, systemClock } from '../../server/src/core/clock';
import { catchUp } from '../../server/src/core/upkeep/catch-up';
import { workOn } from '../../server/src/core/jobs/work-through';
import { uploads } from '../../server/src/core/jobs/upload/send-files';
import { parseKey, plainLocalName, type ObjectKey } from '../../server/src/core/keys';
import { MemoryLedger } from '../../server/src/core/memory/ledger';
import { Connections } from '../../server/src/core/buckets/connections';
import { MediaStorage } from '../../server/src/core/media/media-storage';
import { RowCache } from '../../server/src/core/media/row-cache';
import { Outage } from '../../server/src/core/outages/outage';
import { resolve } from '../../server/src/core/settings/resolve';
import type { PermittedSettings } from '../../server/src/core/instance';
import { NOTHING_STORED } from '../../server/src/core/settings/types';
import { LocalObjectStore } from '../../server/src/core/store/local/local-object-store';
import { openVolume } from '../../server/src/core/store/local/volume';
import { bucketsWith } from './buckets';
import { bodyOf, bytesOf } from './bodies';
import { type FaultProxy, startFaultProxy } from './fault-proxy';
import { startS3, type S3Server } from './s3';
import { OWNS_ALL } from './owners';
import { testS3Store } from './s3-store';

/**
 * Everything between an editor and S3, as the engine wires it. A real S3 lies behind a proxy that breaks what a test tells it to break.
 * Only the database is in memory. Time is real, and `skip` puts the clocks forward.
 */
export async function outageWorld() {
  const server: S3Server = await startS3();
  const proxy: FaultProxy = await startFaultProxy(server.endpoint);
  const { region, accessKeyId, secretAccessKey } = server;
  const credentials = { accessKeyId, secretAccessKey };

  async function open(options: { keepsLocally?: boolean } = {}) {
    const bucket = await server.createBucket();
    const folder = await mkdtemp(path.join(tmpdir(), 'outage-world-'));
    let ahead = 0;
    const clock: Clock = { ...systemClock, now: () => systemClock.now() + ahead, elapsed: () => systemClock.elapsed() + ahead };
    const ledger = new MemoryLedger(clock);
    const lines = { debug: [] as string[], info: [] as string[], warn: [] as string[], error: [] as string[] };
    const log = {
      debug: (text: string) => void lines.debug.push(text),
      info: (text: string) => void lines.info.push(text),
      warn: (text: string) => void lines.warn.push(text),
      error: (text: string) => void lines.error.push(text),
    };
    const incidents: ErrorCode[] = [];
    let written = Promise.resolve();
    // the changes are written one after the other, as a worker does it
    const events = new Events(log);
    events.on('incidentChanged', () => void (written = written.then(() => outage.flush())));
    events.on('recovered', () => void state.recovered++);
    events.on('refused', ({ code, detail }) => connections.noteUnsent(code, false, detail));
    events.on('fellBack', ({ code, detail }) => connections.noteUnsent(code, true, detail));
    logOutages(events, log, () => options.keepsLocally !== false);
    const outage = new Outage(
      { begin: async (code) => void incidents.push(code), note: async () => undefined, endUnseen: async () => undefined, list: async () => [] },
      clock,
      events,
    );
    const opened: (() => void)[] = [];
    const state = { recovered: 0 };
    const connections = new Connections({
      ledger,
      clock,
      log,
      outage,
      openBucket: (location) => {
        const { store, destroy } = testS3Store({ endpoint: proxy.endpoint, bucket: location.bucket, region, credentials, timeoutMs: 1_500, clock });
        opened.push(destroy);
        return store;
      },
      events,
      instance: { mode: 'read-write' },
      owners: OWNS_ALL,
    });
    const settings = (patch: Partial<PermittedSettings['settings']> = {}): PermittedSettings => {
      const resolution = resolve({ database: NOTHING_STORED, configFile: { bucket, endpoint: proxy.endpoint, region }, variables: {} });
      return { ...resolution, settings: { ...resolution.settings, ...patch }, mode: 'read-write', reason: null, revision: 1 };
    };
    await connections.apply(settings());
    const listed = new Set<ObjectKey>();
    const parts: EngineParts = {
      ledger,
      disk: new LocalObjectStore(folder),
      volume: await openVolume(folder),
      catalog: { listed: async (keys) => new Set(keys.filter((key) => listed.has(key))), listedAnywhere: async (keys) => new Set(keys.filter((key) => listed.has(key))) },
      rows: new RowCache((key) => ledger.findDated(key), clock.elapsed),
      clock,
      log,
      buckets: bucketsWith(connections, { standInFor: () => undefined }),
      instance: { mode: 'read-write', leaving: false, awaitsOwner: false, ownerTrouble: null, isCopy: false },
    };
    const storage = new MediaStorage({
      ...parts,
      inTransaction: () => false,
      keepsLocally: () => options.keepsLocally ?? true,
      memoryCacheMb: () => 0,
      events,
    });
    return {
      ...{ bucket, clock, ledger, lines, incidents, outage, connections, settings, parts, storage, state },
      put: (name: string, content = name) => storage.put(parseKey(name), bodyOf(content), { mime: 'text/plain' }),
      /** The text, or the kind of the refusal. */
      async read(name: string): Promise<string> {
        const read = await storage.reader.open(parseKey(name), () => ({ bytes: 'all' }));
        return read.kind === 'file' ? (await bytesOf(read.body!)).toString() : read.kind;
      },
      /** The state of a key's row: `remote`, `local`, … */
      place: async (name: string) => (await ledger.find(parseKey(name)))?.placement.state,
      row: (name: string) => ledger.find(parseKey(name)),
      /** Puts files on this disk that the library had before the plugin. */
      async libraryFiles(names: readonly string[]) {
        for (const name of names) await writeFile(path.join(folder, name), name);
        const { id: volume } = parts.volume;
        await ledger.record(names.map((name) => ({ key: parseKey(name), local: { volume, localName: plainLocalName(parseKey(name)) }, size: name.length })));
      },
      /** Does a run of phase 1. @returns whether something is left for it to do */
      async phase1(): Promise<boolean> {
        const request = { work: 'upload', volume: parts.volume.id, origin: 'library' } as const;
        const options = { concurrency: 4, batchSize: 100, signal: new AbortController().signal };
        await workOn(parts, request, options, uploads(parts, options).upload);
        return ledger.pendingWork(request);
      },
      catchUp: () => catchUp(parts, 4, new AbortController().signal),
      skip: (ms: number) => void (ahead += ms),
      async close() {
        connections.close();
        for (const destroy of opened) destroy();
        await rm(folder, { recursive: true, force: true });
      },
    };
  }

  return {
    proxy,
    open,
    async close() {
      await proxy.close();
      await server.stop();
    },
  };
}

export type OutageWorlds = Awaited<ReturnType<typeof outageWorld>>;
export type OutageWorld = Awaited<ReturnType<OutageWorlds['open']>>;
