import fs from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';

import { StorageError } from '../../../../server/src/core/errors';
import type { VolumeId } from '../../../../server/src/core/keys';
import type { EngineParts } from '../../../../server/src/core/media/deps';
import { LocalObjectStore } from '../../../../server/src/core/store/local/local-object-store';
import { sweepFiles } from '../../../../server/src/core/sweep/sweep';
import { catchUp } from '../../../../server/src/core/upkeep/catch-up';
import { awayWorld, MINUTE, type AwayWorld } from '../../../support/away-world';
import { bodyOf, bytesOf } from '../../../support/bodies';

const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let world: AwayWorld;
beforeEach(async () => {
  world = await awayWorld();
});
afterEach(() => world.close());

/** The plugin has run, and has been away for an hour. */
async function leftFor(ms = HOUR): Promise<void> {
  await world.runOnce();
  world.pass(ms);
}

/** The next start looks at everything. @returns what visitors get of a file, before and after */
async function comesBack(parts: Partial<EngineParts> = {}) {
  const { absence, read, storage } = await world.start(parts);
  await absence.lookAtHeld(world.signal);
  await absence.look(world.signal);
  return { absence, read, storage };
}

describe('a file that plain Strapi replaced', () => {
  test('is served before any other work is done, and goes to S3 again; the former object goes like any replaced one', async () => {
    await world.upload('a.txt', 'old');
    await leftFor();
    await world.plainWrite('a.txt', 'new');
    const { absence, read } = await world.start();
    expect(await read('a.txt')).toBe('new');
    await absence.lookAtHeld(world.signal);
    expect(await world.row('a.txt')).toMatchObject({ origin: 'fallback', placement: { state: 'local', local: { localName: 'a.txt' } } });
    await catchUp(world.jobs, 1, world.signal);
    const row = await world.row('a.txt');
    expect(row.placement.state).toBe('both');
    expect(await read('a.txt')).toBe('new');
    expect(await world.object('a.txt')).toBe('old');
    expect(await world.condemnedObjects()).toEqual([]);
    world.pass(DAY);
    expect(await world.condemnedObjects()).toEqual(['a.txt']);
  });

  test('is found by its time, where the library tells no size or the same one', async () => {
    await world.put('a.txt', 'old');
    world.list('a.txt');
    await world.upload('b.txt', 'old');
    await leftFor();
    await world.plainWrite('a.txt', 'new', null);
    await world.plainWrite('b.txt', 'neu', { kilobytes: 0 });
    const { read } = await comesBack();
    expect([await read('a.txt'), await read('b.txt')]).toEqual(['new', 'neu']);
  });

  test('takes the place of a file that never was in S3, at its plain path or under an own name', async () => {
    world.fault = async () => Promise.reject(new StorageError('UNREACHABLE', { refused: true }));
    const { storage } = await world.start();
    world.state.inTransaction = true;
    await storage.put(world.key('own.txt'), bodyOf('old'), { mime: null });
    world.state.inTransaction = false;
    await storage.put(world.key('plain.txt'), bodyOf('old'), { mime: null });
    for (const name of ['own.txt', 'plain.txt']) world.list(name, { bytes: 3 });
    await leftFor();
    for (const name of ['own.txt', 'plain.txt']) await world.plainWrite(name, 'newer');
    const { read } = await comesBack();
    expect([await read('own.txt'), await read('plain.txt')]).toEqual(['newer', 'newer']);
    expect([(await world.row('own.txt')).origin, (await world.row('plain.txt')).origin]).toEqual(['fallback', 'fallback']);
  });

  test('may have the bytes of a version before the last one, whose file waits for the sweeper', async () => {
    await world.write('a.txt', 'one');
    world.list('a.txt', { bytes: 3 });
    world.pass(MINUTE);
    await world.upload('a.txt', 'two');
    expect((await world.ledger.condemnedFiles(world.jobs.volume.id, [world.key('a.txt')])).size).toBe(1);
    await leftFor();
    await world.plainWrite('a.txt', 'one');
    const { read } = await comesBack();
    expect(await read('a.txt')).toBe('one');
    world.pass(2 * DAY);
    await sweepFiles(world.jobs, world.signal);
    expect(await read('a.txt')).toBe('one');
  });

  test('is found although the clock of the database is days behind', async () => {
    await world.upload('a.txt', 'old');
    await leftFor();
    await world.plainWrite('a.txt', 'new');
    const behind = { ...world.clock, now: () => world.clock.now() + 5 * DAY };
    await fs.utimes(path.join(world.folder, 'a.txt'), behind.now() / 1000, behind.now() / 1000);
    world.list('a.txt', { bytes: 3 }, { changedAt: behind.now() });
    const { read } = await comesBack({ clock: { ...behind, sleep: () => new Promise(() => undefined) } });
    expect(await read('a.txt')).toBe('new');
  });

  test('is found after an import, which gives its files the times of another project and new ids', async () => {
    await world.upload('a.txt', 'old');
    await leftFor();
    await world.write('a.txt', 'imported');
    world.list('a.txt', { bytes: 8 }, { changedAt: world.clock.now() - 300 * DAY, id: 70 });
    const { read } = await comesBack();
    expect(await read('a.txt')).toBe('imported');
  });

  test('comes back if the plugin had deleted it before', async () => {
    await world.upload('buried.txt', 'old');
    await world.upload('gone.txt', 'old');
    for (const name of ['buried.txt', 'gone.txt']) await world.storage.remove(world.key(name));
    await world.ledger.purge(await world.row('gone.txt'), { referenced: false, condemnObjects: true });
    for (const name of ['buried.txt', 'gone.txt']) world.unlist(name);
    await leftFor();
    for (const name of ['buried.txt', 'gone.txt']) await world.plainWrite(name, 'again');
    const { read } = await comesBack();
    expect([await read('buried.txt'), await read('gone.txt')]).toEqual(['again', 'again']);
  });

  test('on a copy of production is never sent, and production’s object is forgotten', async () => {
    await world.upload('a.txt', 'old');
    await leftFor();
    await world.plainWrite('a.txt', 'new');
    world.state.mode = 'read-only';
    const { read } = await comesBack();
    expect(await read('a.txt')).toBe('new');
    expect((await world.row('a.txt')).origin).toBe('read-only');
    world.state.mode = 'read-write';
    world.pass(2 * DAY);
    expect(await world.condemnedObjects()).toEqual([]);
  });
});

