import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import { StorageError } from '../../../server/src/core/errors';
import { remoteOf } from '../../../server/src/core/ledger/state';
import { Housekeeping } from '../../../server/src/core/upkeep/housekeeping';
import { MemoryLeases } from '../../../server/src/core/memory/leases';
import { FakeClock, settle } from '../../support/fake-clock';
import { mediaWorld, type MediaWorld } from '../../support/media-world';

const refused = () => Promise.reject(new StorageError('ACCESS_DENIED', { status: 403, refused: true }));
/** Everything but the workers' pauses, which never end here. */
const doNotFake = ['setImmediate', 'nextTick', 'queueMicrotask', 'Date', 'performance', 'hrtime', 'setInterval', 'clearInterval', 'clearImmediate'] as const;

let world: MediaWorld;
let clock: FakeClock;
let leases: MemoryLeases;
let housekeeping: Housekeeping;
beforeEach(async () => {
  world = await mediaWorld();
  clock = new FakeClock();
  jest.useFakeTimers({ doNotFake: [...doNotFake] });
  leases = new MemoryLeases(clock);
  housekeeping = new Housekeeping(
    { ...world.jobs, clock },
    { concurrency: () => 2, flushIncidents: async () => undefined, beat: async () => undefined, dropUnneededKeys: async () => undefined, leases, holder: 'this' },
  );
});
afterEach(async () => {
  jest.useRealTimers();
  let stopped = false;
  const stopping = housekeeping.stop().then(() => (stopped = true));
  // the uploads under way wait a moment for more of their kind
  while (!stopped) await clock.advance(1);
  await stopping;
  await world.close();
});

/** Writes a file that falls back although S3 as a whole is there, so that the breaker stays closed. */
async function fallBack(name: string) {
  world.fault = refused;
  await world.put(name, 'on this disk');
  world.fault = undefined;
  expect(world.breaker.state.kind).toBe('closed');
}
/** The bytes that S3 has for a key: a file that S3 refused first has an own name there. */
async function stored(name: string): Promise<string | undefined> {
  const row = await world.ledger.find(world.key(name));
  const remote = row && remoteOf(row);
  return remote && world.object(remote.object);
}
const inS3 = async (name: string) => {
  while ((await stored(name)) === undefined) {
    await settle();
    // uploads wait a moment for one another
    await clock.advance(1);
  }
};
const onDisk = (name: string) => access(path.join(world.folder, name)).then(
  () => true,
  () => false,
);
const rounds = async (count: number) => {
  for (let round = 0; round < count; round++) await settle();
};

test('housekeeping finds out by itself whether S3 refuses to overwrite', async () => {
  housekeeping.start();
  while (!world.bucket.overwriting.isSure) await settle();
  await rounds(50);
  expect(world.s3.names()).toEqual([]);
});

test('a file that fell back while the breaker is closed is sent to S3 two seconds later', async () => {
  housekeeping.start();
  while (!world.bucket.overwriting.isSure) await settle();
  await rounds(50);
  await fallBack('a.txt');
  housekeeping.fellBack();
  housekeeping.fellBack();
  await rounds(50);
  expect(await stored('a.txt')).toBeUndefined();
  expect(clock.sleeping).toBe(1);
  await clock.advance(2_000);
  await inS3('a.txt');
  await fallBack('b.txt');
  housekeeping.fellBack();
  await clock.advance(2_000);
  await inS3('b.txt');
});

test('housekeeping that has not started, or has stopped, waits for no fallback', async () => {
  housekeeping.fellBack();
  expect(clock.sleeping).toBe(0);
  housekeeping.start();
  housekeeping.fellBack();
  await housekeeping.stop();
  housekeeping.fellBack();
  expect(clock.sleeping).toBe(0);
});

test('fallback files are uploaded when housekeeping starts, and when it is woken', async () => {
  await fallBack('a.txt');
  housekeeping.start();
  await inS3('a.txt');
  await rounds(50);
  await fallBack('b.txt');
  await rounds(50);
  expect(await stored('b.txt')).toBeUndefined();
  housekeeping.wake();
  await inS3('b.txt');
});

test('a process sweeps only its own disk while another one has the lease for cleaning, until it is woken', async () => {
  await world.put('a.txt', 'in S3');
  await fallBack('b.txt');
  await world.put('b.txt', 'in S3 instead');
  const { ledger, state, key } = world;
  await ledger.bury(key('a.txt'), { purgeAfterMs: 0 });
  state.now += 25 * 3600_000;
  await leases.acquire('cleaning', 'another', 3600_000);
  expect(await onDisk('b.txt')).toBe(true);
  housekeeping.start();
  while (await onDisk('b.txt')) await settle();
  await rounds(50);
  expect((await ledger.find(key('a.txt')))?.placement.state).toBe('remote');
  expect(await stored('a.txt')).toBe('in S3');
  housekeeping.wake();
  while ((await world.object('a.txt')) !== undefined) await settle();
  expect(await leases.acquire('cleaning', 'this', 1)).toBe(false);
});

test('a process without others sweeps S3 without being woken, and gives the lease for cleaning back', async () => {
  await world.put('a.txt', 'in S3');
  await world.ledger.bury(world.key('a.txt'), { purgeAfterMs: 0 });
  housekeeping.start();
  while ((await world.object('a.txt')) !== undefined) await settle();
  await rounds(50);
  expect(await leases.acquire('cleaning', 'another', 1)).toBe(true);
});

test('a file that is replaced during leaving gets its plain path within 7 seconds', async () => {
  await fallBack('a.txt');
  housekeeping.start();
  await inS3('a.txt');
  await clock.advance(100);
  Object.assign(world.state, { mode: 'read-only', leaving: true });
  await rounds(50);
  housekeeping.awaitsSettling();
  housekeeping.awaitsSettling();
  await world.put('a.txt', 'replaced');
  expect(world.kept).toEqual(['own name']);
  await rounds(50);
  expect(clock.sleeping).toBe(1);
  world.state.now += 4_000;
  await clock.advance(7_000);
  while ((await readFile(path.join(world.folder, 'a.txt'), 'utf8').catch(() => '')) !== 'replaced') await settle();
});

test('housekeeping waits for no file to settle while S3 is in use', async () => {
  housekeeping.start();
  housekeeping.awaitsSettling();
  expect(clock.sleeping).toBe(0);
});
