import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { StorageError } from '../../../../server/src/core/errors';
import { catchUp } from '../../../../server/src/core/upkeep/catch-up';
import { uploadJob } from '../../../../server/src/core/jobs/upload/job';
import type { ObjectFacts } from '../../../../server/src/core/store/object-store';
import { libraryWorld, type LibraryWorld, type Run } from '../../../support/library-world';

let world: LibraryWorld;
beforeEach(async () => {
  world = await libraryWorld();
});
afterEach(() => world.close());

const job = () => uploadJob(world.deps);
const run = (options?: Parameters<LibraryWorld['run']>[1], hooks?: Parameters<LibraryWorld['run']>[2]): Promise<Run> => world.run(job(), options, hooks);
const names = (count: number) => Array.from({ length: count }, (_, index) => `${index}.txt`);
const refusing = (code: 'ACCESS_DENIED' | 'UNREACHABLE', ...operations: string[]) => (operation: string) =>
  operations.includes(operation) ? Promise.reject(new StorageError(code, { refused: true })) : undefined;

test('phase 1 sends the whole library to S3, batch by batch, and each row is then "both"', async () => {
  await world.shelve(...names(25));
  const { outcome, progress, commits } = await run({ batchSize: 10 });
  expect(outcome).toEqual({ status: 'complete' });
  expect(progress).toMatchObject({ done: 25, total: 25, failed: 0, bytesDone: progress.bytesTotal, requests: { head: 25, put: 25, get: 0 } });
  expect(commits.filter((done) => done > 0)).toEqual(expect.arrayContaining([10, 20, 25]));
  for (const name of names(25)) {
    expect(await world.object(name)).toBe(name);
    expect(await world.stateOf(name)).toBe('both');
  }
  expect(await job().isComplete()).toBe(true);
});

test('two runs at once and another run after them put no file twice', async () => {
  await world.shelve(...names(30));
  await Promise.all([run({ batchSize: 5 }), run({ batchSize: 5 })]);
  expect((await run()).outcome).toEqual({ status: 'complete' });
  expect(world.puts().sort()).toEqual(names(30).map((name) => `put ${name}`).sort());
});

test('a stopped run gives back the files that it has not begun, and the next run puts no file twice', async () => {
  await world.shelve(...names(30));
  const ending = new AbortController();
  let committed = 0;
  const first = await run({ batchSize: 10 }, { signal: ending.signal, onCommit: () => ++committed === 2 && ending.abort() });
  expect(first.outcome).toEqual({ status: 'paused', code: null });
  // the run finished the files that it had begun
  expect(first.progress.done).toBeGreaterThanOrEqual(10);
  expect(first.progress.done).toBeLessThan(20);
  expect((await run({ batchSize: 10 })).progress.done).toBe(30 - first.progress.done);
  expect(new Set(world.puts()).size).toBe(30);
  expect(world.puts()).toHaveLength(30);
});

describe('an object that is in the bucket already', () => {
  test('is adopted without a PUT if it has the same bytes', async () => {
    await world.shelve('a.txt');
    await world.bring('a.txt', 'a.txt');
    const { progress } = await run();
    expect(progress).toMatchObject({ done: 1, requests: { head: 1, put: 0, get: 0 } });
    expect(await world.ledger.find(world.key('a.txt'))).toMatchObject({ placement: { state: 'both' }, plainUsed: true });
    expect(world.s3.names()).toEqual(['a.txt']);
  });

  test('is read once when its tag is no MD5, as after aws s3 sync', async () => {
    await world.shelve('a.txt', 'b.txt');
    await world.bring('a.txt', 'a.txt');
    await world.bring('b.txt', 'b.TXT');
    world.fault = (operation, name, real) => {
      if (operation !== 'head') return undefined;
      return real.head(name).then((facts): ObjectFacts => ({ ...facts, md5: null, etag: `${facts.md5}-2` }));
    };
    const { progress } = await run();
    expect(progress.requests).toMatchObject({ head: 2, get: 2, put: 1 });
    expect(world.puts()[0]).toMatch(/^put b\.\d+\.txt$/);
    expect(await world.object('b.txt')).toBe('b.TXT');
    expect(await world.read('b.txt')).toBe('b.txt');
  });

  test('is left alone if it has other bytes', async () => {
    await world.shelve('a.txt');
    await world.bring('a.txt', 'theirs');
    expect((await run()).outcome).toEqual({ status: 'complete' });
    expect(await world.object('a.txt')).toBe('theirs');
    expect(await world.read('a.txt')).toBe('a.txt');
  });

  test('is not adopted when S3 refuses its HEAD, and the file gets an own name', async () => {
    await world.shelve('a.txt');
    await world.bring('a.txt', 'a.txt');
    world.fault = refusing('ACCESS_DENIED', 'head');
    await run();
    expect(world.puts()).toHaveLength(1);
    expect(world.puts()[0]).not.toBe('put a.txt');
  });
});

test('uploads that only their bytes can prove cost a HEAD for the proof once, and not for each file', async () => {
  await world.shelve(...names(5));
  const blind = (facts: ObjectFacts) => ({ ...facts, md5: null });
  world.fault = (operation, name, real) => {
    if (operation === 'head') return real.head(name).then(blind);
    if (operation === 'get') return real.get(name).then((stream) => ({ ...stream, facts: blind(stream.facts) }));
    return undefined;
  };
  const put = world.s3.put.bind(world.s3);
  jest.spyOn(world.s3, 'put').mockImplementation(async (...args) => blind(await put(...args)));
  const { progress } = await run({ concurrency: 1 });
  expect(world.state.proof).toBe('bytes');
  expect(progress.requests).toMatchObject({ put: 5, get: 5, head: 5 + 1 });
});

