import { Events } from '../../../server/src/core/events';
import { systemClock } from '../../../server/src/core/clock';
import { Connections } from '../../../server/src/core/buckets/connections';
import { hasObjects, moveCounts } from '../../../server/src/core/buckets/move-counts';
import { outOfSight } from '../../../server/src/core/buckets/out-of-sight';
import type { MediaStorage } from '../../../server/src/core/media/media-storage';
import { Outage } from '../../../server/src/core/outages/outage';
import { resolve } from '../../../server/src/core/settings/resolve';
import { s3ConfigOf } from '../../../server/src/core/settings/s3-config';
import type { PermittedSettings } from '../../../server/src/core/instance';
import { NOTHING_STORED } from '../../../server/src/core/settings/types';
import { openBucket } from '../../../server/src/core/store/s3/open-bucket';
import { bodyOf, bytesOf } from '../../support/bodies';
import { mediaWorld, type MediaWorld } from '../../support/media-world';
import { rawBucket, type RawBucket } from '../../support/raw-s3';
import { startS3, type S3Server } from '../../support/s3';
import { OWNS_ALL } from '../../support/owners';

const FILES = { 'a.txt': 'the bytes of a', 'b.txt': 'the bytes of b' };

let servers: S3Server[];
let buckets: RawBucket[];
let world: MediaWorld;
let connections: Connections;
let storage: MediaStorage;

beforeAll(async () => {
  servers = [await startS3(), await startS3()];
  const name = await servers[0]!.createBucket();
  await servers[1]!.createBucket(name);
  buckets = servers.map((server) => rawBucket(server, name));
  world = await mediaWorld();
  const nothing = async () => undefined;
  const { log } = world.jobs;
  const events = new Events(log);
  connections = new Connections({
    ledger: world.ledger,
    clock: systemClock,
    log,
    outage: new Outage({ begin: nothing, note: nothing, endUnseen: nothing, list: async () => [] }, systemClock, events),
    openBucket: real,
    events,
    instance: { mode: 'read-write' },
    owners: OWNS_ALL,
  });
  storage = world.storageOf({
    ...world.jobs,
    buckets: connections,
  });
}, 60_000);

afterAll(async () => {
  connections?.close();
  for (const bucket of buckets ?? []) bucket.close();
  for (const server of servers ?? []) await server.stop();
  await world?.close();
}, 60_000);

const real: ConstructorParameters<typeof Connections>[0]['openBucket'] = (location, settings) =>
  openBucket({ ...s3ConfigOf(settings), region: location.region }, location.bucket, systemClock);

function at(server: S3Server, endpoint = server.endpoint): PermittedSettings {
  const { region, accessKeyId, secretAccessKey } = server;
  const configFile = { endpoint, region, accessKeyId, secretAccessKey, bucket: buckets[0]!.bucket, forcePathStyle: true };
  return { ...resolve({ database: NOTHING_STORED, configFile, variables: {} }), mode: 'read-write', reason: null, revision: 1 };
}

async function read(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of Object.keys(FILES)) {
    world.jobs.rows.forget([world.key(name)]);
    const opened = await storage.reader.open(world.key(name), () => ({ bytes: 'all' }));
    found[name] = opened.kind === 'file' ? (await bytesOf(opened.body!)).toString() : opened.kind;
  }
  return found;
}

test('files are served at another spelling of the endpoint, and at another server once all was copied there', async () => {
  const [first, second] = [servers[0]!, servers[1]!];
  const deps = { ledger: world.ledger, openBucket: real };
  await connections.apply(at(first));
  expect(await hasObjects(world.ledger)).toBe(false);
  for (const [name, text] of Object.entries(FILES)) await storage.put(world.key(name), bodyOf(text), { mime: 'text/plain' });
  expect(await read()).toEqual(FILES);

  const spelled = at(first, first.endpoint.replace('127.0.0.1', 'localhost'));
  expect(await outOfSight(deps, spelled)).toEqual({ count: 0, bytes: 0 });
  await connections.apply(spelled);
  expect(await read()).toEqual(FILES);

  expect(await outOfSight(deps, at(second))).toEqual({ count: 2, bytes: 28 });
  const [all, none] = [{ count: 2, bytes: 28 }, { count: 0, bytes: 0 }];
  const otherPrefix = { ...at(first), settings: { ...at(first).settings, prefix: 'elsewhere/' } };
  expect(await hasObjects(world.ledger)).toBe(true);
  expect(await moveCounts(deps, at(first).settings, at(second))).toEqual({ staying: none, outOfSight: all });
  expect(await moveCounts(deps, at(first).settings, otherPrefix)).toEqual({ staying: all, outOfSight: none });
  expect(await moveCounts(deps, at(first).settings, at(first))).toEqual({ staying: none, outOfSight: none });
  const { endpoint, region, accessKeyId, secretAccessKey } = first;
  const key = { endpoint, bucket: buckets[0]!.bucket, region, accessKeyId, secretAccessKey, forcePathStyle: true, sealed: null };
  const withKey = { ...at(second), settings: { ...at(second).settings, kept: [key] } };
  expect(await moveCounts(deps, at(first).settings, withKey)).toEqual({ staying: all, outOfSight: none });
  await connections.apply(withKey);
  expect(await read()).toEqual(FILES);

  await connections.apply(at(second));
  expect(await read()).toEqual({ 'a.txt': 'unavailable', 'b.txt': 'unavailable' });

  for (const key of await buckets[0]!.keys()) await buckets[1]!.put(key, await buckets[0]!.get(key));
  expect(await outOfSight(deps, at(second))).toEqual({ count: 0, bytes: 0 });
  expect(await read()).toEqual(FILES);
  await buckets[1]!.put('a.txt', 'THE BYTES OF A');
  expect(await read()).toEqual({ ...FILES, 'a.txt': 'unavailable' });
}, 60_000);
