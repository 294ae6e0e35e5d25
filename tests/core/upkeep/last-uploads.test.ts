import { StorageError } from '../../../server/src/core/errors';
import { catchUp } from '../../../server/src/core/upkeep/catch-up';
import { lastUploads } from '../../../server/src/core/upkeep/last-uploads';
import { Worker } from '../../../server/src/core/worker';
import { FakeClock } from '../../support/fake-clock';
import { mediaWorld, type MediaWorld } from '../../support/media-world';

const down = () => Promise.reject(new StorageError('UNREACHABLE', { refused: true }));
const HOUR = 3600_000;

let world: MediaWorld;
let clock: FakeClock;
let worker: Worker;
beforeEach(async () => {
  world = await mediaWorld();
  clock = new FakeClock();
  world.breaker.probeWith(async () => {
    if (world.fault === down) throw new StorageError('UNREACHABLE', { refused: true });
  });
  worker = new Worker('test', () => HOUR, (signal) => catchUp(world.jobs, 2, signal), world.jobs.log);
});
afterEach(async () => {
  await worker.stop();
  world.breaker.stop();
  await world.close();
});

const lastly = () => lastUploads({ ...world.jobs, clock }, worker);
/** Writes a file that goes to the disk. The failures decide whether the process then takes S3 for away. */
async function fallBack(name: string) {
  world.fault = down;
  await world.put(name, 'on this disk');
}

test('the last uploads send a fallback file to S3, although the breaker is not closed', async () => {
  worker.start();
  await worker.runNow();
  await fallBack('a.txt');
  expect(world.breaker.state.kind).not.toBe('closed');
  world.fault = undefined;
  await lastly();
  expect(await world.object('a.txt')).toBe('on this disk');
});

test('the last uploads send nothing while S3 is away, and the file stays readable', async () => {
  worker.start();
  await worker.runNow();
  await fallBack('a.txt');
  world.requests.length = 0;
  await lastly();
  expect(world.requests).toEqual([]);
  expect(await world.read('a.txt')).toBe('on this disk');
});

test('the last uploads do not probe S3 when no file waits for it', async () => {
  worker.start();
  await worker.runNow();
  await fallBack('a.txt');
  await world.storage.remove(world.key('a.txt'));
  const probe = jest.spyOn(world.breaker, 'forceProbe');
  await lastly();
  expect(probe).not.toHaveBeenCalled();
});

test('the last uploads are given up after 8 seconds, and the file stays readable', async () => {
  await fallBack('a.txt');
  world.fault = undefined;
  await world.breaker.forceProbe();
  let release: () => void = () => undefined;
  world.fault = (operation) => (operation === 'put' ? new Promise((_, reject) => (release = () => reject(new StorageError('ABORTED', { refused: true })))) : undefined);
  worker.start();
  let over = false;
  const ended = lastly().then(() => (over = true));
  await clock.advance(7_900);
  expect(over).toBe(false);
  await clock.advance(200);
  await ended;
  release();
  await worker.stop();
  expect(await world.read('a.txt')).toBe('on this disk');
});

test('the last uploads send no request when the worker does not run, or in mode read-only', async () => {
  await fallBack('a.txt');
  world.fault = undefined;
  await world.breaker.forceProbe();
  world.requests.length = 0;
  await lastly();
  world.state.mode = 'read-only';
  worker.start();
  await lastly();
  expect(world.requests).toEqual([]);
});
