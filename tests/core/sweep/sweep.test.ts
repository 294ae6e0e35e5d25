import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { StorageError } from '../../../server/src/core/errors';
import { cleanupJob } from '../../../server/src/core/jobs/cleanup/job';
import { sweep } from '../../../server/src/core/sweep/sweep';
import { uploadJob } from '../../../server/src/core/jobs/upload/job';
import { uploads } from '../../../server/src/core/jobs/upload/send-files';
import { bodyOf } from '../../support/bodies';
import { libraryWorld, type LibraryWorld } from '../../support/library-world';

const DAY = 24 * 3600_000;
const never = new AbortController().signal;

let world: LibraryWorld;
beforeEach(async () => {
  world = await libraryWorld();
});
afterEach(() => world.close());

const ownFilesOf = async (folder: string) => (await readdir(path.join(folder, '.s3-storage'))).filter((name) => name.endsWith('.txt'));

/** Begins the upload of a library file under its plain name and never ends it, as when the process is killed. */
async function killedWhileUploading(name: string) {
  await world.write(name, name);
  const key = world.key(name);
  const { id: volume } = world.deps.volume;
  await world.ledger.record([{ key, local: { volume, localName: name as never }, size: name.length }]);
  let reached: () => void;
  const atPut = new Promise<void>((resolve) => (reached = resolve));
  world.fault = (operation) => (operation === 'put' ? (reached(), new Promise(() => undefined)) : undefined);
  void uploads(world.deps, { concurrency: 1, batchSize: 100, signal: never }).upload((await world.ledger.find(key))!);
  await atPut;
  world.fault = undefined;
}
const sweptTwice = async () => {
  for (let time = 0; time < 2; time++) {
    world.state.now += 2 * DAY;
    await sweep(world.deps, never);
  }
  return world.ledger.dueNames({ kind: 'object', locationId: world.bucket.locationId }, 10);
};

test('an object that a killed process may have left under its name is removed', async () => {
  await killedWhileUploading('a.txt');
  await world.s3.put('a.txt', bodyOf('a.txt'));
  expect(await sweptTwice()).toEqual([]);
  expect(await world.object('a.txt')).toBeUndefined();
});

test('an object that somebody else put under a killed process’s name is left alone, and the log names it', async () => {
  await killedWhileUploading('a.txt');
  await world.bring('a.txt', 'somebody else’s');
  expect(await sweptTwice()).toEqual([]);
  expect(await world.object('a.txt')).toBe('somebody else’s');
  expect(world.lines).toContainEqual(expect.stringContaining('"a.txt" in S3 does not belong to the plugin'));
});

test('the name of a killed process is deleted in S3 although S3 denies a look at the object', async () => {
  await killedWhileUploading('a.txt');
  world.fault = (operation) => (operation === 'head' ? Promise.reject(new StorageError('ACCESS_DENIED', { status: 403, refused: true })) : undefined);
  expect(await sweptTwice()).toEqual([]);
  expect(world.requests).toContain('delete a.txt');
});