describe('an older file never wins', () => {
  test('a fallback that S3’s bytes have replaced minutes before an ordinary restart', async () => {
    world.fault = (operation) => (operation === 'put' ? Promise.reject(new StorageError('FILE_REFUSED', { refused: true })) : undefined);
    await world.upload('a.txt', 'one');
    world.fault = undefined;
    world.pass(MINUTE);
    await world.upload('a.txt', 'two');
    expect((await world.row('a.txt')).placement.state).toBe('remote');
    expect(await fs.readFile(path.join(world.folder, 'a.txt'), 'utf8')).toBe('one');
    world.list('a.txt', null);
    await leftFor(10_000);
    const { read } = await comesBack();
    expect(await read('a.txt')).toBe('two');
  });

  test('the library’s file that was replaced in S3, whether it was ever read or not', async () => {
    await world.write('a.txt', 'one');
    world.list('a.txt', null);
    world.pass(1_000);
    await world.upload('a.txt', 'two');
    world.list('a.txt', null);
    await leftFor(10_000);
    world.list('a.txt', null);
    const { read } = await comesBack();
    expect(await read('a.txt')).toBe('two');
  });

  test('a file of before the absence, though somebody has edited its description meanwhile', async () => {
    await world.upload('a.txt', 'new');
    world.pass(HOUR);
    await world.write('a.txt', 'old');
    world.pass(HOUR);
    await leftFor();
    world.list('a.txt', null);
    const { read } = await comesBack();
    expect(await read('a.txt')).toBe('new');
  });

  test('a file in a folder that was copied meanwhile: it is younger than the library’s change, or has another size than the library says', async () => {
    await world.upload('a.txt', 'newest');
    await world.upload('b.txt', 'newest');
    await leftFor();
    for (const name of ['a.txt', 'b.txt']) world.list(name, name === 'a.txt' ? null : { bytes: 6 });
    world.pass(HOUR);
    await world.write('a.txt', 'old');
    await world.write('b.txt', 'old', world.clock.now() - HOUR);
    const { read } = await comesBack();
    expect([await read('a.txt'), await read('b.txt')]).toEqual(['newest', 'newest']);
  });

  test('a file of this disk that another server has replaced later', async () => {
    await world.upload('a.txt', 'one');
    await leftFor();
    await world.write('a.txt', 'two');
    world.pass(MINUTE);
    await world.put('a.txt', 'three');
    world.list('a.txt', null);
    const { read } = await comesBack();
    expect(await read('a.txt')).toBe('three');
  });

  test('a replacement or a deletion that begins before the look is later than the file', async () => {
    for (const name of ['put.txt', 'deleted.txt']) await world.upload(name, 'one');
    await leftFor();
    for (const name of ['put.txt', 'deleted.txt']) await world.plainWrite(name, 'two');
    const { absence, read } = await world.start();
    world.pass(1_000);
    // these go past the gate, as in a transaction of Strapi's
    await world.put('put.txt', 'three');
    await world.storage.remove(world.key('deleted.txt'));
    world.unlist('deleted.txt');
    await absence.lookAtHeld(world.signal);
    expect([await read('put.txt'), await read('deleted.txt')]).toEqual(['three', 'gone']);
  });

  test('a replacement through the plugin condemns the file that it replaces', async () => {
    await world.upload('a.txt', 'one');
    await leftFor();
    await world.plainWrite('a.txt', 'two');
    const { storage, read } = await world.start();
    await storage.put(world.key('a.txt'), bodyOf('three'), { mime: null });
    expect(await read('a.txt')).toBe('three');
    world.pass(2 * DAY);
    expect((await world.ledger.dueNames({ kind: 'file', volume: world.jobs.volume.id }, 9)).map(({ name }) => name)).toEqual(['a.txt']);
  });

  test('the same bytes change nothing', async () => {
    await world.upload('a.txt', 'same');
    await leftFor();
    const row = await world.row('a.txt');
    await world.plainWrite('a.txt', 'same', null);
    await comesBack();
    expect(await world.row('a.txt')).toEqual(row);
  });
});

