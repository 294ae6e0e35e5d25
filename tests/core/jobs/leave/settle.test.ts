import fs from 'node:fs/promises';
import path from 'node:path';
import { StorageError } from '../../../../server/src/core/errors';
import { cleanups } from '../../../../server/src/core/jobs/cleanup/free-disk';
import { settleRow } from '../../../../server/src/core/jobs/leave/settle';
import { sweep, sweepFiles } from '../../../../server/src/core/sweep/sweep';
import { uploads } from '../../../../server/src/core/jobs/upload/send-files';
import { purge } from '../../../../server/src/core/sweep/purge';
import { RequestScope } from '../../../../server/src/core/media/request-scope';
import { bodyOf } from '../../../support/bodies';
import { jobContext } from '../../../support/job-context';
import { DAY, leavingWorld, RESTED, type LeavingWorld } from '../../../support/leaving-world';

const never = new AbortController().signal;

let world: LeavingWorld;
beforeEach(async () => {
  world = await leavingWorld();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await world.close();
});

/** Makes a file that is in S3 only when leaving begins. */
const stored = async (name: string, content = name) => {
  await world.put(name, content);
  world.leave();
};
const complete = { status: 'complete' };
const paused = (code: string | null = null) => ({ status: 'paused', code });

test('while S3 is in use a restored file keeps its own name', async () => {
  await world.put('a.txt', 'one');
  expect((await world.run()).outcome).toEqual(complete);
  expect([await world.plain('a.txt'), await world.job().isComplete()]).toEqual([null, true]);
});

test('a file gets its plain path while leaving; its own name goes a day later, and its bytes stay', async () => {
  await stored('été/a 1.txt', 'one');
  expect((await world.run()).outcome).toEqual(complete);
  expect(await world.job().isComplete()).toBe(true);
  expect([await world.plain('été/a 1.txt'), await world.localName('été/a 1.txt')]).toEqual(['one', 'été/a 1.txt']);
  await world.sweepAfter(DAY - 1000);
  expect(await world.hidden()).toHaveLength(1);
  await world.sweepAfter(2000);
  expect([await world.hidden(), await world.served()]).toEqual([[], { 'été/a 1.txt': 'one' }]);
  world.state.mode = 'off';
  expect(await world.read('été/a 1.txt')).toBe('one');
});

test('a name that the disk does not take is reported as NAME_UNFIT, and the file keeps its own name', async () => {
  const name = `${'n'.repeat(300)}.txt`;
  await stored(name, 'one');
  expect((await world.run()).outcome).toMatchObject({ code: 'NAME_UNFIT' });
  expect(await world.read(name)).toBe('one');
  await world.sweepAfter(2 * DAY);
  expect(await world.hidden()).toHaveLength(1);
  expect((await world.row(name))?.lastError).toBe('NAME_UNFIT');
});

test('a settled file that somebody removes is served by its former name, which still awaits the sweeper', async () => {
  await stored('a.txt', 'one');
  expect((await world.run()).outcome).toEqual(complete);
  await world.s3.delete('a.txt');
  await fs.rm(path.join(world.folder, 'a.txt'));
  expect(await world.read('a.txt')).toBe('one');
});

test('a run that is stopped between fetching and settling is paused, and the next run completes the work', async () => {
  await stored('a.txt', 'one');
  const { context, ending } = jobContext();
  context.commit = async () => ending.abort();
  expect(await world.job().run(context)).toEqual(paused());
  expect(await world.row('a.txt')).toMatchObject({ placement: { state: 'both' } });
  expect((await world.run()).outcome).toEqual(complete);
});

test('a plain path that a cleanup has condemned has its file again in one run, before the grace is over', async () => {
  world.fault = () => Promise.reject(new StorageError('UNREACHABLE', { refused: true }));
  await world.storage.put(world.key('a.txt'), bodyOf('one'), { mime: null, scope: new RequestScope('upload') });
  world.fault = undefined;
  world.breaker.probeWith(async () => undefined);
  await world.breaker.forceProbe();
  const local = await world.row('a.txt');
  expect(local.placement).toMatchObject({ state: 'local', local: { localName: 'a.txt' } });
  await uploads(world.jobs, { concurrency: 1, batchSize: 100, signal: never }).upload(local);
  await cleanups(world.jobs, { concurrency: 1, batchSize: 1, graceMs: 7 * DAY }).cleanUp(await world.row('a.txt'));
  world.leave();
  world.state.now += RESTED;
  expect((await world.run()).outcome).toEqual(complete);
  expect(await world.plain('a.txt')).toBe('one');
  // the cleanup's record is gone, so nothing removes the file later
  await world.sweepAfter(9 * DAY);
  expect(await world.plain('a.txt')).toBe('one');
});

