import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { StorageError } from '../../../server/src/core/errors';
import { LocalObjectStore } from '../../../server/src/core/store/local/local-object-store';
import { openVolume } from '../../../server/src/core/store/local/volume';
import { RequestScope } from '../../../server/src/core/media/request-scope';
import { streamOf } from '../../../server/src/core/media/serving';
import { bodyOf } from '../../support/bodies';
import { mediaWorld, type MediaWorld } from '../../support/media-world';
import { makeUnwritable } from '../../support/unwritable';

let world: MediaWorld;
let undo: (() => Promise<void>) | undefined;
beforeEach(async () => {
  world = await mediaWorld();
});
afterEach(async () => {
  await undo?.();
  undo = undefined;
  await world.close();
});

const away = () => Promise.reject(new StorageError('UNREACHABLE', { refused: true }));

/** A process that starts while the folder is as it is now. */
async function restarted() {
  const parts = { ...world.jobs, disk: new LocalObjectStore(world.folder), volume: await openVolume(world.folder) };
  const storage = world.storageOf(parts);
  const read = async (name: string): Promise<string> => {
    const opened = await storage.reader.open(world.key(name), () => ({ bytes: 'all' }));
    if (opened.kind !== 'file' || !opened.body) return opened.kind;
    const chunks: Buffer[] = [];
    for await (const chunk of streamOf(opened.body)) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  };
  return { parts, storage, read, put: (name: string, text: string, scope?: RequestScope) => storage.put(world.key(name), bodyOf(text), { mime: null, scope }) };
}

describe('a new uploads folder that cannot be written', () => {
  beforeEach(async () => {
    await rm(path.join(world.folder, '.s3-storage'), { recursive: true });
    await writeFile(path.join(world.folder, 'old.txt'), 'the old one');
    undo = await makeUnwritable(world.folder);
  });

  test('serves its files, while uploads, replaces and deletes go on with S3', async () => {
    const { put, read, storage } = await restarted();
    expect(await read('old.txt')).toBe('the old one');
    await put('new.txt', 'new');
    expect([await world.object('new.txt'), await read('new.txt')]).toEqual(['new', 'new']);
    const replace = new RequestScope('replace');
    await storage.inScope(replace, () => put('old.txt', 'replaced', replace));
    expect(await read('old.txt')).toBe('replaced');
    await storage.remove(world.key('old.txt'));
    expect(await read('old.txt')).toBe('gone');
  });

  test('takes no fallback: without S3 an upload fails with DISK_ERROR, and the ledger records no file on the disk', async () => {
    const { put, parts } = await restarted();
    world.fault = away;
    await expect(put('new.txt', 'new')).rejects.toMatchObject({ code: 'DISK_ERROR' });
    world.fault = undefined;
    const scope = new RequestScope('replace');
    world.fault = away;
    await expect(put('old.txt', 'replaced', scope)).rejects.toMatchObject({ code: 'DISK_ERROR' });
    expect((await world.ledger.tallies()).onlyOn).toEqual([]);
    expect(parts.volume.established).toBe(false);
  });

  test('takes fallbacks without a restart as soon as it can be written', async () => {
    const { put, read, parts } = await restarted();
    await undo?.();
    undo = undefined;
    world.fault = away;
    await put('late.txt', 'late');
    expect(await read('late.txt')).toBe('late');
    expect(parts.volume).toMatchObject({ established: true });
  });
});

test('a fallback file in a folder that became read-only is served after a restart', async () => {
  world.fault = away;
  await world.put('a.txt', 'kept');
  undo = await makeUnwritable(world.folder);
  const { read } = await restarted();
  expect(await read('a.txt')).toBe('kept');
});

// the container’s user has changed, so that this process can read the files and not the plugin’s own folder
test('a file at its plain path is served although the volume’s id cannot be read, but only with the recorded bytes', async () => {
  world.fault = away;
  await world.put('a.txt', 'kept');
  await world.put('b.txt', 'kept');
  await rename(path.join(world.folder, '.s3-storage'), path.join(world.folder, '.hidden'));
  await writeFile(path.join(world.folder, '.s3-storage'), 'in the way');
  const { read, parts } = await restarted();
  expect(parts.volume.established).toBe(false);
  expect(await read('a.txt')).toBe('kept');
  await writeFile(path.join(world.folder, 'b.txt'), 'KEPT');
  expect(await read('b.txt')).toBe('unavailable');
});

test('files in S3 are read and written although the uploads folder cannot be read at all', async () => {
  await world.put('a.txt', 'in S3');
  const folder = `${world.folder}-away`;
  await rename(world.folder, folder);
  await writeFile(world.folder, 'no folder');
  const { put, read } = await restarted();
  expect(await read('a.txt')).toBe('in S3');
  await put('b.txt', 'new');
  expect(await read('b.txt')).toBe('new');
  await rm(world.folder);
  await rename(folder, world.folder);
});

describe('a long name', () => {
  // most file systems take 255 bytes
  const names = [`${'n'.repeat(300)}.jpg`, `${'é'.repeat(150)}.jpg`, `${'x'.repeat(252)}.png`, `a.${'e'.repeat(260)}`, `${'d'.repeat(300)}/a.jpg`];

  test.each(names)('is the plain name in S3, and a fallback under it gets a short own name on the disk: %s', async (name) => {
    await world.put(name, 'in S3');
    expect(await world.object(name)).toBe('in S3');
    world.fault = away;
    await world.storage.remove(world.key(name));
    const other = name.replace(/^./u, 'z');
    const scope = new RequestScope('upload');
    await world.storage.inScope(scope, () => world.storage.put(world.key(other), bodyOf('on disk'), { mime: null, scope }));
    expect(await world.read(other)).toBe('on disk');
    // the name on disk is short, and has only characters that every file system takes
    const row = await world.ledger.find(world.key(other));
    const { localName } = (row?.placement as { local: { localName: string } }).local;
    expect(localName).toMatch(/^\.s3-storage\/[\w-]{1,50}\.\d+(\.[A-Za-z0-9]{1,16})?$/);
    expect(await readFile(path.join(world.folder, localName), 'utf8')).toBe('on disk');
  });

  test('gets its plain path as a fallback when it has 255 bytes, which just fit', async () => {
    world.fault = away;
    const name = `${'x'.repeat(251)}.png`;
    const scope = new RequestScope('upload');
    await world.storage.inScope(scope, () => world.storage.put(world.key(name), bodyOf('on disk'), { mime: null, scope }));
    expect(await readFile(path.join(world.folder, name), 'utf8')).toBe('on disk');
  });
});
