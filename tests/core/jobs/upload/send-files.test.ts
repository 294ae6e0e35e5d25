import { bucketsWith } from '../../../support/buckets';
import { once } from 'node:events';
import { truncate } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { layer } from '../../../../server/src/core/store/resilience/layer';
import { StorageError } from '../../../../server/src/core/errors';
import type { LedgerRow } from '../../../../server/src/core/ledger/state';
import { ONE_REQUEST_BYTES } from '../../../../server/src/core/store/object-store';
import { bodyOf } from '../../../support/bodies';
import { systemClock } from '../../../../server/src/core/clock';
import { uploads } from '../../../../server/src/core/jobs/upload/send-files';
import type { WritableBucket } from '../../../../server/src/core/buckets/send';
import { settle } from '../../../support/fake-clock';
import { until } from '../../../support/job-world';
import { libraryWorld, type LibraryWorld } from '../../../support/library-world';

const DAY = 24 * 3600_000;
const LARGE = 'x'.repeat(256 * 1024 + 1);

let world: LibraryWorld;
let signal: AbortController;
beforeEach(async () => {
  world = await libraryWorld();
  signal = new AbortController();
});
afterEach(() => world.close());

/** Makes files of the library that are recorded and due. */
async function shelved(count: number, content?: string) {
  const names = Array.from({ length: count }, (_, index) => `${index}.txt`);
  for (const name of names) await world.write(name, content ?? name);
  const volume = world.deps.volume.id;
  await world.ledger.record(names.map((name) => ({ key: world.key(name), local: { volume, localName: name as never }, size: (content ?? name).length })));
  return Promise.all(names.map(async (name) => (await world.ledger.find(world.key(name)))!));
}

/** The parts with a bucket whose PUTs wait until the test lets them go. */
function waiting() {
  const held: (() => void)[] = [];
  const seen = { most: 0, now: 0 };
  const writable = (): WritableBucket | undefined => {
    const real = world.deps.buckets.writable;
    if (!real) return undefined;
    const put: WritableBucket['store']['put'] = async (...request) => {
      seen.most = Math.max(seen.most, ++seen.now);
      await new Promise<void>((resolve) => held.push(resolve));
      return real.store.put(...request).finally(() => seen.now--);
    };
    return { ...real, store: layer(real.store, { put }) };
  };
  const buckets = bucketsWith(world.deps.buckets, {
    get writable() {
      return writable();
    },
  });
  return { deps: { ...world.deps, buckets }, seen, held };
}
/** The number of names that are still pending after two days. */
const leftPending = async () => {
  world.state.now += 2 * DAY;
  return world.ledger.condemnAbandoned();
};

test.each([['small', undefined], ['large', LARGE]])('uploads of %s files send as many at once as the concurrency says, and no more', async (_size, content) => {
  const rows = await shelved(12, content);
  const { deps, seen, held } = waiting();
  const { upload } = uploads(deps, { concurrency: 3, batchSize: 100, signal: signal.signal });
  const all = Promise.all(rows.map(upload));
  let ended = false;
  void all.then(() => (ended = true));
  await until(() => held.length === 3);
  while (!ended) {
    held.shift()?.();
    await settle();
  }
  expect(await all).toEqual(rows.map(() => true));
  expect(seen.most).toBe(3);
  expect(await leftPending()).toBe(0);
});

test('an upload that S3 has asked to slow down sends half as many files at once', async () => {
  const rows = await shelved(20);
  const held: (() => void)[] = [];
  const seen = { most: 0, now: 0, puts: 0 };
  world.fault = (operation, name, s3) => {
    if (operation !== 'put') return undefined;
    const isSlow = ++seen.puts <= 4;
    seen.most = Math.max(seen.most, ++seen.now);
    const answer = async () => {
      await new Promise<void>((resolve) => held.push(resolve));
      seen.now--;
      if (isSlow) throw new StorageError('THROTTLED', { status: 503, refused: true });
      return s3.put(name, bodyOf(name));
    };
    return answer();
  };
  const { upload } = uploads(world.deps, { concurrency: 4, batchSize: 100, signal: signal.signal });
  const all = Promise.all(rows.map(upload));
  await until(() => held.length === 4);
  world.state.now += 1;
  for (const letGo of held.splice(0)) letGo();
  // the four that were refused come back
  await until(() => held.length === 4);
  for (const letGo of held.splice(0)) letGo();
  await until(() => held.length > 0);
  await settle();
  seen.most = seen.now;
  let ended = false;
  void all.then(() => (ended = true));
  while (!ended) {
    held.shift()?.();
    await settle();
  }
  expect(await all).toEqual(rows.map(() => true));
  expect(seen.most).toBe(2);
});

