import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diskError } from '../../../../server/src/core/store/local/disk-errors';
import { LocalObjectStore } from '../../../../server/src/core/store/local/local-object-store';
import { openVolume } from '../../../../server/src/core/store/local/volume';
import { bodyOf, bytesOf, failingBody, someBytes } from '../../../support/bodies';

let root: string;
let store: LocalObjectStore;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 's3-storage-local-'));
  store = new LocalObjectStore(root);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const left = () => readdir(join(root, '.s3-storage', 'tmp'));

test('put refuses to overwrite a file that somebody else wrote, and leaves no temporary file', async () => {
  await writeFile(join(root, 'old.txt'), 'of Strapi');
  await expect(store.put('old.txt', bodyOf('new'))).rejects.toMatchObject({ code: 'NAME_TAKEN', refused: true });
  expect(await readFile(join(root, 'old.txt'), 'utf8')).toBe('of Strapi');
  expect(await left()).toEqual([]);
});

test('exactly one of ten puts under one name succeeds', async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 10 }, (_, at) => store.put('same.txt', bodyOf(`writer ${at}`))));
  const winners = outcomes.flatMap((outcome, at) => (outcome.status === 'fulfilled' ? [at] : []));
  expect(winners).toHaveLength(1);
  expect(await readFile(join(root, 'same.txt'), 'utf8')).toBe(`writer ${winners[0]}`);
  for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'NAME_TAKEN' });
});

test('put answers NAME_TAKEN for a name that is a folder or lies below a file', async () => {
  await store.put('a/b', bodyOf('x'));
  await expect(store.put('a', bodyOf('x'))).rejects.toMatchObject({ code: 'NAME_TAKEN' });
  await expect(store.put('a/b/c', bodyOf('x'))).rejects.toMatchObject({ code: 'NAME_TAKEN' });
});

test('a put that fails leaves no temporary file, and only the owner may enter the plugin’s folder', async () => {
  await store.put('first', bodyOf('x'));
  await expect(store.put('second', failingBody(someBytes(100_000), 50_000))).rejects.toMatchObject({ code: 'BODY_FAILED' });
  expect(await left()).toEqual([]);
  expect((await stat(join(root, '.s3-storage'))).mode & 0o777).toBe(0o700);
});

test('put tells no MD5, and stat tells the size, the inode and the time of a file', async () => {
  expect(await store.put('x', bodyOf('abc'))).toEqual({ size: 3, etag: null, md5: null });
  const { ino, mtimeMs } = await stat(join(root, 'x'));
  expect(await store.stat('x')).toMatchObject({ size: 3, ino, mtimeMs });
  expect([await store.exists('x'), await store.exists('y')]).toEqual([true, false]);
  await expect(store.stat('y')).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
});

test('`bytes` reads a whole file at once, but only if it has the expected size', async () => {
  const bytes = someBytes(100_000);
  await writeFile(join(root, 'small.bin'), bytes);
  expect((await store.bytes('small.bin', bytes.length))?.equals(bytes)).toBe(true);
  expect(await store.bytes('small.bin', 99_999)).toBeUndefined();
  expect(await store.bytes('small.bin', 100_001)).toBeUndefined();
  await writeFile(join(root, 'empty'), '');
  expect(await store.bytes('empty', 0)).toHaveLength(0);
  await mkdir(join(root, 'folder'));
  const { size } = await stat(join(root, 'folder'));
  for (const name of ['gone', 'folder', 'empty/below']) await expect(store.bytes(name, size)).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
});

test('a name that the file system cannot hold is NAME_UNFIT for a put and OBJECT_NOT_FOUND for a read', async () => {
  await expect(store.put('x'.repeat(300), bodyOf('x'))).rejects.toMatchObject({ code: 'NAME_UNFIT', refused: true });
  // anybody can ask for such a name with an /uploads address
  await expect(store.stat('x'.repeat(300))).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
  await expect(store.get('x'.repeat(300))).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
});

test('a file that is removed while it is read is read to its end', async () => {
  const bytes = someBytes(3_000_000);
  await store.put('gone', bodyOf(bytes));
  const { body } = await store.get('gone');
  await store.delete('gone');
  expect((await bytesOf(body)).equals(bytes)).toBe(true);
});

test('put answers DISK_ERROR, not NAME_TAKEN, when the folder cannot be used', async () => {
  await writeFile(join(root, '.s3-storage'), 'a file where the folder belongs');
  await expect(store.put('x', bodyOf('x'))).rejects.toMatchObject({ code: 'DISK_ERROR', refused: true });
  await expect(new LocalObjectStore('/dev/null/x').put('x', bodyOf('x'))).rejects.toMatchObject({ code: 'DISK_ERROR' });
});

test.each([
  ['ENOSPC', 'DISK_FULL'],
  ['EDQUOT', 'DISK_FULL'],
  ['EROFS', 'DISK_ERROR'],
  ['EIO', 'DISK_ERROR'],
])('the system error %s becomes %s', (errno, code) => {
  const error = diskError(Object.assign(new Error('x'), { code: errno }), { operation: 'put', subject: 'x' });
  expect(error).toMatchObject({ code, refused: true, detail: errno });
});

test.each(['../x', 'a/../../x', '/etc/passwd', '..', '.'])('pathFor refuses the name %s, because it does not lead below the folder', (name) => {
  expect(() => store.pathFor(name)).toThrow(expect.objectContaining({ code: 'INVALID_KEY' }));
});

describe('the volume', () => {
  test('keeps its id when it is opened again', async () => {
    const { id } = await openVolume(root);
    expect((await openVolume(root)).id).toBe(id);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
  });
  test('gets one id from twenty processes that start together', async () => {
    const volumes = await Promise.all(Array.from({ length: 20 }, () => openVolume(root)));
    expect(new Set(volumes.map(({ id }) => id)).size).toBe(1);
    expect(await readdir(join(root, '.s3-storage'))).toEqual(['volume']);
  });
  test('has another id than another folder', async () => {
    const other = await mkdtemp(join(tmpdir(), 's3-storage-local-'));
    expect((await openVolume(root)).id).not.toBe((await openVolume(other)).id);
    await rm(other, { recursive: true });
  });
  test('keeps its id when the folder is emptied while the process runs, as strapi import does', async () => {
    const volume = await openVolume(root);
    const { id } = volume;
    await rm(root, { recursive: true });
    await mkdir(root);
    expect(await volume.refresh()).toBe(id);
    expect((await openVolume(root)).id).toBe(id);
  });
  test('takes over the id that another process wrote meanwhile', async () => {
    const volume = await openVolume(root);
    await rm(join(root, '.s3-storage'), { recursive: true });
    const other = await openVolume(root);
    expect(await volume.refresh()).toBe(other.id);
    expect(volume.id).toBe(other.id);
  });
});
