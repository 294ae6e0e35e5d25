import { StorageError } from '../../../../server/src/core/errors';
import { FreeNames } from '../../../../server/src/core/jobs/upload/free-names';
import { uploadJob } from '../../../../server/src/core/jobs/upload/job';
import { bodyOf } from '../../../support/bodies';
import { libraryWorld, type LibraryWorld } from '../../../support/library-world';

const FILES = 220;
const names = Array.from({ length: FILES }, (_, index) => `${index}.txt`);
const OPTIONS = { dryRun: false, maxId: null, apply: false, concurrency: 4, batchSize: 100, cleanupGraceMs: 0, fromStart: false };
const PROBE = '.s3-storage-probe-overwriting';

let world: LibraryWorld;
let job: ReturnType<typeof uploadJob>;
beforeEach(async () => {
  world = await libraryWorld();
  job = uploadJob(world.deps);
});
afterEach(() => world.close());

const lists = () => world.requests.filter((request) => request.startsWith('list ')).length;
const asked = () => world.requests.filter((request) => request.startsWith('head '));
/** The PUTs other than the trial's. */
const stored = () => world.puts().filter((request) => request !== `put ${PROBE}`);
const allThere = async (except: readonly string[] = []) => {
  for (const name of names.filter((one) => !except.includes(one))) expect([await world.object(name), await world.stateOf(name)]).toEqual([name, 'both']);
};

test('a library of many files is uploaded with one listing and without a HEAD', async () => {
  await world.shelve(...names);
  const { outcome, progress } = await world.run(job);
  expect(outcome).toEqual({ status: 'complete' });
  expect(asked()).toEqual([]);
  expect(stored()).toHaveLength(FILES);
  expect(progress.requests).toMatchObject({ head: 0, list: 1, put: FILES + 2, delete: 1 });
  await allThere();
  // the trial leaves nothing behind
  expect(world.s3.names().sort()).toEqual([...names].sort());
});

test('a library of two files is uploaded with a HEAD for each and without a listing', async () => {
  await world.shelve('a.txt', 'b.txt');
  await world.run(job);
  expect([asked().sort(), lists()]).toEqual([['head a.txt', 'head b.txt'], 0]);
});

test('a name that the bucket has gets a HEAD: its object is adopted without a PUT, or left alone', async () => {
  await world.shelve(...names);
  await world.bring('3.txt', '3.txt');
  await world.bring('4.txt', 'a stranger’s');
  expect((await world.run(job)).outcome).toEqual({ status: 'complete' });
  expect(asked().sort()).toEqual(['head 3.txt', 'head 4.txt']);
  expect(stored()).not.toContain('put 3.txt');
  expect(stored()).not.toContain('put 4.txt');
  expect(await world.object('4.txt')).toBe('a stranger’s');
  await allThere(['4.txt']);
  expect(await world.stateOf('4.txt')).toBe('both');
});

test('an object that comes into the bucket after the listing is not overwritten, and never removed', async () => {
  await world.shelve(...names);
  let brought = false;
  world.fault = (operation, name) => {
    if (operation !== 'put' || name !== '7.txt' || brought) return undefined;
    brought = true;
    return world.s3.put(name, bodyOf('a stranger’s')).then(() => Promise.reject(new StorageError('NAME_TAKEN', { status: 412, refused: true })));
  };
  expect((await world.run(job)).outcome).toEqual({ status: 'complete' });
  expect(await world.object('7.txt')).toBe('a stranger’s');
  const row = await world.ledger.find(world.key('7.txt'));
  const object = row && 'remote' in row.placement ? row.placement.remote.object : '7.txt';
  expect(object).not.toBe('7.txt');
  expect(await world.object(object)).toBe('7.txt');
  // no sweeper will ever take the stranger's object for ours
  world.state.now += 30 * 24 * 3600_000;
  await world.ledger.condemnAbandoned();
  const due = await world.ledger.dueNames({ kind: 'object', locationId: world.bucket.locationId }, 100);
  expect(due).toEqual([]);
});