describe('a file that a cleanup has condemned', () => {
  /** Makes a file that is in S3, and on the disk until its grace is over. */
  const condemned = async (graceMs: number) => {
    await world.shelve('a.txt');
    await world.run(uploadJob(world.deps));
    await world.run(cleanupJob(world.deps), { cleanupGraceMs: graceMs });
    expect(await world.stateOf('a.txt')).toBe('remote');
  };
  const isOnDisk = () => world.deps.disk.exists('a.txt');
  const later = async (ms: number) => {
    world.state.now += ms;
    world.requests.length = 0;
    await sweep(world.deps, never);
  };

  test('is removed after its grace, when one GET has proven the object once more', async () => {
    await condemned(DAY);
    await later(DAY);
    expect([await isOnDisk(), world.requests]).toEqual([false, ['get a.txt']]);
  });

  test('is removed at once by a cleanup without a grace, which sends one request in all', async () => {
    await world.shelve('a.txt');
    await world.run(uploadJob(world.deps));
    world.requests.length = 0;
    await world.run(cleanupJob(world.deps));
    expect([await isOnDisk(), world.requests.length]).toEqual([false, 1]);
  });

  test.each([
    ['OBJECT_NOT_FOUND', () => world.s3.delete('a.txt')],
    ['OBJECT_CHANGED', () => world.s3.put('a.txt', bodyOf('A.txt'))],
    ['OBJECT_CHANGED', () => world.s3.put('a.txt', bodyOf('longer than it was'))],
  ])('is served when its object is lost, and becomes a copy beside it while the bucket has no witness: %s, case %#', async (code, lose) => {
    await condemned(DAY);
    await lose();
    expect(await world.read('a.txt')).toBe('a.txt');
    await later(DAY);
    expect([await isOnDisk(), await world.stateOf('a.txt'), await world.read('a.txt')]).toEqual([false, 'both', 'a.txt']);
    expect(await world.ledger.find(world.key('a.txt'))).toMatchObject({ placement: { remote: { object: 'a.txt' } }, lastError: code, attempts: 1 });
    expect(world.lines).toContainEqual(expect.stringContaining(`is not what was stored (${code})`));
    await later(DAY);
    expect(await world.ledger.dueNames({ kind: 'file', volume: world.deps.volume.id }, 10)).toEqual([]);
    // a cleanup does not remove the file before the object is there again
    await world.run(cleanupJob(world.deps));
    expect([await world.stateOf('a.txt'), await world.read('a.txt')]).toEqual(['both', 'a.txt']);
    await world.bring('a.txt', 'a.txt');
    await world.ledger.retry('all');
    await world.run(cleanupJob(world.deps));
    expect([await world.stateOf('a.txt'), await world.read('a.txt'), await ownFilesOf(world.folder)]).toEqual(['remote', 'a.txt', []]);
  });

  test('is served while S3 is away, but never with other bytes than were stored', async () => {
    await condemned(DAY);
    world.fault = () => Promise.reject(new StorageError('SERVER_ERROR', { status: 500 }));
    expect(await world.read('a.txt')).toBe('a.txt');
    await world.write('a.txt', 'A.txt');
    expect(await world.read('a.txt')).toBe('unavailable');
  });

  test('becomes the row’s copy again when its object has another ETag, although the bytes are right', async () => {
    await condemned(DAY);
    world.fault = async (operation, name, real) => {
      const read = await real.get(name);
      return operation === 'get' ? { ...read, facts: { ...read.facts, etag: 'another' } } : undefined;
    };
    await later(DAY);
    expect([await isOnDisk(), await world.stateOf('a.txt')]).toEqual([false, 'both']);
    expect(await world.ledger.find(world.key('a.txt'))).toMatchObject({ lastError: 'OBJECT_CHANGED' });
  });

  test('becomes the row’s copy again when its object was archived meanwhile, and the log says so once', async () => {
    await condemned(DAY);
    await world.put('witness.txt', 'w');
    world.fault = (operation, name) => (operation === 'get' && name === 'a.txt' ? Promise.reject(new StorageError('OBJECT_ARCHIVED', { status: 403, refused: true })) : undefined);
    await later(DAY);
    await later(DAY);
    expect([await world.stateOf('a.txt'), await world.object('a.txt'), await world.read('a.txt')]).toEqual(['both', 'a.txt', 'a.txt']);
    expect(await world.ledger.find(world.key('a.txt'))).toMatchObject({ lastError: 'OBJECT_ARCHIVED', attempts: 1 });
    expect(world.lines.filter((line) => line.includes('cannot be read (OBJECT_ARCHIVED)'))).toHaveLength(1);
  });

  describe('and whose object is lost, with a witness on record', () => {
    const lose = async () => {
      await world.put('witness.txt', 'w');
      await condemned(DAY);
      await world.s3.delete('a.txt');
    };
    const row = async () => (await world.ledger.find(world.key('a.txt')))!;
    const isTakenBack = async () => [(await row()).placement.state, await world.read('a.txt')];
    const leftAlone = ['remote', 'a.txt'];
    const keptBeside = ['both', 'a.txt'];
    const ownFiles = () => ownFilesOf(world.folder);

    test.each([
      ['OBJECT_NOT_FOUND', async () => undefined],
      ['OBJECT_CHANGED', () => world.bring('a.txt', 'A.txt')],
      ['OBJECT_CHANGED', () => world.bring('a.txt', 'longer than it was')],
    ])('is served, becomes the row’s only copy, and is sent again by phase 1: %s, case %#', async (code, change) => {
      await lose();
      const before = await row();
      await change();
      expect(await world.read('a.txt')).toBe('a.txt');
      await later(DAY);
      expect(await isTakenBack()).toEqual(['local', 'a.txt']);
      expect(await row()).toMatchObject({ origin: 'library', ticket: before.ticket, plainUsed: true, lastError: null, attempts: 0 });
      expect(world.lines.filter((line) => line.startsWith('"a.txt"'))).toContainEqual(expect.stringContaining(`(${code}): it is served from this disk again`));
      await later(DAY);
      expect([await isOnDisk(), ...(await isTakenBack())]).toEqual([false, 'local', 'a.txt']);
      await world.run(uploadJob(world.deps));
      await world.run(cleanupJob(world.deps), { cleanupGraceMs: DAY });
      await later(2 * DAY);
      expect(await isTakenBack()).toEqual(['remote', 'a.txt']);
    });

    test('does not make its row forget the object when the bucket is empty; a run asks for the witness once', async () => {
      await world.shelve('b.txt', 'c.txt');
      await lose();
      for (const name of world.s3.names()) await world.s3.delete(name);
      await later(DAY);
      expect([await isOnDisk(), ...(await isTakenBack()), (await row()).lastError]).toEqual([false, ...keptBeside, 'OBJECT_NOT_FOUND']);
      expect((await row()).placement).toMatchObject({ remote: { object: 'a.txt' } });
      expect(world.requests.filter((request) => request === 'head witness.txt')).toHaveLength(1);
    });

    test('does not make its row forget the object when the witness is not what was stored', async () => {
      await lose();
      await world.bring('witness.txt', 'W');
      await later(DAY);
      expect(await isTakenBack()).toEqual(keptBeside);
    });

    test('is left alone when the bucket has the object at a second look', async () => {
      await lose();
      await world.bring('a.txt', 'a.txt');
      let looks = 0;
      world.fault = (operation, name) => (operation === 'get' && name === 'a.txt' && ++looks === 1 ? Promise.reject(new StorageError('OBJECT_NOT_FOUND', { refused: true })) : undefined);
      await later(DAY);
      expect([looks, await isOnDisk(), ...(await isTakenBack())]).toEqual([2, true, 'remote', 'a.txt']);
    });

    test('is left alone when S3 denies a look at the object', async () => {
      await lose();
      world.fault = (operation, name) => (operation === 'get' && name === 'a.txt' ? Promise.reject(new StorageError('ACCESS_DENIED', { status: 403, refused: true })) : undefined);
      await later(DAY);
      expect([await isOnDisk(), ...(await isTakenBack()), (await row()).lastError]).toEqual([true, ...leftAlone, null]);
    });

    test('is not taken back when it has other bytes than the ledger says', async () => {
      await lose();
      await world.write('a.txt', 'A.txt');
      await later(DAY);
      expect(await isTakenBack()).toEqual(['remote', 'unavailable']);
      // the plugin does not even try
      expect(await row()).toMatchObject({ lastError: 'OBJECT_NOT_FOUND', attempts: 1 });
    });

    test('is left alone while its disk is not mounted, and the folder there gets no id', async () => {
      await lose();
      const id = path.join(world.folder, '.s3-storage/volume');
      await rm(id);
      await later(DAY);
      expect([existsSync(id), ...(await isTakenBack())]).toEqual([false, ...leftAlone]);
    });

    test('is left alone by a read-only instance, but not by one that is leaving', async () => {
      await lose();
      world.state.mode = 'read-only';
      await later(DAY);
      expect(await isTakenBack()).toEqual(leftAlone);
      world.state.leaving = true;
      await later(DAY);
      expect(await isTakenBack()).toEqual(['local', 'a.txt']);
    });

    test.each([
      ['replaced', () => world.put('a.txt', 'new'), 'new'],
      ['deleted', () => world.storage.remove(world.key('a.txt')), 'gone'],
    ])('is not taken back, and leaves no copy, when the file is %s meanwhile', async (_what, write, then) => {
      await lose();
      const put = jest.spyOn(world.deps.disk, 'put').mockImplementation(async (...to) => {
        put.mockRestore();
        await write();
        return world.deps.disk.put(...to);
      });
      await later(DAY);
      expect([await world.read('a.txt'), (await row()).placement.state]).toEqual([then, 'remote']);
      await later(2 * DAY);
      await later(2 * DAY);
      expect(await ownFiles()).toEqual([]);
    });

    test('is taken back once by two processes at the same time', async () => {
      await lose();
      world.state.now += DAY;
      await Promise.all([sweep(world.deps, never), sweep(world.deps, never)]);
      expect(await isTakenBack()).toEqual(['local', 'a.txt']);
      await later(DAY);
      await later(DAY);
      expect(await isTakenBack()).toEqual(['local', 'a.txt']);
      expect(await world.ledger.dueNames({ kind: 'file', volume: world.deps.volume.id }, 10)).toEqual([]);
      expect(await ownFiles()).toHaveLength(1);
    });
  });

  test('stays while S3 fails, and while the instance is off', async () => {
    await condemned(DAY);
    world.fault = (operation) => (operation === 'get' ? Promise.reject(new StorageError('SERVER_ERROR', { status: 500 })) : undefined);
    await later(DAY);
    world.fault = undefined;
    world.state.mode = 'off';
    await later(DAY);
    expect(await isOnDisk()).toBe(true);
  });

  test('is removed without a GET of the object when the file was replaced meanwhile', async () => {
    await condemned(2 * DAY);
    await world.put('a.txt', 'another');
    await later(2 * DAY);
    expect([await isOnDisk(), world.requests.filter((request) => request.startsWith('get'))]).toEqual([false, []]);
  });
});

test('the name of a killed process is not deleted in S3 while a look at the object fails', async () => {
  await killedWhileUploading('a.txt');
  await world.s3.put('a.txt', bodyOf('a.txt'));
  world.fault = (operation) => (operation === 'head' ? Promise.reject(new StorageError('SERVER_ERROR', { status: 500 })) : undefined);
  world.state.now += 2 * DAY;
  await sweep(world.deps, never);
  expect(world.requests).not.toContain('delete a.txt');
});