describe('a file that nobody knows at the plain path', () => {
  test('becomes the copy of the row if it has the same bytes', async () => {
    await stored('a.txt', 'one');
    await fs.writeFile(world.at('a.txt'), 'one');
    const { ino } = await fs.stat(world.at('a.txt'));
    expect((await world.run()).outcome).toEqual(complete);
    expect((await fs.stat(world.at('a.txt'))).ino).toBe(ino);
    expect(await world.localName('a.txt')).toBe('a.txt');
  });

  test('stays and is reported if it has other bytes, and the next run goes on once it is away', async () => {
    await stored('a.txt', 'one');
    await stored('b.txt', 'two');
    await fs.writeFile(world.at('a.txt'), 'theirs');
    const { outcome, progress } = await world.run();
    expect(outcome).toEqual(paused('PLAIN_PATH_TAKEN'));
    expect(progress.failed).toBe(1);
    expect(await world.row('a.txt')).toMatchObject({ lastError: 'PLAIN_PATH_TAKEN', placement: { state: 'both' } });
    expect(await world.served()).toEqual({ 'a.txt': 'theirs', 'b.txt': 'two' });
    expect(await world.job().isComplete()).toBe(false);
    // the sweeper does not remove the file either
    world.state.now += 2 * DAY;
    expect(await world.ledger.condemnAbandoned()).toBe(0);
    expect(await world.plain('a.txt')).toBe('theirs');
    await fs.rename(world.at('a.txt'), world.at('theirs.txt'));
    expect((await world.run()).outcome).toEqual(complete);
    expect(await world.served()).toEqual({ 'a.txt': 'one', 'b.txt': 'two', 'theirs.txt': 'theirs' });
    expect((await world.row('a.txt')).lastError).toBeNull();
  });

  test('stays where a replaced file was', async () => {
    await fs.writeFile(world.at('a.txt'), 'old');
    await stored('a.txt', 'one');
    await fs.writeFile(world.at('a.txt'), 'theirs');
    world.state.now += RESTED;
    expect((await world.run()).outcome).toEqual(paused('PLAIN_PATH_TAKEN'));
    expect(await world.plain('a.txt')).toBe('theirs');
  });
});

test('a damaged copy on the disk is not settled, and the next run fetches the file once more', async () => {
  await stored('a.txt', 'one');
  const found = world.jobs.disk.giveName;
  world.jobs.disk.giveName = async () => Promise.reject(new StorageError('DISK_ERROR', { refused: true }));
  expect((await world.run()).outcome).toEqual(paused('DISK_ERROR'));
  world.jobs.disk.giveName = found;
  await fs.writeFile(world.at((await world.localName('a.txt'))!), 'ONE');
  world.state.now += 3600_000;
  expect(await settleRow(world.jobs, await world.row('a.txt'))).toEqual({ failed: 'FILE_CHANGED' });
  expect([await world.plain('a.txt'), await world.localName('a.txt')]).toEqual([null, expect.stringMatching(/^\.s3-storage/)]);
  expect(await world.read('a.txt')).toBe('one');
  // the restore fetches it once more
  expect((await world.run()).outcome).toEqual(complete);
  expect(await world.plain('a.txt')).toBe('one');
});