test('no more than four files are sent in parts at once, whatever the concurrency: each takes the memory of four parts', async () => {
  // nine files without parts let the number of works grow beyond four
  const sizes = [...Array.from({ length: 9 }, () => 300_000), ...Array.from({ length: 6 }, () => ONE_REQUEST_BYTES + 1)];
  const rows: LedgerRow[] = [];
  for (const [index, size] of sizes.entries()) {
    const name = `${index}.bin`;
    await world.write(name, '');
    await truncate(path.join(world.folder, name), size);
    await world.ledger.record([{ key: world.key(name), local: { volume: world.deps.volume.id, localName: name as never }, size }]);
    rows.push((await world.ledger.find(world.key(name)))!);
  }
  const refusal = () => new StorageError('ACCESS_DENIED', { status: 403, refused: true });
  const held: (() => void)[] = [];
  const seen = { most: 0, now: 0 };
  const largeOnes = new Set(rows.slice(9).map(({ key }) => String(key)));
  world.fault = (operation, name, s3) => {
    if (operation !== 'put') return undefined;
    world.state.now += 150;
    if (!largeOnes.has(name)) return s3.put(name, bodyOf(Buffer.alloc(300_000)));
    seen.most = Math.max(seen.most, ++seen.now);
    return new Promise<void>((resolve) => held.push(resolve)).then(() => {
      seen.now--;
      throw refusal();
    });
  };
  const { upload } = uploads(world.deps, { concurrency: 16, batchSize: 100, signal: signal.signal });
  const all = Promise.all(rows.map(upload));
  let ended = false;
  void all.then(() => (ended = true));
  await until(() => held.length >= 4);
  // time in which a fifth file would be read, and its PUT would come
  await new Promise((resolve) => setTimeout(resolve, 500));
  while (!ended) {
    held.shift()?.();
    await settle();
  }
  expect(await all).toEqual(sizes.map((size) => size === 300_000));
  expect(seen.most).toBe(4);
}, 60_000);

/** The parts with a disk that counts opened files, and gives a large file's bytes when the test lets it. */
function countingDisk(parts = world.deps) {
  const seen = { opened: 0, read: 0 };
  let letGo: () => void;
  const free = new Promise<void>((resolve) => (letGo = resolve));
  const disk = Object.create(parts.disk) as typeof parts.disk;
  disk.bytes = async (...of) => {
    seen.opened++;
    return parts.disk.bytes(...of);
  };
  disk.get = async (...of) => {
    seen.opened++;
    const { facts, body } = await parts.disk.get(...of);
    const slow = async function* () {
      if (!body.destroyed) await Promise.race([free, once(body, 'close')]);
      for await (const chunk of body as AsyncIterable<Buffer>) {
        seen.read += chunk.length;
        yield chunk;
      }
    };
    return { facts, body: Readable.from(slow(), { objectMode: false }) };
  };
  return { deps: { ...parts, disk }, seen, letGo: () => letGo() };
}

test('a stop opens no further file, breaks off the files that are being read, and makes all due again at once', async () => {
  await shelved(12, LARGE);
  const due = () => world.ledger.claim({ work: 'upload', volume: world.deps.volume.id, origin: 'library', limit: 20 }, 60_000);
  const rows = await due();
  const { deps, seen } = countingDisk();
  const { upload } = uploads(deps, { concurrency: 3, batchSize: 100, signal: signal.signal });
  const all = Promise.all(rows.map(upload));
  await until(() => seen.opened === 3);
  signal.abort();
  expect((await all).filter(Boolean)).toEqual([]);
  expect([seen, world.requests]).toEqual([{ opened: 3, read: 0 }, []]);
  expect(await due()).toHaveLength(12);
});

test('a run whose time is up opens no further file, and sends the large files that are being read', async () => {
  const rows = await shelved(12, LARGE);
  const { deps, seen, letGo } = countingDisk();
  const { upload } = uploads(deps, { concurrency: 3, batchSize: 100, signal: signal.signal, halt: new AbortController().signal, hurry: new AbortController().signal });
  const all = Promise.all(rows.map(upload));
  await until(() => seen.opened === 3);
  signal.abort();
  letGo();
  expect((await all).filter(Boolean)).toHaveLength(3);
  expect([seen, world.s3.names().length]).toEqual([{ opened: 3, read: 3 * LARGE.length }, 3]);
});

test('a stop keeps the small files that wait for their turn from being opened', async () => {
  const rows = await shelved(64);
  const { deps, seen } = countingDisk();
  const { upload } = uploads(deps, { concurrency: 2, batchSize: 100, signal: signal.signal });
  const all = Promise.all(rows.map(upload));
  await until(() => seen.opened > 0);
  signal.abort();
  await all;
  expect(seen.opened).toBeLessThanOrEqual(4);
});

