import { access, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { StorageError } from '../../../../server/src/core/errors';
import { cleanupJob } from '../../../../server/src/core/jobs/cleanup/job';
import { sweepFiles } from '../../../../server/src/core/sweep/sweep';
import { uploadJob } from '../../../../server/src/core/jobs/upload/job';
import { libraryWorld, type LibraryWorld } from '../../../support/library-world';

let world: LibraryWorld;
beforeEach(async () => {
  world = await libraryWorld();
});
afterEach(() => world.close());

type Run = Parameters<LibraryWorld['run']>;
const job = () => cleanupJob(world.deps);
const upload = () => world.run(uploadJob(world.deps));
const run = (options?: Run[1], hooks?: Run[2]) => world.run(job(), options, hooks);
const onDisk = (name: string) => access(path.join(world.folder, name)).then(() => true, () => false);
const blocked = (maxId: number | null = null) => job().blockedBy({ dryRun: false, maxId, apply: false });

const gone = () => rm(path.join(world.folder, 'a.txt'));

async function record(name: string): Promise<void> {
  await writeFile(path.join(world.folder, name), 'c');
  await world.ledger.record([{ key: world.key(name), local: { volume: world.deps.volume.id, localName: name as never }, size: 1 }]);
}

test('files that are proven in S3 leave the disk, batch by batch, and are served from S3', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `${index}.txt`);
  await world.shelve(...names);
  await upload();
  const { outcome, progress, commits } = await run({ batchSize: 5 });
  expect(outcome).toEqual({ status: 'complete' });
  expect(progress).toMatchObject({ done: 12, total: 12, failed: 0, requests: { head: 0, get: 12, put: 0, delete: 0 } });
  expect(commits.length).toBeGreaterThanOrEqual(3);
  expect(commits[0]).toBeLessThan(10);
  for (const name of names) {
    expect(await onDisk(name)).toBe(false);
    expect(await world.read(name)).toBe(name);
  }
  expect(await job().isComplete()).toBe(true);
});

test('a file stays on the disk for the grace, although its row is remote already', async () => {
  await world.shelve('a.txt');
  await upload();
  expect((await run({ cleanupGraceMs: 24 * 3600_000 })).outcome).toEqual({ status: 'complete' });
  expect(await world.stateOf('a.txt')).toBe('remote');
  expect(await onDisk('a.txt')).toBe(true);
  world.state.now += 25 * 3600_000;
  await run();
  expect(await onDisk('a.txt')).toBe(false);
});

test('phase 2 does not begin before phase 1 is complete, and pauses when phase 1 is no longer complete', async () => {
  await world.shelve('a.txt', 'b.txt', 'c.txt');
  expect(await blocked()).toBe('UPLOAD_INCOMPLETE');
  await world.run(uploadJob(world.deps), { maxId: 2 });
  expect(await blocked()).toBe('UPLOAD_INCOMPLETE');
  expect(await blocked(2)).toBeNull();
  await upload();
  expect(await blocked()).toBeNull();
  // an editor's uploads need no inventory
  world.list(['edited.txt']);
  expect(await blocked()).toBeNull();
  await record('late.txt');
  expect(await blocked()).toBe('UPLOAD_INCOMPLETE');
  expect((await run()).outcome).toEqual({ status: 'paused', code: 'UPLOAD_INCOMPLETE' });
  expect(await onDisk('a.txt')).toBe(true);
  await upload();
  world.fault = (operation) => {
    if (operation === 'get') void record('later.txt');
    return undefined;
  };
  const { outcome, progress } = await run({ batchSize: 1, concurrency: 1 });
  expect(outcome).toEqual({ status: 'paused', code: 'UPLOAD_INCOMPLETE' });
  expect(progress.done).toBe(1);
});