describe('while the disk does not tell', () => {
  const broken = (only: string) => {
    const { disk } = world.jobs;
    let isBroken = true;
    const stat = async (name: string) => {
      if (isBroken && name === only) throw new StorageError('DISK_ERROR', { operation: 'head', subject: name });
      return disk.stat(name);
    };
    const mended = new Proxy(disk, { get: (target, property: keyof typeof disk) => (property === 'stat' ? stat : (target[property] as () => unknown).bind(target)) });
    return { disk: mended, mend: () => (isBroken = false) };
  };

  test('a file that changed meanwhile is unavailable, and no other one is', async () => {
    await world.upload('a.txt', 'old');
    await world.upload('edited.txt', 'edited');
    await world.upload('untouched.txt', 'untouched');
    await leftFor();
    await world.plainWrite('a.txt', 'new');
    world.list('edited.txt', { bytes: 6 });
    const { disk, mend } = broken('a.txt');
    const { absence, read } = await comesBack({ disk });
    expect([await read('a.txt'), await read('edited.txt'), await read('untouched.txt')]).toEqual(['unavailable', 'edited', 'untouched']);
    mend();
    expect(await read('a.txt')).toBe('new');
    await absence.stop();
  });

  test('the next start looks again, if this one has not come to its end', async () => {
    await world.upload('a.txt', 'old');
    await leftFor();
    await world.plainWrite('a.txt', 'new');
    const { absence } = await comesBack({ disk: broken('a.txt').disk });
    await absence.stop();
    world.pass(DAY);
    const { read } = await comesBack();
    expect(await read('a.txt')).toBe('new');
  });

  test('nor does the ledger: no old bytes are served', async () => {
    await world.upload('a.txt', 'old');
    await leftFor();
    await world.plainWrite('a.txt', 'new');
    const ledger = new Proxy(world.ledger, {
      get: (target, property: keyof typeof world.ledger) => (property === 'agedRows' ? () => Promise.reject(new Error('no answer')) : (target[property] as () => unknown).bind(target)),
    });
    const { absence, read } = await world.start({ ledger });
    expect(await read('a.txt')).toBe('unavailable');
    await absence.lookAtHeld(world.signal);
    expect(await read('a.txt')).toBe('unavailable');
    expect(world.lines.join('\n')).toMatch(/1 file\(s\) that may have changed while the plugin was away could not be looked at/);
  });
});