test('small files take their steps in the ledger together, and each file keeps its own bytes', async () => {
  const rows = await shelved(24);
  const begun = jest.spyOn(world.ledger, 'beginUploads');
  const committed = jest.spyOn(world.ledger, 'commitUploads');
  const deps = { ...world.deps, clock: { ...world.clock, sleep: systemClock.sleep } };
  const { inHand, upload } = uploads(deps, { concurrency: 8, batchSize: 100, signal: signal.signal });
  expect(inHand).toBeGreaterThan(8);
  expect(await Promise.all(rows.map(upload))).toEqual(rows.map(() => true));
  expect(begun.mock.calls.length + committed.mock.calls.length).toBeLessThan(24);
  for (const { key } of rows) {
    const row = await world.ledger.find(key);
    const object = row && 'remote' in row.placement ? row.placement.remote.object : '';
    expect([object, await world.object(object)]).toEqual([key, key]);
  }
});

test('files that wait when the mode becomes read-only are not sent, and their names are forgotten', async () => {
  const rows = await shelved(6);
  const { deps, held } = waiting();
  const { upload } = uploads(deps, { concurrency: 2, batchSize: 100, signal: signal.signal });
  const all = Promise.all(rows.map(upload));
  await until(() => held.length === 2);
  world.state.mode = 'read-only';
  held.forEach((release) => release());
  const done = await all;
  expect(done.filter(Boolean)).toHaveLength(2);
  expect(world.s3.names()).toHaveLength(2);
  expect(await leftPending()).toBe(0);
  expect(await Promise.all(rows.map(({ key }) => world.stateOf(key)))).toEqual(done.map((moved) => (moved ? 'both' : 'local')));
});

test('files that wait when the run is stopped are not sent, have not failed, and their names are forgotten', async () => {
  const rows = await shelved(6);
  const { deps, held } = waiting();
  const { upload } = uploads(deps, { concurrency: 2, batchSize: 100, signal: signal.signal });
  const all = Promise.all(rows.map(upload));
  await until(() => held.length === 2);
  signal.abort();
  held.forEach((release) => release());
  const done = await all;
  expect(world.s3.names().length).toBe(done.filter(Boolean).length);
  expect(world.s3.names().length).toBeLessThanOrEqual(2);
  expect(await leftPending()).toBe(0);
  // no row has failed, and all are due
  for (const row of rows) expect(await world.ledger.find(row.key)).toMatchObject({ attempts: 0, lastError: null });
});

test.each([['finished', 2], ['broken off in a hurry', 0]])('files that are being sent when the run is stopped are %s, and no other file begins', async (_how, sent) => {
  await shelved(6);
  const due = () => world.ledger.claim({ work: 'upload', volume: world.deps.volume.id, origin: 'library', limit: 10 }, 60_000);
  const rows = await due();
  const { deps, held } = waiting();
  const hurry = new AbortController();
  const { upload } = uploads(deps, { concurrency: 2, batchSize: 100, signal: signal.signal, hurry: hurry.signal });
  const all = Promise.all(rows.map(upload));
  await until(() => held.length === 2);
  signal.abort();
  if (sent === 0) hurry.abort();
  held.forEach((release) => release());
  expect((await all).filter(Boolean)).toHaveLength(sent);
  expect([held.length, world.s3.names().length]).toEqual([2, sent]);
  for (const row of rows) expect(await world.ledger.find(row.key)).toMatchObject({ attempts: 0, lastError: null });
  // all other files are due again
  expect(await due()).toHaveLength(6 - sent);
  expect(await leftPending()).toBe(0);
});

test('a file that an editor replaces while it waits is not sent by the job', async () => {
  const [row] = await shelved(1);
  await world.put('0.txt', 'replaced');
  const before = world.puts().length;
  const { upload } = uploads(world.deps, { concurrency: 2, batchSize: 100, signal: signal.signal });
  expect(await upload(row!)).toBe(false);
  expect(world.puts()).toHaveLength(before);
  expect(await world.read('0.txt')).toBe('replaced');
});

test('a file that has grown since it was recorded is not sent, and its row gets FILE_CHANGED', async () => {
  const [row] = await shelved(1);
  await world.write('0.txt', LARGE);
  const { upload } = uploads(world.deps, { concurrency: 2, batchSize: 100, signal: signal.signal });
  expect(await upload(row!)).toBe(false);
  expect(await world.ledger.find(row!.key)).toMatchObject({ lastError: 'FILE_CHANGED' });
  expect(world.s3.names()).toEqual([]);
});