describe('while the project is leaving', () => {
  test('a new or replaced file becomes a local file of the library, and the bucket stays as it was', async () => {
    await stored('replaced.txt', 'one');
    await world.put('replaced.txt', 'two');
    await world.storage.put(world.key('new.txt'), bodyOf('new'), { mime: null, scope: new RequestScope('upload') });
    expect(await world.row('replaced.txt')).toMatchObject({ origin: 'library', placement: { state: 'local' } });
    expect(await world.row('new.txt')).toMatchObject({ origin: 'library', placement: { state: 'local', local: { localName: 'new.txt' } } });
    expect(await world.object('replaced.txt')).toBe('one');
    expect((await world.run()).outcome).toEqual(complete);
    expect(await world.served()).toEqual({ 'new.txt': 'new', 'replaced.txt': 'two' });
    // nothing in the bucket changes now or later
    await sweep(world.jobs, never);
    expect(await world.object('replaced.txt')).toBe('one');
  });

  test('a replace of a settled file settles in its place, once no process remembers the former row', async () => {
    await stored('a.txt', 'one');
    await world.run();
    await world.put('a.txt', 'two');
    expect(await world.plain('a.txt')).toBe('one');
    expect(await world.job().isComplete()).toBe(false);
    // a process that remembers the former row would serve the new bytes for the old ones
    expect((await world.run()).outcome).toEqual(paused());
    expect(await world.plain('a.txt')).toBe('one');
    world.state.now += RESTED;
    expect((await world.run()).outcome).toEqual(complete);
    expect(await world.plain('a.txt')).toBe('two');
    await world.put('a.txt', 'one');
    world.state.now += RESTED;
    expect((await world.run()).outcome).toEqual(complete);
    await world.sweepAfter(2 * DAY);
    expect([await world.served(), await world.hidden()]).toEqual([{ 'a.txt': 'one' }, []]);
  });

  test('a replace between link and commit wins, and the old bytes leave the plain path', async () => {
    await stored('a.txt', 'one');
    await restoreOnly();
    const give = world.jobs.disk.giveName.bind(world.jobs.disk);
    world.jobs.disk.giveName = async (name, second) => {
      const given = await give(name, second);
      await world.put('a.txt', 'two');
      return given;
    };
    expect(await settleRow(world.jobs, await world.row('a.txt'))).toBe('waits');
    world.jobs.disk.giveName = give;
    expect(await world.read('a.txt')).toBe('two');
    await world.run();
    expect(await world.plain('a.txt')).toBeNull();
    // as after any write that came to nothing, the sweeper looks at the path twice
    await world.sweepAfter(DAY);
    expect((await world.run()).outcome).toEqual(complete);
    expect(await world.served()).toEqual({ 'a.txt': 'two' });
  });

  test('a deleted file is not settled, and nothing of it stays on the disk', async () => {
    await stored('a.txt', 'one');
    await restoreOnly();
    await world.storage.remove(world.key('a.txt'));
    expect((await world.run()).outcome).toEqual(complete);
    expect(await world.served()).toEqual({});
    world.state.now += DAY;
    await purge(world.jobs, never);
    await world.sweepAfter(DAY);
    expect([await world.hidden(), await world.object('a.txt')]).toEqual([[], 'one']);
  });

  test('a return ends the settling, and a file that was replaced is due for its upload', async () => {
    await stored('a.txt', 'one');
    await world.run();
    await world.put('a.txt', 'two');
    Object.assign(world.state, { mode: 'read-write', leaving: false });
    expect((await world.run()).outcome).toEqual(complete);
    expect(await world.localName('a.txt')).toMatch(/^\.s3-storage/);
    expect((await world.ledger.claim({ work: 'upload', volume: world.jobs.volume.id, origin: 'library', limit: 10 }, 1)).map(({ key }) => key)).toEqual(['a.txt']);
  });
});

