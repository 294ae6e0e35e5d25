import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { StorageError } from '../../../server/src/core/errors';
import { RequestScope } from '../../../server/src/core/media/request-scope';
import { sweep } from '../../../server/src/core/sweep/sweep';
import { bucketsWith } from '../../support/buckets';
import { bodyOf, failingBody } from '../../support/bodies';
import { mediaWorld, type MediaWorld } from '../../support/media-world';

/** With `onOutage: reject` the plugin refuses a file that S3 does not take, and leaves nothing of it. */
let world: MediaWorld;
beforeEach(async () => {
  world = await mediaWorld();
  world.state.keepsLocally = false;
});
afterEach(() => world.close());

const down = () => Promise.reject(new StorageError('UNREACHABLE', { refused: true }));
const refused = { code: 'UPLOAD_REFUSED', message: expect.stringContaining('set to refuse uploads') };

/** The files on the disk, with those in the plugin's own folder. */
const onDisk = async () =>
  (await readdir(world.folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name !== 'volume')
    .map(({ name }) => name);

test('with onOutage: reject an upload that S3 takes is stored and served, and not refused', async () => {
  await world.put('a.txt', 'one');
  expect(await world.read('a.txt')).toBe('one');
  expect(world.refusals).toEqual([]);
});

test('with onOutage: reject an upload in an outage is refused and reported, and leaves nothing on disk or to read', async () => {
  world.fault = down;
  await expect(world.put('a.txt', 'one')).rejects.toMatchObject(refused);
  expect(await onDisk()).toEqual([]);
  expect(await world.read('a.txt')).toBe('unknown');
  expect([world.refusals, world.fallbacks]).toEqual([['UNREACHABLE'], []]);
});

test('with onOutage: reject a replace that S3 does not take is refused, and the old bytes stay where they are', async () => {
  await world.put('in-s3.txt', 'old');
  await writeFile(path.join(world.folder, 'library.txt'), 'old');
  // this refusal does not open the breaker, so reading goes on
  world.fault = (operation) => (operation === 'put' ? Promise.reject(new StorageError('ACCESS_DENIED', { refused: true })) : undefined);
  for (const name of ['in-s3.txt', 'library.txt']) {
    const scope = new RequestScope('replace');
    const replace = () => world.storage.put(world.key(name), bodyOf('new'), { mime: 'text/plain', scope });
    await expect(world.storage.inScope(scope, replace)).rejects.toMatchObject(refused);
    expect(await world.read(name)).toBe('old');
  }
  expect(await onDisk()).toEqual(['library.txt']);
});

test('with onOutage: reject an image is refused as a whole when S3 takes only some of its files', async () => {
  const scope = new RequestScope('upload');
  const put = (name: string) => world.storage.put(world.key(name), bodyOf(name), { mime: 'image/png', scope });
  const uploading = world.storage.inScope(scope, async () => {
    await put('photo.png');
    world.fault = down;
    await put('thumbnail_photo.png');
  });
  await expect(uploading).rejects.toMatchObject(refused);
  world.fault = undefined;
  expect(await world.read('photo.png')).toBe('gone');
});

test('bytes that S3 stored for a refused upload are swept', async () => {
  world.fault = (operation, name, real) =>
    operation === 'put' ? real.put(name, bodyOf('one')).then(() => Promise.reject(new StorageError('SERVER_ERROR', { status: 500 }))) : undefined;
  await expect(world.put('a.txt', 'one')).rejects.toMatchObject(refused);
  expect(world.s3.names().length).toBeGreaterThan(0);
  world.fault = undefined;
  world.breaker.probeWith(async () => undefined);
  await world.breaker.forceProbe();
  await sweep(world.jobs, new AbortController().signal);
  expect(world.s3.names()).toEqual([]);
});

test('with onOutage: reject a read-write instance without a bucket that it can write to refuses uploads', async () => {
  const unconnected = await mediaWorld();
  unconnected.state.keepsLocally = false;
  await expect(unconnected.storageOf({ ...unconnected.jobs, buckets: bucketsWith(unconnected.jobs.buckets, { writable: undefined }) }).put(unconnected.key('a.txt'), bodyOf('one'), { mime: null })).rejects.toMatchObject(refused);
  await unconnected.close();
});

test.each(['read-only', 'off'] as const)('onOutage: reject has no effect in mode %s: the upload goes to the disk', async (mode) => {
  world.state.mode = mode;
  await world.put('a.txt', 'one');
  expect(await onDisk()).toEqual(['a.txt']);
});

test('an upload whose body cannot be read fails with BODY_FAILED, not with a refusal', async () => {
  await expect(world.storage.put(world.key('a.txt'), failingBody(Buffer.from('one'), 2), { mime: null })).rejects.toMatchObject({ code: 'BODY_FAILED' });
});