test('two sweepers that run at once beside the cleanup leave no file behind', async () => {
  await world.shelve(...Array.from({ length: 200 }, (_, number) => `file-${number}.txt`));
  await upload();
  const over = new AbortController();
  const sweeper = async () => {
    while (!over.signal.aborted) {
      await sweepFiles(world.deps, over.signal);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const sweepers = [sweeper(), sweeper()];
  expect((await run({ batchSize: 100 })).outcome).toEqual({ status: 'complete' });
  over.abort();
  await Promise.all(sweepers);
  await sweepFiles(world.deps, new AbortController().signal);
  expect(await readdir(world.folder)).toEqual(['.s3-storage']);
});

test('phase 2 removes nothing while the instance is read-only', async () => {
  await world.shelve('a.txt');
  await upload();
  world.state.mode = 'read-only';
  expect(await blocked()).toBe('READ_ONLY');
  expect((await run()).outcome).toEqual({ status: 'paused', code: 'READ_ONLY' });
  expect(await onDisk('a.txt')).toBe(true);
});

test('a given-up file and a missing file do not block phase 2, and the given-up file stays on the disk', async () => {
  await world.shelve('a.txt', 'b.txt');
  world.list(['missing.txt']);
  await upload();
  await record('c.txt');
  expect(await blocked()).toBe('UPLOAD_INCOMPLETE');
  await world.ledger.recordFailure((await world.ledger.find(world.key('c.txt')))!, 'FILE_CHANGED', null);
  expect(await blocked()).toBeNull();
  expect((await run()).outcome).toEqual({ status: 'complete' });
  expect([await onDisk('a.txt'), await onDisk('c.txt')]).toEqual([false, true]);
});

test.each([
  ['whose object somebody changed', 'OBJECT_CHANGED', () => world.bring('a.txt', 'A.txt')],
  ['whose object is gone', 'OBJECT_NOT_FOUND', () => world.s3.delete('a.txt')],
  ['that somebody changed after its upload', 'FILE_CHANGED', () => world.write('a.txt', 'A.txt')],
  ['that is gone together with its object', 'OBJECT_NOT_FOUND', () => gone().then(() => world.s3.delete('a.txt'))],
  ['that is gone and whose object somebody changed', 'OBJECT_CHANGED', () => gone().then(() => world.bring('a.txt', 'A.txt'))],
])('a file %s is left and reported, holds up no other, and is given up after 5 runs', async (_what, code, happens) => {
  await world.shelve('a.txt', 'b.txt');
  await upload();
  await happens();
  const left = await onDisk('a.txt');
  const first = await run();
  expect(first.findings).toEqual([expect.objectContaining({ kind: 'failed', key: 'a.txt', code })]);
  expect(await world.stateOf('b.txt')).toBe('remote');
  let last = first;
  for (let again = 0; again < 4; again++) {
    expect(last.outcome).toEqual({ status: 'paused', code });
    world.state.now += 3600_000;
    last = await run();
  }
  expect(last.outcome).toEqual({ status: 'complete' });
  expect(await world.stateOf('a.txt')).toBe('both');
  expect(await onDisk('a.txt')).toBe(left);
});

describe('an object that a lifecycle rule has archived', () => {
  test.each([
    ['it cannot be read', () => {
      world.fault = (operation) => (operation === 'get' ? Promise.reject(new StorageError('OBJECT_ARCHIVED', { status: 403, refused: true })) : undefined);
    }],
    ['it can be read until its restored copy ends', () => {
      world.fault = (operation, name, real) =>
        operation === 'get' ? real.get(name).then(({ facts, body }) => ({ facts: { ...facts, archived: true }, body })) : undefined;
    }],
    ['only its bytes can prove it', () => {
      world.state.proof = 'bytes';
      world.fault = (operation, name, real) =>
        operation === 'get' ? real.get(name).then(({ facts, body }) => ({ facts: { ...facts, archived: true, md5: null }, body })) : undefined;
    }],
  ])('keeps its file on the disk when %s', async (_what, archive) => {
    await world.shelve('a.txt');
    await upload();
    archive();
    const { outcome, findings } = await run();
    expect(outcome).toEqual({ status: 'paused', code: 'OBJECT_ARCHIVED' });
    expect(findings).toEqual([expect.objectContaining({ kind: 'failed', key: 'a.txt', code: 'OBJECT_ARCHIVED' })]);
    expect([await onDisk('a.txt'), await world.stateOf('a.txt')]).toEqual([true, 'both']);
  });

  test('is not adopted by phase 1, which uploads the file under an own name', async () => {
    await world.shelve('a.txt');
    await world.bring('a.txt', 'a.txt');
    world.fault = (operation, name, real) =>
      operation === 'head' && name === 'a.txt' ? real.head(name).then((facts) => ({ ...facts, archived: true })) : undefined;
    await upload();
    expect(world.s3.names()).toHaveLength(2);
    expect((await world.ledger.find(world.key('a.txt')))?.placement).toMatchObject({ state: 'both', remote: { object: expect.not.stringMatching(/^a\.txt$/) } });
  });
});

test('a file that is gone from the disk becomes remote once its object is proven', async () => {
  await world.shelve('a.txt', 'b.txt');
  await upload();
  await gone();
  const { outcome, progress } = await run();
  expect(outcome).toEqual({ status: 'complete' });
  expect(progress).toMatchObject({ done: 2, failed: 0, requests: { get: 2 } });
  expect(await world.stateOf('a.txt')).toBe('remote');
  expect(await world.read('a.txt')).toBe('a.txt');
});

test('a file that is gone from the disk and is deleted during its proof keeps its state and its tombstone', async () => {
  await world.shelve('a.txt');
  await upload();
  await gone();
  world.fault = (operation, name, real) =>
    operation === 'get' ? world.ledger.bury(world.key('a.txt'), { purgeAfterMs: 1000 }).then(() => real.get(name)) : undefined;
  expect((await run()).progress.done).toBe(0);
  expect(await world.ledger.find(world.key('a.txt'))).toMatchObject({ placement: { state: 'both' }, tombstone: expect.anything() });
});

test('a bucket that refuses each GET keeps all files on the disk, and the run pauses', async () => {
  await world.shelve('a.txt', 'b.txt');
  await upload();
  world.fault = (operation) => (operation === 'get' ? Promise.reject(new StorageError('ACCESS_DENIED', { refused: true })) : undefined);
  expect((await run()).outcome).toEqual({ status: 'paused', code: 'ACCESS_DENIED' });
  expect([await onDisk('a.txt'), await onDisk('b.txt')]).toEqual([true, true]);
});

test('nothing leaves the disk while a web server in front serves the folder itself', async () => {
  await world.shelve('a.txt');
  await upload();
  const unreached = { code: 'UPLOADS_NOT_REACHED', detail: '' } as const;
  world.deps.publicUrl = { known: () => unreached, fresh: async () => unreached };
  expect(await blocked()).toBe('UPLOADS_NOT_REACHED');
  expect((await run()).outcome).toEqual({ status: 'paused', code: 'UPLOADS_NOT_REACHED' });
  expect([await onDisk('a.txt'), await world.stateOf('a.txt')]).toEqual([true, 'both']);

  // nobody has asked yet, so the run itself asks before it begins
  world.deps.publicUrl = { known: () => null, fresh: async () => unreached };
  expect(await blocked()).toBeNull();
  expect((await run()).outcome).toMatchObject({ code: 'UPLOADS_NOT_REACHED' });

  // a check that came to no result does not stop the cleanup
  const unchecked = { code: 'PUBLIC_URL_UNCHECKED', detail: '' } as const;
  world.deps.publicUrl = { known: () => unchecked, fresh: async () => unchecked };
  expect((await run()).outcome).toEqual({ status: 'complete' });
});

test('phase 2 warns of a web server that looks into the folder first or exposes the plugin’s own folder', async () => {
  for (const code of ['UPLOADS_SERVED_FIRST', 'OWN_FOLDER_EXPOSED'] as const) {
    world.deps.publicUrl = { known: () => ({ code, detail: '' }), fresh: async () => ({ code, detail: '' }) };
    expect([await blocked(), await job().warning?.()]).toEqual(['UPLOAD_INCOMPLETE', code]);
  }
});

test.each([
  ['is stopped', (stop: AbortController) => stop.abort()],
  ['loses its right to write', () => void (world.state.mode = 'read-only')],
])('a file that waits for its turn while the run %s is not compared, and stays', async (_what, happens) => {
  await world.shelve('a.txt', 'b.txt');
  await upload();
  const stop = new AbortController();
  world.requests.length = 0;
  world.fault = (operation) => {
    if (operation === 'get') happens(stop);
    return undefined;
  };
  await run({ concurrency: 1 }, { signal: stop.signal });
  expect(world.requests.filter((request) => request.startsWith('get '))).toHaveLength(1);
  expect([await world.stateOf('a.txt'), await world.stateOf('b.txt')].sort()).toEqual(['both', 'remote']);
});
