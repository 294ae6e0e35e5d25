import { StorageError } from '../../../../server/src/core/errors';
import type { Buckets } from '../../../../server/src/core/buckets/buckets';
import type { JobDeps } from '../../../../server/src/core/jobs/deps';
import { relocateJob } from '../../../../server/src/core/jobs/relocate/job';
import { uploadJob } from '../../../../server/src/core/jobs/upload/job';
import type { LocationId } from '../../../../server/src/core/ledger/words';
import { remoteOf } from '../../../../server/src/core/ledger/state';
import { MemoryObjectStore } from '../../../../server/src/core/memory/object-store';
import { sweep } from '../../../../server/src/core/sweep/sweep';
import { bodyOf, bytesOf } from '../../../support/bodies';
import { bucketsWith } from '../../../support/buckets';
import { libraryWorld, type LibraryWorld, type Run } from '../../../support/library-world';

const DAY = 24 * 3600_000;

let world: LibraryWorld;
let present: MemoryObjectStore;
let there: LocationId;
/** Whether the former location gives an answer, and whether a key leads to it. */
const former = { reached: true };
let deps: JobDeps;

beforeEach(async () => {
  world = await libraryWorld();
  present = new MemoryObjectStore();
  there = await world.ledger.locationId({ endpoint: 'https://new.example', region: 'us-east-1', bucket: 'media' });
  former.reached = true;
});
afterEach(() => world.close());

/** The settings lead to the new bucket from here on. */
function change({ prefix = '' } = {}): void {
  const bucket = { ...world.bucket, store: present, locationId: there, prefix };
  const storeAt: Buckets['storeAt'] = (location) => (location === there ? present : former.reached ? world.bucket.store : undefined);
  deps = { ...world.deps, buckets: bucketsWith(world.deps.buckets, { writable: bucket, readable: bucket, storeAt, removableAt: async (location) => storeAt(location), standInFor: (location) => (location === there ? undefined : present) }) };
}

/** Puts files into the former bucket, each with the name as its bytes. */
async function stored(...names: string[]): Promise<void> {
  for (const name of names) await world.put(name, name);
  world.requests.length = 0;
}

const relocated = (options = {}, hooks = {}): Promise<Run> => world.run(relocateJob(deps), options, hooks);
const rowOf = async (name: string) => (await world.ledger.find(world.key(name)))!;
const bytesAt = async (name: string): Promise<string> => {
  const remote = remoteOf(await rowOf(name))!;
  const store = remote.locationId === there ? present : world.s3;
  return (await bytesOf((await store.get(remote.object)).body)).toString();
};
const locationOf = async (name: string) => remoteOf(await rowOf(name))?.locationId;
const sweepAfter = async (ms: number) => {
  world.state.now += ms;
  return sweep(deps, new AbortController().signal);
};

test('each object is proven in the new bucket before its row points there, and the former one stays for a day', async () => {
  await stored('a.txt', 'b.txt');
  change();
  const { outcome, progress } = await relocated();
  expect(outcome).toEqual({ status: 'complete' });
  expect(progress).toMatchObject({ done: 2, total: 2, failed: 0, bytesDone: 10, bytesTotal: 10, requests: { head: 2, put: 2 } });
  for (const name of ['a.txt', 'b.txt']) expect([await locationOf(name), await bytesAt(name)]).toEqual([there, name]);
  await sweepAfter(DAY - 1);
  expect(world.s3.names().sort()).toEqual(['a.txt', 'b.txt']);
  await sweepAfter(1);
  expect(world.s3.names()).toEqual([]);
  for (const name of ['a.txt', 'b.txt']) expect(await bytesAt(name)).toBe(name);
});

test('the job is complete where nothing lies outside the present place, and not before', async () => {
  await stored('a.txt');
  change();
  expect(await relocateJob(deps).isComplete()).toBe(false);
  await relocated();
  expect(await relocateJob(deps).isComplete()).toBe(true);
});

test('objects under a former prefix move to the new one, and others stay', async () => {
  there = world.bucket.locationId;
  present = world.s3;
  await stored('a.txt');
  change({ prefix: 'media/' });
  await relocated();
  const [name] = world.s3.names().filter((other) => other.startsWith('media/'));
  expect(remoteOf(await rowOf('a.txt'))?.object).toBe(name);
  const { progress } = await relocated();
  expect(progress).toMatchObject({ done: 0, total: 0 });
});

