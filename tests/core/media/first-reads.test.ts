import { bucketsWith } from '../../support/buckets';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../../server/src/core/clock';
import { MediaReader } from '../../../server/src/core/media/media-reader';
import type { FileFacts, Wanted } from '../../../server/src/core/media/serving';
import { bodyOf, bytesOf, someBytes } from '../../support/bodies';
import { startCountingProxy, type CountingProxy } from '../../support/counting-proxy';
import { mediaWorld, type MediaWorld } from '../../support/media-world';
import { startS3, type S3Server } from '../../support/s3';
import { testS3Store } from '../../support/s3-store';

/** The size of a file that is read first from a real S3 server. A proxy that knows nothing of S3 counts the server's bytes. */
const SIZE = 8 * 1024 * 1024;
let server: S3Server;
let bucket: string;
let wire: CountingProxy;
let world: MediaWorld;
let reader: MediaReader;
let destroy: () => void;

beforeAll(async () => {
  server = await startS3();
  bucket = await server.createBucket();
}, 120_000);
afterAll(() => server.stop(), 60_000);

beforeEach(async () => {
  wire = await startCountingProxy(server.endpoint);
  world = await mediaWorld();
  const { region, accessKeyId, secretAccessKey } = server;
  const s3 = testS3Store({ endpoint: wire.endpoint, region, credentials: { accessKeyId, secretAccessKey }, bucket, timeoutMs: 20_000 });
  destroy = s3.destroy;
  const { bucket: present, jobs } = world;
  const place = { store: s3.store, locationId: present.locationId, prefix: '' };
  reader = new MediaReader({
    ...jobs,
    clock: systemClock,
    buckets: bucketsWith(jobs.buckets, { storeAt: () => s3.store, readable: place }),
    instance: { mode: 'read-write', leaving: false, awaitsOwner: false, ownerTrouble: null, isCopy: false },
    inTransaction: () => false,
    keepsLocally: () => true,
    memoryCacheMb: () => 0,
    events: world.events,
  });
});
afterEach(async () => {
  destroy();
  await wire.close();
  await world.close();
});

async function bring(name: string, bytes: Buffer): Promise<void> {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const direct = testS3Store({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, bucket, timeoutMs: 20_000 });
  await direct.store.put(name, bodyOf(bytes));
  direct.destroy();
  world.listed.add(world.key(name));
}

const part = (): Wanted => ({ bytes: 'range', range: { start: 0, end: 99 } });
const head = (): Wanted => ({ bytes: 'check' });
const open = (name: string, plan: (facts: FileFacts) => Wanted, signal?: AbortSignal) => reader.open(world.key(name), plan, { signal });

test('fifty visitors who want a part of a file that only the bucket has cost one download', async () => {
  const bytes = someBytes(SIZE);
  await bring('video.bin', bytes);
  const first = await Promise.all(Array.from({ length: 50 }, () => open('video.bin', part)));
  expect(new Set(first.map(({ kind }) => kind))).toEqual(new Set(['unavailable']));
  let served = await open('video.bin', part);
  for (let tries = 0; served.kind !== 'file' && tries < 200; tries++) {
    await sleep(100);
    served = await open('video.bin', part);
  }
  expect(served.kind === 'file' && (await bytesOf(served.body!)).equals(bytes.subarray(0, 100))).toBe(true);
  expect(wire.received).toBeLessThan(1.5 * SIZE);
}, 60_000);

test('twenty visitors who leave at once cost less than one download, and the next visitor gets the whole file', async () => {
  await bring('film.bin', someBytes(3 * SIZE));
  for (const plan of [head, (): Wanted => ({ bytes: 'all' })]) {
    const visitors = Array.from({ length: 20 }, () => new AbortController());
    const opening = visitors.map(({ signal }) => open('film.bin', plan, signal));
    await sleep(15);
    for (const visitor of visitors) visitor.abort();
    await Promise.all(opening);
  }
  await sleep(500);
  expect(wire.received).toBeLessThan(2 * SIZE);
  // the next visitor gets the whole file
  const opened = await open('film.bin', () => ({ bytes: 'all' }));
  expect(opened.kind === 'file' && (await bytesOf(opened.body!)).equals(someBytes(3 * SIZE))).toBe(true);
}, 60_000);

test('a hundred visitors who want a file that is not in the bucket cost less than 10 kB of answers from S3', async () => {
  world.listed.add(world.key('nowhere.bin'));
  for (let visitor = 0; visitor < 100; visitor++) expect((await open('nowhere.bin', part)).kind).toBe('unavailable');
  expect(wire.received).toBeLessThan(10_000);
}, 60_000);
