import { StorageError } from '../../../server/src/core/errors';
import { RequestScope } from '../../../server/src/core/media/request-scope';
import { purge } from '../../../server/src/core/sweep/purge';
import { mediaWorld, type MediaWorld } from '../../support/media-world';

let world: MediaWorld;
beforeEach(async () => {
  world = await mediaWorld();
});
afterEach(() => world.close());

const kindOf = async (name: string) => (await world.storage.reader.open(world.key(name), () => ({ bytes: 'all' }))).kind;

test('a file whose object production has removed is gone for its copy, and unavailable for its owner', async () => {
  await world.put('photo.png', 'bytes');
  world.listed.add(world.key('photo.png'));
  for (const name of world.s3.names()) await world.s3.delete(name);
  expect(await kindOf('photo.png')).toBe('unavailable');
  world.state.mode = 'read-only';
  expect(await kindOf('photo.png')).toBe('vanished');
});

test('a file is unavailable for a copy to which S3 does not say that it is gone', async () => {
  await world.put('photo.png', 'bytes');
  world.listed.add(world.key('photo.png'));
  world.state.mode = 'read-only';
  world.fault = () => Promise.reject(new StorageError('TIMEOUT'));
  expect(await kindOf('photo.png')).toBe('unavailable');
});

test('the purge waits until it is known who owns the bucket', async () => {
  await world.put('photo.png', 'bytes');
  const scope = new RequestScope('remove');
  await world.storage.inScope(scope, () => world.storage.remove(world.key('photo.png'), scope));
  world.state.awaitsOwner = true;
  const { signal } = new AbortController();
  expect(await purge(world.jobs, signal)).toBe(0);
  world.state.awaitsOwner = false;
  expect(await purge(world.jobs, signal)).toBe(1);
});
