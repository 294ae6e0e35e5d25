import { StorageError } from '../../../server/src/core/errors';
import { sweep } from '../../../server/src/core/jobs/sweep';
import { uploads } from '../../../server/src/core/jobs/upload';
import { bodyOf } from '../../support/bodies';
import { libraryWorld, type LibraryWorld } from '../../support/library-world';

const DAY = 24 * 3600_000;
const never = new AbortController().signal;

let world: LibraryWorld;
beforeEach(async () => {
  world = await libraryWorld();
});
afterEach(() => world.close());

/** A file of the library whose upload begins under its plain name and never ends, as where the process is killed. */
async function killedWhileUploading(name: string) {
  await world.write(name, name);
  const key = world.key(name);
  const { id: volume } = world.deps.volume;
  await world.ledger.record([{ key, local: { volume, localName: name as never }, size: name.length }]);
  let reached: () => void;
  const atPut = new Promise<void>((resolve) => (reached = resolve));
  world.fault = (operation) => (operation === 'put' ? (reached(), new Promise(() => undefined)) : undefined);
  void uploads(world.deps, { concurrency: 1, signal: never }).upload((await world.ledger.find(key))!);
  await atPut;
  world.fault = undefined;
}
const sweptTwice = async () => {
  for (let time = 0; time < 2; time++) {
    world.state.now += 2 * DAY;
    await sweep(world.deps, never);
  }
  return world.ledger.dueNames({ kind: 'object', locationId: world.cloud.locationId }, 10);
};

test('what a killed process may have left under a name is removed', async () => {
  await killedWhileUploading('a.txt');
  await world.s3.put('a.txt', bodyOf('a.txt'));
  expect(await sweptTwice()).toEqual([]);
  expect(await world.object('a.txt')).toBeUndefined();
});

test('what somebody else has put under that name since is left alone, and named', async () => {
  await killedWhileUploading('a.txt');
  await world.bring('a.txt', 'somebody else’s');
  expect(await sweptTwice()).toEqual([]);
  expect(await world.object('a.txt')).toBe('somebody else’s');
  expect(world.lines).toContainEqual(expect.stringContaining('"a.txt" in S3 is none of ours'));
});

test('where S3 does not say what lies there, as the bucket may not be listed, it is removed as ever', async () => {
  await killedWhileUploading('a.txt');
  world.fault = (operation) => (operation === 'head' ? Promise.reject(new StorageError('ACCESS_DENIED', { status: 403, refused: true })) : undefined);
  expect(await sweptTwice()).toEqual([]);
  expect(world.requests).toContain('delete a.txt');
});

test('where S3 does not answer it is tried again later', async () => {
  await killedWhileUploading('a.txt');
  await world.s3.put('a.txt', bodyOf('a.txt'));
  world.fault = (operation) => (operation === 'head' ? Promise.reject(new StorageError('SERVER_ERROR', { status: 500 })) : undefined);
  world.state.now += 2 * DAY;
  await sweep(world.deps, never);
  expect(world.requests).not.toContain('delete a.txt');
});