test.each([false, true])('S3 is asked to copy the object only within one endpoint (another endpoint: %s)', async (isElsewhere) => {
  await stored('a.txt');
  change();
  deps = { ...deps, buckets: bucketsWith(deps.buckets, { isElsewhere: (location) => isElsewhere && location !== there }) };
  const put = jest.spyOn(present, 'put');
  const { etag } = await world.s3.head('a.txt');
  await relocated();
  expect(put.mock.calls.map(([, , options]) => options?.copyOf)).toEqual([isElsewhere ? undefined : { bucket: 'media', name: 'a.txt', etag }]);
});

test('a move can be taken back: with the former settings the objects move back under new names', async () => {
  await stored('a.txt');
  change();
  await relocated();
  const storeAt: Buckets['storeAt'] = (location) => (location === there ? present : world.bucket.store);
  deps = { ...world.deps, buckets: bucketsWith(world.deps.buckets, { storeAt, removableAt: async (location) => storeAt(location) }) };
  expect((await relocated()).outcome).toEqual({ status: 'complete' });
  expect([await locationOf('a.txt'), await bytesAt('a.txt')]).toEqual([world.bucket.locationId, 'a.txt']);
  await sweepAfter(2 * DAY);
  expect(present.names()).toEqual([]);
  expect(world.s3.names()).toEqual([remoteOf(await rowOf('a.txt'))?.object]);
});

test('a file that is on this disk too keeps its copy there', async () => {
  await world.shelve('a.txt');
  await world.run(uploadJob(world.deps));
  change();
  await relocated();
  expect((await rowOf('a.txt')).placement).toMatchObject({ state: 'both', remote: { locationId: there } });
});

test('a replace during the move wins, and the object that was sent for nothing is removed', async () => {
  await stored('a.txt');
  change();
  const put = present.put.bind(present);
  present.put = async (name, body, options) => {
    const facts = await put(name, body, options);
    present.put = put;
    await world.put('a.txt', 'replaced');
    return facts;
  };
  // another pass moves the new bytes
  await relocated();
  expect(await bytesAt('a.txt')).toBe('replaced');
  await sweepAfter(2 * DAY);
  await sweepAfter(2 * DAY);
  expect([...present.names(), ...world.s3.names()]).toEqual([remoteOf(await rowOf('a.txt'))?.object]);
});

test('a deleted file does not move, and its purge removes it from the former bucket', async () => {
  await stored('a.txt');
  change();
  await world.ledger.bury(world.key('a.txt'), { purgeAfterMs: DAY });
  expect((await relocated()).outcome).toEqual({ status: 'complete' });
  expect(present.names()).toEqual([]);
});

test.each<[string, (name: string) => Promise<unknown>, string]>([
  ['is gone', (name) => world.s3.delete(name), 'OBJECT_NOT_FOUND'],
  ['is another one', (name) => world.s3.put(name, bodyOf('other')), 'OBJECT_CHANGED'],
])('an object that %s stays where it is and is reported, and the others move', async (_what, damage, code) => {
  await stored('a.txt', 'b.txt');
  change();
  await damage('a.txt');
  const { progress, findings } = await relocated();
  expect([progress.done, progress.failed, findings.map(({ key, code }) => [key, code])]).toEqual([1, 1, [['a.txt', code]]]);
  expect([await locationOf('a.txt'), await locationOf('b.txt')]).toEqual([world.bucket.locationId, there]);
  expect((await rowOf('a.txt')).lastError).toBe(code);
});

test('bytes that differ from the ledger’s never become a file’s, although the object has the size and the tag of before', async () => {
  await stored('a.txt');
  change();
  world.fault = (operation, name, real) => (operation === 'get' ? real.get(name).then(({ facts }) => ({ facts, body: bodyOf('b.txt').open() })) : undefined);
  const { progress } = await relocated();
  world.fault = undefined;
  expect(progress).toMatchObject({ done: 0, failed: 1 });
  expect([await locationOf('a.txt'), await bytesAt('a.txt')]).toEqual([world.bucket.locationId, 'a.txt']);
});

test('a file that has failed five times is left alone, and the job fails with its error until somebody retries it', async () => {
  await stored('a.txt');
  await world.s3.delete('a.txt');
  change();
  for (let time = 0; time < 5; time++) {
    expect((await relocated()).outcome).toEqual({ status: 'paused', code: 'OBJECT_NOT_FOUND' });
    world.state.now += DAY;
  }
  const { outcome, progress } = await relocated();
  expect([outcome, progress.failed]).toEqual([{ status: 'failed', code: 'OBJECT_NOT_FOUND' }, 0]);
  await world.s3.put('a.txt', bodyOf('a.txt'));
  await world.ledger.retry('all');
  expect((await relocated()).outcome).toEqual({ status: 'complete' });
});