describe('what was uploaded and deleted meanwhile', () => {
  test('a new file and a new logo are known from then on like the library’s other files', async () => {
    await world.upload('a.txt', 'a');
    await leftFor();
    await world.plainWrite('new.txt', 'new');
    await world.write('logo.svg', '<svg/>');
    world.logos.push('logo.svg');
    const { read } = await comesBack();
    for (const name of ['new.txt', 'logo.svg']) expect(await world.row(name)).toMatchObject({ origin: 'library', placement: { state: 'local', content: { md5: null } } });
    expect(await read('new.txt')).toBe('new');
  });

  test('a file of the library that the ledger has never known is left to the inventory', async () => {
    await world.upload('a.txt', 'a');
    await world.write('older.txt', 'older');
    world.list('older.txt');
    await leftFor();
    world.list('older.txt');
    await comesBack();
    expect(await world.ledger.find(world.key('older.txt'))).toBeUndefined();
  });

  test('a deleted file is buried for a week, and no byte goes before', async () => {
    await world.upload('a.txt', 'a');
    await world.upload('b.txt', 'b');
    await leftFor();
    world.unlist('a.txt');
    const { read } = await comesBack();
    expect([await read('a.txt'), await read('b.txt')]).toEqual(['gone', 'b']);
    expect((await world.row('a.txt')).placement.state).toBe('remote');
    world.pass(7 * DAY - HOUR);
    expect(await world.ledger.duePurges(10)).toEqual([]);
    world.pass(2 * HOUR);
    expect((await world.ledger.duePurges(10)).map(({ key }) => key)).toEqual(['a.txt']);
  });

  test('a format that a replacement has dropped is buried, although the library has as many files as before', async () => {
    await world.upload('a.txt', 'a');
    await world.put('thumbnail_a.txt', 'old thumbnail');
    world.listed.add(world.key('thumbnail_a.txt'));
    await leftFor();
    world.listed.delete(world.key('thumbnail_a.txt'));
    await world.plainWrite('a.txt', 'another');
    const { read } = await comesBack();
    expect([await read('a.txt'), await read('thumbnail_a.txt')]).toEqual(['another', 'gone']);
  });

  test('an upload of this process, whose request has not ended, is not taken for deleted', async () => {
    await world.upload('a.txt', 'a');
    await world.upload('b.txt', 'b');
    await leftFor();
    world.unlist('a.txt');
    const { absence, storage } = await world.start();
    world.pass(1_000);
    await storage.put(world.key('unlisted-yet.txt'), bodyOf('x'), { mime: null });
    world.pass(500);
    await absence.look(world.signal);
    expect((await world.row('unlisted-yet.txt')).tombstone).toBeNull();
    expect((await world.row('a.txt')).tombstone).not.toBeNull();
  });

  test('an empty library deletes nothing, and the log says so', async () => {
    await world.upload('a.txt', 'a');
    await leftFor();
    world.unlist('a.txt');
    await comesBack();
    expect((await world.row('a.txt')).tombstone).toBeNull();
    expect(world.lines.join('\n')).toMatch(/lists no file at all/);
  });

  test('burying that was not finished is due again after the next start', async () => {
    await world.upload('a.txt', 'a');
    await world.upload('b.txt', 'b');
    await leftFor();
    world.unlist('a.txt');
    const over = new AbortController();
    over.abort();
    const { absence } = await world.start();
    await absence.look(over.signal);
    await absence.stop();
    expect((await world.row('a.txt')).tombstone).toBeNull();
    world.pass(HOUR);
    await comesBack();
    expect((await world.row('a.txt')).tombstone).not.toBeNull();
  });

  test('after an ordinary restart nothing is walked through', async () => {
    await world.upload('a.txt', 'a');
    await world.upload('b.txt', 'b');
    const { absence } = await world.start();
    await absence.look(world.signal);
    world.unlist('b.txt');
    await world.storage.remove(world.key('b.txt'));
    await absence.stop();
    const page = jest.spyOn(world.ledger, 'page');
    await comesBack();
    expect(page).not.toHaveBeenCalled();
  });
});

