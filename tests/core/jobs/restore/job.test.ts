import fs from 'node:fs/promises';
import path from 'node:path';
import { StorageError } from '../../../../server/src/core/errors';
import { restoreJob, type RestoreDisk } from '../../../../server/src/core/jobs/restore/job';
import type { JobOptions } from '../../../../server/src/core/runner/job';
import type { LibraryFile } from '../../../../server/src/core/media/library';
import { localOf } from '../../../../server/src/core/ledger/state';
import { bodyOf } from '../../../support/bodies';
import { jobContext } from '../../../support/job-context';
import { mediaWorld, type MediaWorld } from '../../../support/media-world';

const NAMES = Array.from({ length: 25 }, (_, n) => `photo ${String(n).padStart(2, '0')} é.jpg`);
const SIZE = Buffer.byteLength(NAMES[0]!);

let world: MediaWorld;
let files: LibraryFile[];
beforeEach(async () => {
  world = await mediaWorld();
  for (const name of NAMES) await world.put(name, name);
  files = NAMES.map((name, n) => ({ id: n + 1, provider: 'local', names: [name] }));
});
afterEach(async () => {
  jest.restoreAllMocks();
  await world.close();
});

const job = (disk: Partial<RestoreDisk> = {}) =>
  restoreJob(
    {
      ...world.jobs,
      library: {
        page: async ({ after, limit, maxId }) => files.filter(({ id }) => id > after && id <= (maxId ?? Infinity)).slice(0, limit),
        logos: async () => [],
      },
      registry: { list: async () => [] },
    },
    { space: async () => ({ free: 1e12, total: 1e12 }), ...disk },
  );
const run = async (options: Partial<JobOptions> = {}, of = job()) => {
  const run = jobContext(options);
  return { outcome: await of.run(run.context), ...run };
};
const states = async () => {
  const counts = { local: 0, both: 0, remote: 0, failed: 0 };
  const tallies = await world.ledger.tallies();
  for (const state of ['local', 'both', 'remote', 'failed'] as const) counts[state] = tallies[state].count;
  return counts;
};
const row = async (name: string) => (await world.ledger.find(world.key(name)))!;
/** The bytes that this disk has for a key, read without the plugin. */
const onDisk = async (name: string) => {
  const local = localOf(await row(name));
  return local && fs.readFile(path.join(world.folder, local.localName), 'utf8');
};
const temporary = () => fs.readdir(path.join(world.folder, '.s3-storage/tmp')).catch(() => []);

test('a restore brings every file back, byte for byte, and leaves it in S3', async () => {
  const { outcome, progress, commits } = await run();
  expect(outcome).toEqual({ status: 'complete' });
  for (const name of NAMES) expect([await onDisk(name), await world.object(name)]).toEqual([name, name]);
  expect(await states()).toEqual({ local: 0, both: 25, remote: 0, failed: 0 });
  expect(progress.snapshot()).toMatchObject({ done: 25, total: 25, failed: 0, bytesDone: 25 * SIZE, bytesTotal: 25 * SIZE, requests: { get: 25 } });
  // the progress is stored after each batch
  expect(commits.map(({ done }) => done)).toEqual([10, 20, 25]);
  expect(await job().isComplete()).toBe(true);
});

test('a restore changes nothing in the bucket, and works in read-only mode', async () => {
  world.state.mode = 'read-only';
  world.requests.length = 0;
  expect((await run()).outcome).toEqual({ status: 'complete' });
  expect(await states()).toMatchObject({ both: 25, remote: 0 });
  expect(world.requests.filter((request) => !request.startsWith('get'))).toEqual([]);
});

test('a restore of a range brings back only the files of the range, with their formats', async () => {
  files[1] = { ...files[1]!, names: [NAMES[1]!, NAMES[20]!, '../not a key'] };
  files[2] = { ...files[2]!, provider: 'somewhere-else' };
  const { outcome, progress } = await run({ maxId: 12, batchSize: 5 });
  expect(outcome).toEqual({ status: 'complete' });
  const back = NAMES.filter((_, n) => (n < 12 && n !== 2) || n === 20);
  for (const name of NAMES) expect((await row(name)).placement.state).toBe(back.includes(name) ? 'both' : 'remote');
  expect(progress.snapshot()).toMatchObject({ done: back.length, total: back.length });
});

test('a restore of a range that had to end is completed by the next run', async () => {
  const range = job();
  const first = jobContext({ maxId: 25, batchSize: 5 });
  first.context.commit = async () => first.ending.abort();
  expect(await range.run(first.context)).toEqual({ status: 'paused', code: null });
  expect((await run({ maxId: 25, batchSize: 5 }, range)).outcome).toEqual({ status: 'complete' });
  expect(await states()).toMatchObject({ both: 25 });
});

