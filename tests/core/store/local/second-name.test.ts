import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalObjectStore } from '../../../../server/src/core/store/local/local-object-store';
import { bodyOf } from '../../../support/bodies';

const OWN = '.s3-storage/photo.7.jpg';

let root: string;
let disk: LocalObjectStore;
beforeEach(async () => {
  root = await fs.mkdtemp(join(tmpdir(), 'second-name-'));
  disk = new LocalObjectStore(root);
  await disk.put(OWN, bodyOf('the photo'));
});
afterEach(async () => {
  jest.restoreAllMocks();
  await fs.rm(root, { recursive: true, force: true });
});
const text = (name: string) => fs.readFile(join(root, name), 'utf8');

test.each(['photo.jpg', 'été/año 1/фото.jpg'])('giveName gives a file a second name, and the file stays when the first name goes: %s', async (name) => {
  expect(await disk.giveName(OWN, name)).toBe(true);
  expect([await text(OWN), await text(name)]).toEqual(['the photo', 'the photo']);
  expect((await disk.stat(name)).ino).toBe((await disk.stat(OWN)).ino);
  // one name goes, and the other one stays
  await disk.delete(OWN);
  expect(await text(name)).toBe('the photo');
});

test('giveName makes the plain path and its folder readable for everybody', async () => {
  await disk.giveName(OWN, 'folder/photo.jpg');
  expect((await fs.stat(join(root, 'folder'))).mode & 0o755).toBe(0o755);
  expect((await fs.stat(join(root, 'folder/photo.jpg'))).mode & 0o444).toBe(0o444);
});

test('giveName leaves a file with the same bytes at the path, and counts it as the second name', async () => {
  await fs.writeFile(join(root, 'photo.jpg'), 'the photo');
  const { ino } = await disk.stat('photo.jpg');
  expect(await disk.giveName(OWN, 'photo.jpg')).toBe(true);
  expect((await disk.stat('photo.jpg')).ino).toBe(ino);
  expect(await disk.giveName(OWN, 'photo.jpg')).toBe(true);
});

test.each([
  ['other bytes of the same size', (path: string) => fs.writeFile(path, 'THE PHOTO')],
  ['another size', (path: string) => fs.writeFile(path, 'x')],
  ['a folder', (path: string) => fs.mkdir(path)],
  ['a link to the file itself, which would lead nowhere without it', (path: string) => fs.symlink(join(root, OWN), path)],
  ['a link that leads nowhere', (path: string) => fs.symlink(join(root, 'nothing'), path)],
])('giveName overwrites nothing at the path: %s', async (_, put) => {
  await put(join(root, 'photo.jpg'));
  const before = await fs.lstat(join(root, 'photo.jpg'));
  expect(await disk.giveName(OWN, 'photo.jpg')).toBe(false);
  expect(await fs.lstat(join(root, 'photo.jpg'))).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
});

test('giveName answers false when a file lies where a folder has to be', async () => {
  await fs.writeFile(join(root, 'folder'), 'x');
  expect(await disk.giveName(OWN, 'folder/photo.jpg')).toBe(false);
});

test('giveName makes a copy where there are no hard links, and overwrites nothing either', async () => {
  const refused = Object.assign(new Error('EPERM'), { code: 'EPERM' });
  jest.spyOn(fs, 'link').mockRejectedValue(refused);
  expect(await disk.giveName(OWN, 'photo.jpg')).toBe(true);
  expect(await text('photo.jpg')).toBe('the photo');
  await fs.writeFile(join(root, 'other.jpg'), 'other');
  expect(await disk.giveName(OWN, 'other.jpg')).toBe(false);
  expect(await text('other.jpg')).toBe('other');
});

test('giveName leaves nothing behind when its copy meets a full disk', async () => {
  jest.spyOn(fs, 'link').mockRejectedValue(Object.assign(new Error('EPERM'), { code: 'EPERM' }));
  const handle = Object.getPrototypeOf(await fs.open(join(root, OWN))) as fs.FileHandle;
  jest.spyOn(handle, 'write').mockRejectedValue(Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' }));
  await expect(disk.giveName(OWN, 'photo.jpg')).rejects.toMatchObject({ code: 'DISK_FULL' });
  await expect(text('photo.jpg')).rejects.toMatchObject({ code: 'ENOENT' });
});

test('giveName throws OBJECT_NOT_FOUND for a file that is not there', async () => {
  await expect(disk.giveName('.s3-storage/none.jpg', 'photo.jpg')).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
});
