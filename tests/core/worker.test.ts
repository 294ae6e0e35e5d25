import { Worker } from '../../server/src/core/worker';
import { settle } from '../support/fake-clock';

const quiet = () => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };

/** A worker that rests for ever. Its runs end when the test ends them. */
function setup() {
  const running: (() => void)[] = [];
  let begun = 0;
  const work = () =>
    new Promise<void>((resolve) => {
      begun++;
      running.push(resolve);
    });
  const worker = new Worker('test', () => 3600_000, work, log);
  const end = async () => {
    running.shift()?.();
    await settle();
  };
  return { worker, end, begun: () => begun };
}

test('runNow waits for a run that begins after the call, not for the one under way', async () => {
  const { worker, end, begun } = setup();
  worker.start();
  await settle();
  let ended = false;
  const waiting = worker.runNow().then(() => (ended = true));
  await end();
  expect([ended, begun()]).toEqual([false, 2]);
  await end();
  expect(ended).toBe(true);
  await waiting;
  await worker.stop();
});

test('runNow resolves when the worker does not run, or is stopped meanwhile', async () => {
  const { worker, end } = setup();
  await worker.runNow();
  worker.start();
  await settle();
  const waiting = worker.runNow();
  const stopped = worker.stop();
  await end();
  await Promise.all([waiting, stopped]);
  await worker.runNow();
});