test('each PUT after a listing tells S3 not to overwrite', async () => {
  await world.shelve(...names);
  const put = jest.spyOn(world.s3, 'put');
  await world.run(job);
  const conditions = put.mock.calls.map(([name, , options]) => [name, options?.onlyIfAbsent]);
  expect(conditions.filter(([, condition]) => condition !== true)).toEqual([]);
  expect(conditions).toContainEqual(['7.txt', true]);
});

test.each([
  ['ignores the condition of a PUT', () => undefined],
  ['does not know the condition of a PUT', () => new StorageError('UNSUPPORTED', { status: 501, refused: true })],
  ['fails because of the condition of a PUT', () => new StorageError('SERVER_ERROR', { status: 500 })],
])('each name gets a HEAD when S3 %s', async (_how, refusal) => {
  await world.shelve(...names);
  const put = world.s3.put.bind(world.s3);
  world.s3.put = async (name, body, options) => {
    const error = options?.onlyIfAbsent ? refusal() : undefined;
    if (error) throw error;
    return put(name, body, { ...options, onlyIfAbsent: false });
  };
  await world.bring('7.txt', 'a stranger’s');
  expect((await world.run(job)).outcome).toEqual({ status: 'complete' });
  expect(asked()).toHaveLength(FILES);
  expect(await world.object('7.txt')).toBe('a stranger’s');
});

test.each([
  ['may not be listed', 'ACCESS_DENIED'],
  ['answers no listing', 'NOT_S3'],
] as const)('each name gets a HEAD when the bucket %s', async (_how, code) => {
  await world.shelve(...names);
  world.s3.list = () => Promise.reject(new StorageError(code, { refused: true }));
  expect((await world.run(job)).outcome).toEqual({ status: 'complete' });
  expect(asked()).toHaveLength(FILES);
});

describe('a listing', () => {
  const of = (freeNames: FreeNames, { bucket = world.bucket, fromStart = false } = {}) =>
    freeNames.of(bucket, FILES, { signal: new AbortController().signal, options: { ...OPTIONS, fromStart } });

  test('is remembered for an hour, and only for its own prefix', async () => {
    await world.bring('1.txt', 'there');
    const freeNames = new FreeNames(world.deps);
    const isFree = await of(freeNames);
    expect([isFree?.('1.txt'), isFree?.('2.txt'), lists()]).toEqual([false, true, 1]);
    await world.bring('2.txt', 'there');
    world.state.now += 3500_000;
    expect((await of(freeNames))?.('2.txt')).toBe(true);
    expect(lists()).toBe(1);
    world.state.now += 200_000;
    expect((await of(freeNames))?.('2.txt')).toBe(false);
    expect(lists()).toBe(2);
    await of(freeNames, { bucket: { ...world.bucket, prefix: 'media/' } });
    expect(lists()).toBe(3);
  });

  test('is made anew by a run that somebody starts', async () => {
    const freeNames = new FreeNames(world.deps);
    await of(freeNames);
    await world.bring('2.txt', 'there');
    expect((await of(freeNames, { fromStart: true }))?.('2.txt')).toBe(false);
  });

  test('is given up after 100,000 names, and not begun again', async () => {
    let pages = 0;
    world.s3.list = async () => {
      pages++;
      return { objects: Array.from({ length: 1000 }, (_, index) => ({ name: `${pages}-${index}`, size: 1, etag: null })), next: String(pages) };
    };
    const freeNames = new FreeNames(world.deps);
    expect(await of(freeNames)).toBeUndefined();
    expect(pages).toBe(101);
    expect(await of(freeNames)).toBeUndefined();
    expect(pages).toBe(101);
  });

  test('that fails is not tried again at once', async () => {
    let tries = 0;
    world.s3.list = () => Promise.reject(new StorageError('REJECTED', { detail: String(tries++), refused: true }));
    const freeNames = new FreeNames(world.deps);
    expect(await of(freeNames)).toBeUndefined();
    expect(await of(freeNames)).toBeUndefined();
    expect(tries).toBe(1);
    expect(lists()).toBe(1);
  });
});