test('a restore of a range fails once a file of the range is given up, and other files do not concern it', async () => {
  await world.s3.delete(NAMES[3]!);
  await world.s3.delete(NAMES[20]!);
  const range = job();
  for (let time = 0; time < 4; time++) {
    expect((await run({ maxId: 12, batchSize: 5, fromStart: time === 0 }, range)).outcome).toEqual({ status: 'paused', code: 'OBJECT_NOT_FOUND' });
  }
  const failed = { status: 'failed', code: 'OBJECT_NOT_FOUND' };
  expect((await run({ maxId: 12 }, range)).outcome).toEqual(failed);
  expect(await states()).toMatchObject({ both: 11, failed: 1 });
  // another process, or a run that begins anew, does not find the job complete either
  world.requests.length = 0;
  expect((await run({ maxId: 12 })).outcome).toEqual(failed);
  expect((await run({ maxId: 12, fromStart: true }, range)).outcome).toEqual(failed);
  expect(world.requests).toEqual([]);
  await world.s3.put(NAMES[3]!, bodyOf(NAMES[3]!));
  await world.ledger.retry('all');
  expect((await run({ maxId: 12, fromStart: true }, range)).outcome).toEqual({ status: 'complete' });
});

test('a restore that is stopped finishes the files in hand, and the next run brings back the rest', async () => {
  const { context, ending } = jobContext({ concurrency: 2 });
  let begun = 0;
  world.fault = () => (++begun === 2 ? void ending.abort() : undefined);
  expect(await job().run(context)).toEqual({ status: 'paused', code: null });
  expect(await states()).toMatchObject({ both: 2, failed: 0 });
  world.fault = undefined;
  expect((await run()).outcome).toEqual({ status: 'complete' });
});

describe('an object that cannot be restored', () => {
  test.each([
    ['OBJECT_CHANGED', 'other bytes of the same size', () => world.s3.put(NAMES[3]!, bodyOf('x'.repeat(SIZE)))],
    ['OBJECT_CHANGED', 'bytes of another size', () => world.s3.put(NAMES[3]!, bodyOf('x'))],
    ['OBJECT_NOT_FOUND', 'no object', () => world.s3.delete(NAMES[3]!)],
  ])('gives its row %s and holds up no other file when the bucket has %s', async (code, _, change) => {
    await change();
    const { outcome, progress } = await run();
    expect(outcome).toEqual({ status: 'paused', code });
    expect(await states()).toEqual({ local: 0, both: 24, remote: 1, failed: 1 });
    expect((await row(NAMES[3]!)).lastError).toBe(code);
    expect(progress.snapshot().failed).toBeGreaterThan(0);
    expect(await temporary()).toEqual([]);
    expect(await job().isComplete()).toBe(false);
  });

  test('gives its row OBJECT_CHANGED when its bytes are damaged on the way, and comes back in a later run', async () => {
    world.fault = (operation, name, real) =>
      operation === 'get' && name === NAMES[3]
        ? real.get(name).then(({ facts }) => ({ facts, body: bodyOf('x'.repeat(SIZE)).open() }))
        : undefined;
    await run();
    expect(await row(NAMES[3]!)).toMatchObject({ placement: { state: 'remote' }, lastError: 'OBJECT_CHANGED' });
    expect(await states()).toMatchObject({ both: 24 });
    world.fault = undefined;
    world.state.now += 3600_000;
    expect((await run()).outcome).toEqual({ status: 'complete' });
    expect(await onDisk(NAMES[3]!)).toBe(NAMES[3]);
  });
});

test.each(['read-write', 'read-only'] as const)('a restore pauses with the reason when S3 goes away, and records no failed file (%s)', async (mode) => {
  world.state.mode = mode;
  let answers = 12;
  world.fault = () => (answers-- > 0 ? undefined : Promise.reject(new StorageError('UNREACHABLE', { refused: true })));
  expect((await run({ concurrency: 1 })).outcome).toEqual({ status: 'paused', code: 'UNREACHABLE' });
  expect(await states()).toMatchObject({ both: 12, remote: 13, failed: 0 });
  expect((await run()).outcome).toEqual({ status: 'paused', code: 'UNREACHABLE' });
  world.fault = undefined;
  world.breaker.probeWith(async () => undefined);
  await world.breaker.forceProbe();
  expect((await run()).outcome).toEqual({ status: 'complete' });
});