test('a run without the right to PUT ends after a batch, and gives no file up', async () => {
  await world.shelve(...names(30));
  world.fault = refusing('ACCESS_DENIED', 'put');
  const { outcome, progress, findings } = await run({ batchSize: 10 });
  expect(outcome).toEqual({ status: 'paused', code: 'ACCESS_DENIED' });
  expect(progress.failed).toBeGreaterThanOrEqual(10);
  expect(progress.failed).toBeLessThan(20);
  expect(findings).toHaveLength(progress.failed);
  expect(findings[0]).toMatchObject({ kind: 'failed', code: 'ACCESS_DENIED' });
  // no row is given up, because nothing is the matter with the files
  for (let again = 0; again < 6; again++) {
    world.state.now += 3600_000;
    await run({ batchSize: 30 });
  }
  expect(await job().isComplete()).toBe(false);
  world.fault = undefined;
  world.state.now += 3600_000;
  expect((await run()).outcome).toEqual({ status: 'complete' });
});

test('a run pauses when S3 goes away amid a batch, records no failed file, and goes on when S3 is back', async () => {
  await world.shelve(...names(20));
  let puts = 0;
  world.fault = (operation) => (operation === 'put' && ++puts > 5 ? Promise.reject(new StorageError('UNREACHABLE', { refused: true })) : undefined);
  expect((await run({ concurrency: 1 })).outcome).toEqual({ status: 'paused', code: 'UNREACHABLE' });
  expect((await world.ledger.tallies()).failed.count).toBe(0);
  world.fault = undefined;
  world.breaker.probeWith(async () => undefined);
  await world.breaker.forceProbe();
  expect((await run()).outcome).toEqual({ status: 'complete' });
  for (const name of names(20)) {
    expect(await world.stateOf(name)).toBe('both');
    expect(await world.read(name)).toBe(name);
  }
});

test('a recorded file that changed or is gone holds up no other, is given up after 5 runs, and can be retried', async () => {
  await world.shelve('changed.txt', 'gone.txt', 'fine.txt');
  const stop = new AbortController();
  const recorded = jest.spyOn(world.ledger, 'record');
  recorded.mockImplementationOnce(async (files) => {
    recorded.mockRestore();
    stop.abort();
    return world.ledger.record(files);
  });
  await run({}, { signal: stop.signal });
  await writeFile(path.join(world.folder, 'changed.txt'), 'another size');
  await rm(path.join(world.folder, 'gone.txt'));
  let last = await run();
  expect(last.outcome).toEqual({ status: 'paused', code: expect.stringMatching(/FILE_CHANGED|NOT_ON_DISK/) });
  expect(await world.stateOf('fine.txt')).toBe('both');
  expect(last.findings.map(({ key, code }) => [key, code]).sort()).toEqual([['changed.txt', 'FILE_CHANGED'], ['gone.txt', 'NOT_ON_DISK']]);
  expect(await job().isComplete()).toBe(false);
  for (let again = 0; again < 4; again++) {
    world.state.now += 3600_000;
    last = await run();
  }
  expect(last.outcome).toEqual({ status: 'complete' });
  expect(await job().isComplete()).toBe(true);
  world.state.now += 365 * 24 * 3600_000;
  expect((await run()).progress).toMatchObject({ done: 0, failed: 0 });
  await world.write('gone.txt', 'gone.txt');
  expect(await world.ledger.retry([world.key('gone.txt')])).toBe(1);
  expect((await run()).progress.done).toBe(1);
});

test('a fallback is not given up, even after 8 failed attempts', async () => {
  world.fault = refusing('ACCESS_DENIED', 'put');
  await world.put('a.txt', 'one');
  world.fault = undefined;
  await rm(path.join(world.folder, 'a.txt'));
  for (let again = 0; again < 8; again++) {
    world.state.now += 3600_000;
    await catchUp(world.jobs, 1, new AbortController().signal);
  }
  const volume = world.jobs.volume.id;
  expect(await world.ledger.find(world.key('a.txt'))).toMatchObject({ attempts: 8, lastError: 'NOT_ON_DISK' });
  expect(await world.ledger.pendingWork({ work: 'upload', volume, origin: 'fallback' })).toBe(true);
});

test('a replace wins over the upload of the same file that the job has in hand', async () => {
  await world.shelve('a.txt');
  let replaced = false;
  world.fault = (operation, name) => {
    if (operation !== 'put' || name !== 'a.txt' || replaced) return undefined;
    replaced = true;
    return world.put('a.txt', 'new').then(() => world.bring(name, 'a.txt'));
  };
  const { outcome, progress } = await run();
  expect(outcome).toEqual({ status: 'complete' });
  expect(progress).toMatchObject({ done: 0, failed: 0 });
  expect(await world.read('a.txt')).toBe('new');
});

test('phase 1 is blocked by READ_ONLY while the instance may not change S3, even as a dry run', async () => {
  expect(await job().blockedBy({ dryRun: false, maxId: null, apply: false })).toBeNull();
  world.state.mode = 'read-only';
  expect(await job().blockedBy({ dryRun: true, maxId: null, apply: false })).toBe('READ_ONLY');
});