describe('another disk', () => {
  test('a file whose new bytes are nowhere here is named in the log; an edited one is not', async () => {
    await world.upload('a.txt', 'old');
    await world.upload('edited.txt', 'edited');
    await leftFor();
    world.list('a.txt', { bytes: 500 });
    world.list('edited.txt', { bytes: 6 });
    const { read } = await comesBack();
    expect(await read('edited.txt')).toBe('edited');
    const [warning, ...others] = world.lines.filter((line) => line.includes('does not have their new bytes'));
    expect(warning).toMatch(/^1 file\(s\).*: a\.txt\. /);
    expect(others).toEqual([]);
  });

  test('the server that has the file takes it up, however late it starts, although the others have looked long ago', async () => {
    await world.upload('a.txt', 'old');
    await leftFor();
    await world.plainWrite('a.txt', 'new');
    const folder = await fs.mkdtemp(path.join(world.folder, 'other-'));
    const other = { disk: new LocalObjectStore(folder), volume: { ...world.jobs.volume, established: true, id: 'other' as VolumeId } };
    expect(await (await comesBack(other)).read('a.txt')).toBe('old');
    world.pass(2 * DAY);
    const { read } = await comesBack();
    expect(await read('a.txt')).toBe('new');
  });

  test('a process that runs without the plugin beside this one is noticed by a later look', async () => {
    await world.upload('a.txt', 'old');
    const { absence, read } = await comesBack();
    world.pass(MINUTE);
    await world.plainWrite('a.txt', 'new');
    world.pass(5 * MINUTE);
    await absence.look(world.signal);
    expect(await read('a.txt')).toBe('new');
  });

  test('a file that changes while it is read is read again', async () => {
    await world.upload('a.txt', 'old');
    await leftFor();
    await world.plainWrite('a.txt', 'new');
    const { disk } = world.jobs;
    let reads = 0;
    const get: typeof disk.get = async (name, options) => {
      const opened = await disk.get(name, options);
      if (reads++ > 0) return opened;
      // all bytes are read, and then the file changes
      const bytes = await bytesOf(opened.body);
      await world.plainWrite('a.txt', 'newest', null);
      return { ...opened, body: Readable.from([bytes]) };
    };
    const restless = new Proxy(disk, { get: (target, property: keyof typeof disk) => (property === 'get' ? get : (target[property] as () => unknown).bind(target)) });
    const { absence, read } = await world.start({ disk: restless });
    await absence.lookAtHeld(world.signal);
    expect(await world.row('a.txt')).toMatchObject({ placement: { content: { size: 6 } } });
    expect(await read('a.txt')).toBe('newest');
  });
});