test('a former bucket to which no key leads fails the job, and nothing changes', async () => {
  await stored('a.txt');
  change();
  former.reached = false;
  expect((await relocated()).outcome).toEqual({ status: 'failed', code: 'FORMER_BUCKET_UNREACHED' });
  expect(await relocateJob(deps).warning?.()).toBe('FORMER_BUCKET_UNREACHED');
  expect(await locationOf('a.txt')).toBe(world.bucket.locationId);
});

test('a former endpoint that gives no answer pauses the job after one question', async () => {
  await stored('a.txt', 'b.txt', 'c.txt');
  change();
  deps = { ...deps, buckets: bucketsWith(deps.buckets, { isElsewhere: (location) => location !== there }) };
  world.fault = (operation) => (operation === 'head' ? Promise.reject(new StorageError('THROTTLED', { refused: true })) : undefined);
  const { outcome } = await relocated({ concurrency: 1 });
  expect(outcome).toEqual({ status: 'paused', code: 'UNAVAILABLE' });
  expect(new Set(world.requests.map((request) => request.split(' ')[1])).size).toBe(1);
});

test('a run that is stopped goes on where it was, and the objects that have moved are not sent again', async () => {
  await stored('a.txt', 'b.txt', 'c.txt');
  change();
  const job = relocateJob(deps);
  const ending = new AbortController();
  const put = present.put.bind(present);
  present.put = async (...of) => (ending.abort(), put(...of));
  const first = await world.run(job, { concurrency: 1, batchSize: 1 }, { signal: ending.signal });
  expect([first.outcome, first.progress.done]).toEqual([{ status: 'paused', code: null }, 1]);
  const second = await world.run(job);
  expect([second.outcome, second.progress.done]).toEqual([{ status: 'complete' }, 2]);
  expect(present.names()).toHaveLength(3);
});

test('a dry run counts, names the bucket that nothing leads to, and changes nothing', async () => {
  await stored('a.txt', 'b.txt');
  change();
  former.reached = false;
  const { outcome, progress, findings } = await relocated({ dryRun: true });
  expect(outcome).toEqual({ status: 'complete' });
  expect(progress).toMatchObject({ total: 2, bytesTotal: 10, requests: { head: 2, get: 2, put: 2 } });
  expect(findings).toEqual([expect.objectContaining({ code: 'FORMER_BUCKET_UNREACHED', name: 'media', size: 10 })]);
  expect(present.names()).toEqual([]);
});

test('a project that may not change the bucket may not run the job', async () => {
  change();
  expect(await relocateJob(deps).blockedBy({ dryRun: false, maxId: null, apply: false })).toBeNull();
  deps = { ...deps, buckets: bucketsWith(deps.buckets, { writable: undefined }) };
  expect(await relocateJob(deps).blockedBy({ dryRun: false, maxId: null, apply: false })).toBe('READ_ONLY');
});

describe('when the grace of the former object is over and the new one', () => {
  const moved = async () => {
    await stored('a.txt');
    change();
    await relocated();
    return remoteOf(await rowOf('a.txt'))!.object;
  };

  test.each<[string, (name: string) => Promise<unknown>]>([
    ['is gone', (name) => present.delete(name)],
    ['is another one', (name) => present.put(name, bodyOf('other'))],
  ])('%s, the file is sent again from the former object, which is removed only after that', async (_what, damage) => {
    const name = await moved();
    await damage(name);
    await sweepAfter(DAY);
    expect(world.s3.names()).toEqual(['a.txt']);
    expect(await bytesAt('a.txt')).toBe('a.txt');
    expect(remoteOf(await rowOf('a.txt'))!.object).not.toBe(name);
    await sweepAfter(3600_000);
    expect([world.s3.names(), await bytesAt('a.txt')]).toEqual([[], 'a.txt']);
  });

  test('cannot be asked for, the former object stays', async () => {
    const name = await moved();
    const head = present.head.bind(present);
    const get = present.get.bind(present);
    const denied = () => Promise.reject(new StorageError('ACCESS_DENIED', { status: 403, refused: true }));
    Object.assign(present, { head: denied, get: denied });
    await sweepAfter(DAY);
    expect(world.s3.names()).toEqual(['a.txt']);
    Object.assign(present, { head, get });
    await sweepAfter(3600_000);
    expect([world.s3.names(), present.names()]).toEqual([[], [name]]);
  });

  test('is lost long after the former one was removed, the sweeper does not wait for ever', async () => {
    const name = await moved();
    await sweepAfter(DAY);
    await present.delete(name);
    await sweepAfter(2 * DAY);
    expect(await world.ledger.dueNames({ kind: 'object', locationId: world.bucket.locationId }, 10)).toEqual([]);
  });
});