describe('the room on the disk', () => {
  /** Room for `files` files, beside a reserve of 1000 bytes. */
  const roomFor = (files: number) => ({ space: async () => ({ free: 1000 + files * SIZE, total: 1e9 }), reserve: () => 1000 });

  test('blocks a restore that does not fit, but neither a smaller range nor a dry run', async () => {
    expect(await job(roomFor(24)).blockedBy({ dryRun: false, maxId: null, apply: false })).toBe('DISK_TOO_SMALL');
    expect(await job(roomFor(25)).blockedBy({ dryRun: false, maxId: null, apply: false })).toBeNull();
    // a range may fit, and a dry run says how much is lacking
    expect(await job(roomFor(24)).blockedBy({ dryRun: false, maxId: 10, apply: false })).toBeNull();
    expect(await job(roomFor(24)).blockedBy({ dryRun: true, maxId: null, apply: false })).toBeNull();
  });

  test('is checked again for every batch', async () => {
    let looks = 0;
    const shrinking = { ...roomFor(25), space: async () => ({ free: 1000 + (++looks > 2 ? 4 : 25) * SIZE, total: 1e9 }) };
    const { outcome, progress } = await run({ batchSize: 10 }, job(shrinking));
    expect(outcome).toEqual({ status: 'paused', code: 'DISK_TOO_SMALL' });
    expect(progress.snapshot().done).toBe(20);
    expect(await states()).toMatchObject({ both: 20, remote: 5, failed: 0 });
    expect((await run()).outcome).toEqual({ status: 'complete' });
  });

  test('pauses the run when it is used up all the same; no partial file is left, and no file has failed', async () => {
    const put = world.jobs.disk.put.bind(world.jobs.disk);
    let room = 7;
    world.jobs.disk.put = async (name, body, options) => {
      if (room-- > 0) return put(name, body, options);
      // the disk takes some of the bytes and then no more
      const full = { ...body, open: () => bodyOf('x').open() };
      await put(name, full, options).catch(() => undefined);
      throw new StorageError('DISK_FULL', { refused: true });
    };
    expect((await run({ concurrency: 1 })).outcome).toEqual({ status: 'paused', code: 'DISK_FULL' });
    expect(await states()).toMatchObject({ both: 7, remote: 18, failed: 0 });
    expect(await temporary()).toEqual([]);
    room = Infinity;
    expect((await run()).outcome).toEqual({ status: 'complete' });
  });

  test('pauses the run with DISK_FULL when the disk itself answers ENOSPC', async () => {
    const open = fs.open.bind(fs);
    jest.spyOn(fs, 'open').mockImplementation(async (...args) => {
      const file = await open(...args);
      if (String(args[0]).includes('/tmp/')) file.write = () => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
      return file;
    });
    expect((await run()).outcome).toEqual({ status: 'paused', code: 'DISK_FULL' });
    expect(await temporary()).toEqual([]);
    expect(await states()).toMatchObject({ both: 0, remote: 25, failed: 0 });
  });
});

describe('a dry run', () => {
  const untouched = async (work: () => Promise<unknown>) => {
    const before = [await world.ledger.list({}, { offset: 0, limit: 100 }), await fs.readdir(world.folder, { recursive: true })];
    world.requests.length = 0;
    await work();
    expect([await world.ledger.list({}, { offset: 0, limit: 100 }), await fs.readdir(world.folder, { recursive: true })]).toEqual(before);
    expect(world.requests).toEqual([]);
  };

  test('tells objects, bytes and requests, and changes nothing', () =>
    untouched(async () => {
      const { outcome, progress, findings } = await run({ dryRun: true });
      expect(outcome).toEqual({ status: 'complete' });
      expect(progress.snapshot()).toMatchObject({ done: 0, total: 25, bytesTotal: 25 * SIZE, requests: { get: 25 } });
      expect(findings).toEqual([]);
    }));

  test('tells objects, bytes and requests of a range, and how much room is lacking', () =>
    untouched(async () => {
      const small = job({ space: async () => ({ free: 500, total: 1e9 }), reserve: () => 490 });
      const { progress, findings } = await run({ dryRun: true, maxId: 3 }, small);
      expect(progress.snapshot()).toMatchObject({ total: 3, bytesTotal: 3 * SIZE, requests: { get: 3 } });
      expect(findings).toMatchObject([{ code: 'DISK_TOO_SMALL', size: 3 * SIZE - 10, key: null }]);
    }));
});

test('a restore is blocked while S3 is off, unless no file has to be fetched', async () => {
  world.state.mode = 'off';
  expect(await job().blockedBy({ dryRun: false, maxId: null, apply: false })).toBe('UNAVAILABLE');
  world.state.mode = 'read-write';
  await run();
  world.state.mode = 'off';
  expect(await job().blockedBy({ dryRun: false, maxId: null, apply: false })).toBeNull();
});