describe('crashes and other processes', () => {
  test.each(['before the link', 'after the link'])('a file whose settling process ends %s is settled by the next run', async (when) => {
    await stored('a.txt', 'one');
    const { disk } = world.jobs;
    const give = disk.giveName.bind(disk);
    disk.giveName = async (name, second) => {
      if (when === 'after the link') await give(name, second);
      throw new Error('the process ends');
    };
    await expect(world.run()).rejects.toThrow('the process ends');
    disk.giveName = give;
    expect(await world.localName('a.txt')).toMatch(/^\.s3-storage/);
    expect((await world.run()).outcome).toEqual(complete);
    expect([await world.plain('a.txt'), await world.localName('a.txt')]).toEqual(['one', 'a.txt']);
    await world.sweepAfter(2 * DAY);
    expect([await world.served(), await world.hidden()]).toEqual([{ 'a.txt': 'one' }, []]);
  });

  test('two runs at once settle each file once', async () => {
    const names = Array.from({ length: 20 }, (_, n) => `${n}.txt`);
    for (const name of names) await stored(name);
    await restoreOnly();
    const runs = await Promise.all([world.run(), world.run()]);
    expect(runs.map(({ outcome }) => outcome)).toContainEqual(complete);
    expect((await world.run()).outcome).toEqual(complete);
    await world.sweepAfter(2 * DAY);
    expect([await world.served(), await world.hidden()]).toEqual([Object.fromEntries(names.map((name) => [name, name])), []]);
  });

  test('a sweeper that stood still while its path was freed and settled again does not remove the file', async () => {
    await stored('a.txt', 'one');
    await restoreOnly();
    const give = world.jobs.disk.giveName.bind(world.jobs.disk);
    // a delete comes between link and commit, and Strapi's own delete fails: the row has another rev and the same bytes
    world.jobs.disk.giveName = async (name, second) => {
      const given = await give(name, second);
      await world.ledger.bury(world.key('a.txt'), { purgeAfterMs: 0 });
      await world.ledger.purge(await world.row('a.txt'), { referenced: true, condemnObjects: false });
      return given;
    };
    await settleRow(world.jobs, await world.row('a.txt'));
    world.jobs.disk.giveName = give;
    const gate = gateAt(fs, 'rename');
    const slow = sweepFiles(world.jobs, never);
    await gate.reached;
    await world.sweepAfter(0);
    await world.sweepAfter(DAY);
    // it is the very file that the sweeper has looked at, so not even the inode shows a difference
    const { ino } = await fs.stat(world.at((await world.localName('a.txt'))!));
    expect((await world.run()).outcome).toEqual(complete);
    expect((await fs.stat(world.at('a.txt'))).ino).toBe(ino);
    expect(await world.localName('a.txt')).toBe('a.txt');
    gate.open();
    await slow;
    expect([await world.plain('a.txt'), await world.localName('a.txt')]).toEqual(['one', 'a.txt']);
    await world.sweepAfter(3 * DAY);
    expect([await world.served(), await world.hidden()]).toEqual([{ 'a.txt': 'one' }, []]);
  });

  test('a file does not settle at a path while the removal of the former file is due', async () => {
    await stored('a.txt', 'one');
    await world.run();
    await world.put('a.txt', 'two');
    await world.put('a.txt', 'one');
    const gate = gateAt(fs, 'unlink', '/aside/');
    await world.ledger.expediteName({ kind: 'file', name: 'a.txt' as never, volume: world.jobs.volume.id }, 0);
    const slow = sweepFiles(world.jobs, never);
    await gate.reached;
    expect(await settleRow(world.jobs, await world.row('a.txt'))).toBe('freed');
    gate.open();
    await slow;
    expect((await world.run()).outcome).toEqual(complete);
    expect(await world.served()).toEqual({ 'a.txt': 'one' });
  });
});

test('visitors get every file while it is fetched, settled and swept', async () => {
  const names = Array.from({ length: 12 }, (_, n) => `${n}.txt`);
  for (const name of names) await stored(name);
  // these files can come from the disk alone once they are there
  for (const name of names.slice(0, 6)) await world.put(name, name);
  world.state.now += RESTED;
  let over = false;
  const answers = new Set<string>();
  const visitor = async () => {
    while (!over) for (const name of names) answers.add((await world.read(name)) === name ? 'the file' : name);
  };
  const visitors = [visitor(), visitor()];
  expect((await world.run()).outcome).toEqual(complete);
  await world.sweepAfter(DAY);
  over = true;
  await Promise.all(visitors);
  expect([...answers]).toEqual(['the file']);
});

/** Runs the restore without settling. */
async function restoreOnly(): Promise<void> {
  world.state.leaving = false;
  await world.run();
  world.state.leaving = true;
}

/** Stops the first call of a file system operation (on a path of `part`) until the gate is opened. */
function gateAt(file: typeof fs, step: 'rename' | 'unlink', part = '') {
  const real = file[step] as (...args: unknown[]) => Promise<void>;
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  let reach = (): void => undefined;
  const reached = new Promise<void>((resolve) => (reach = resolve));
  let first = true;
  jest.spyOn(file, step as 'unlink').mockImplementation(async (...args: unknown[]) => {
    if (first && String(args[0]).includes(part)) {
      first = false;
      reach();
      await opened;
    }
    await real(...args);
  });
  return { reached, open };
}
