import { StorageError } from '../../../server/src/core/errors';
import { Housekeeping } from '../../../server/src/core/jobs/housekeeping';
import { FakeClock, settle } from '../../support/fake-clock';
import { mediaWorld, type MediaWorld } from '../../support/media-world';

const refused = () => Promise.reject(new StorageError('ACCESS_DENIED', { status: 403, refused: true }));
/** Everything but the workers' pauses, which never end here. */
const doNotFake = ['setImmediate', 'nextTick', 'queueMicrotask', 'Date', 'performance', 'hrtime', 'setInterval', 'clearInterval', 'clearImmediate'] as const;

let world: MediaWorld;
let clock: FakeClock;
let housekeeping: Housekeeping;
beforeEach(async () => {
  world = await mediaWorld();
  clock = new FakeClock();
  jest.useFakeTimers({ doNotFake: [...doNotFake] });
  housekeeping = new Housekeeping({ ...world.jobs, clock }, { concurrency: () => 2, flushIncidents: async () => undefined, beat: async () => undefined });
});
afterEach(async () => {
  jest.useRealTimers();
  await housekeeping.stop();
  await world.close();
});

/** A file that falls back although S3 as a whole is there: the breaker stays closed. */
async function fallBack(name: string) {
  world.fault = refused;
  await world.put(name, 'on this disk');
  world.fault = undefined;
  expect(world.breaker.state.kind).toBe('closed');
}
const inS3 = async (name: string) => {
  while ((await world.object(name)) === undefined) await settle();
};
const rounds = async (count: number) => {
  for (let round = 0; round < count; round++) await settle();
};

test('a file that fell back while the breaker is closed is tried again within two seconds', async () => {
  housekeeping.start();
  await rounds(50);
  await fallBack('a.txt');
  housekeeping.fellBack();
  housekeeping.fellBack();
  await rounds(50);
  expect(await world.object('a.txt')).toBeUndefined();
  expect(clock.sleeps).toHaveLength(1);
  await clock.advance(2_000);
  await inS3('a.txt');
  await fallBack('b.txt');
  housekeeping.fellBack();
  await clock.advance(2_000);
  await inS3('b.txt');
});

test('a process that does not serve, or has ended, waits for nothing', async () => {
  housekeeping.fellBack();
  expect(clock.sleeping).toBe(0);
  housekeeping.start();
  housekeeping.fellBack();
  await housekeeping.stop();
  housekeeping.fellBack();
  expect(clock.sleeping).toBe(0);
});

test('what was left on the disk is uploaded at the start, and when S3 is back', async () => {
  await fallBack('a.txt');
  housekeeping.start();
  await inS3('a.txt');
  await rounds(50);
  await fallBack('b.txt');
  await rounds(50);
  expect(await world.object('b.txt')).toBeUndefined();
  housekeeping.wake();
  await inS3('b.txt');
});
