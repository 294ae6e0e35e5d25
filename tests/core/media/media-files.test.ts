import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Links } from '../../../server/src/core/buckets/links';
import { StorageError } from '../../../server/src/core/errors';
import { MediaFiles, type MediaFile } from '../../../server/src/core/media/media-files';
import { WholeFiles } from '../../../server/src/core/media/whole-files';
import { bodyOf, someBytes } from '../../support/bodies';
import { mediaWorld, type MediaWorld } from '../../support/media-world';

let world: MediaWorld;
let files: MediaFiles;

beforeEach(async () => {
  world = await mediaWorld();
  const { reader } = world.storage;
  const { buckets, rows, clock, log } = world.jobs;
  world.bucket.store.presign = async (name, { expiresInSeconds }) => {
    if (expiresInSeconds < 1) throw new StorageError('REJECTED', { operation: 'presign', subject: name });
    return `https://s3.example.com/${name}?expires=${expiresInSeconds}`;
  };
  const links = new Links({ buckets, settings: () => ({ delivery: 'proxy', cdnUrl: null, urlLifetimeMinutes: 60, cdnKeyPairId: null }), clock, log });
  files = new MediaFiles({ reader, rows, links, files: new WholeFiles({ reader, clock }), site: 'https://site.example.com' });
  await world.put('photo_1a2b.jpg', 'the photo');
});
afterEach(() => world.close());

const opened = async (...what: Parameters<MediaFiles['open']>) => {
  const { stream, ...facts } = await files.open(...what);
  return { ...facts, content: await text(stream) };
};

test.each<[string, MediaFile]>([
  ['as Strapi returns it', { hash: 'photo_1a2b', ext: '.jpg' }],
  ['by its address', '/uploads/photo_1a2b.jpg'],
  ['by its address at this site, with a query', 'https://site.example.com/uploads/photo_1a2b.jpg?v=1'],
  ['by its encoded address', '/uploads/photo%5F1a2b.jpg'],
  ['by its key', 'photo_1a2b.jpg'],
  ['by an object with its address', { url: '/uploads/photo_1a2b.jpg' }],
])('a file is opened %s', async (_how, file) => {
  expect(await opened(file)).toEqual({ size: 9, type: 'text/plain', etag: expect.stringMatching(/^[0-9a-f]{32}$/), content: 'the photo' });
});

test('code that changes the bytes it got does not change what visitors get', async () => {
  world.state.memoryCacheMb = 8;
  await world.read('photo_1a2b.jpg');
  for await (const chunk of (await files.open('photo_1a2b.jpg')).stream) (chunk as Buffer).fill(0);
  expect(await world.read('photo_1a2b.jpg')).toBe('the photo');
});

test('a part of a file is opened, also beyond its end', async () => {
  expect((await opened('photo_1a2b.jpg', { start: 4 })).content).toBe('photo');
  expect((await opened('photo_1a2b.jpg', { start: 0, end: 2 })).content).toBe('the');
  expect((await opened('photo_1a2b.jpg', { start: 4, end: 100 })).content).toBe('photo');
  for (const range of [{ start: 9 }, { start: -1 }, { start: 5, end: 4 }, { start: 0.5 }]) {
    await expect(files.open('photo_1a2b.jpg', range)).rejects.toThrow(RangeError);
  }
  await world.put('empty.txt', '');
  expect((await opened('empty.txt')).content).toBe('');
});

test('a file that does not exist, or was deleted, is FILE_NOT_FOUND, and what is no file is INVALID_KEY', async () => {
  await world.storage.remove(world.key('photo_1a2b.jpg'));
  for (const file of ['nothing.jpg', 'photo_1a2b.jpg']) {
    for (const use of [() => files.open(file), () => files.url(file), () => files.withLocalFile(file, () => 1)]) {
      await expect(use()).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    }
  }
  for (const file of ['', '../etc/passwd', '/uploads/%', '/uploads/.s3-storage/x', '/uploads/%2e%2e/%2e%2e/etc/passwd', { hash: '../x' }]) {
    await expect(files.open(file)).rejects.toMatchObject({ code: 'INVALID_KEY' });
  }
});

test('bytes that cannot be reached now are UNAVAILABLE', async () => {
  world.fault = () => Promise.reject(new StorageError('UNREACHABLE', { refused: true }));
  for (const use of [() => files.open('photo_1a2b.jpg'), () => files.withLocalFile('photo_1a2b.jpg', () => 1)]) {
    await expect(use()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  }
});

test('the URL of a file in S3 is signed for the wanted time, and that of a file on the disk is its address', async () => {
  expect(await files.url('photo_1a2b.jpg')).toBe('https://s3.example.com/photo_1a2b.jpg?expires=3600');
  expect(await files.url('photo_1a2b.jpg', { expiresIn: 60 })).toBe('https://s3.example.com/photo_1a2b.jpg?expires=60');
  await expect(files.url('photo_1a2b.jpg', { expiresIn: 0 })).rejects.toMatchObject({ code: 'REJECTED' });
  await writeFile(path.join(world.folder, 'on disk.txt'), 'old');
  expect(await files.url('on disk.txt')).toBe('https://site.example.com/uploads/on%20disk.txt');
});

test('a local copy has the extension and all bytes, and is removed afterwards, whatever happens', async () => {
  const large = someBytes(9 * 1024 * 1024);
  await world.storage.put(world.key('film.mp4'), bodyOf(large), { mime: 'video/mp4' });
  const copies: string[] = [];
  const isSame = await files.withLocalFile('film.mp4', async (copy) => {
    copies.push(copy);
    return (await readFile(copy)).equals(large) && path.extname(copy) === '.mp4';
  });
  expect(isSame).toBe(true);
  const failed = files.withLocalFile('photo_1a2b.jpg', (copy) => {
    copies.push(copy);
    throw new Error('the program failed');
  });
  await expect(failed).rejects.toThrow('the program failed');
  expect(copies.map((copy) => existsSync(copy) || existsSync(path.dirname(copy)))).toEqual([false, false]);
});

test('a function never sees a copy that is damaged or not whole', async () => {
  const { facts } = await world.s3.get('photo_1a2b.jpg');
  world.fault = (operation) => (operation === 'get' ? Promise.resolve({ facts, body: Readable.from([Buffer.from('THE PHOTO')]) }) : undefined);
  const use = jest.fn();
  await expect(files.withLocalFile('photo_1a2b.jpg', use)).rejects.toMatchObject({ code: 'INTEGRITY' });
  expect(use).not.toHaveBeenCalled();
});
