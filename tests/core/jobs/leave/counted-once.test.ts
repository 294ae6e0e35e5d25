import { progressOf } from '../../../../server/src/core/admin/job-numbers';
import { talliesOf } from '../../../../server/src/core/ledger/tallies';
import type { RunEntry } from '../../../../server/src/contracts/jobs';
import { jobContext } from '../../../support/job-context';
import { leavingWorld, RESTED, type LeavingWorld } from '../../../support/leaving-world';

let world: LeavingWorld;
beforeEach(async () => {
  world = await leavingWorld();
});
afterEach(() => world.close());

const names = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}.txt`);
const put = async (of: readonly string[]) => {
  for (const name of of) await world.put(name, name);
};

/** Makes files in S3 only, files restored before leaving, and files at their plain paths: ten of each, of six bytes. */
async function allKinds(): Promise<void> {
  await put(names('p', 10));
  world.leave();
  await world.run();
  Object.assign(world.state, { mode: 'read-write', leaving: false });
  await put(names('o', 10));
  await world.run();
  await put(names('s', 10));
  world.leave();
  world.state.now += RESTED;
}

test('a run counts each file once: the fetched, the settled and those at their plain paths already', async () => {
  await allKinds();
  const { outcome, progress, commits } = await world.run();
  expect(outcome).toEqual({ status: 'complete' });
  expect(progress).toMatchObject({ done: 30, total: 30, bytesDone: 180, bytesTotal: 180, failed: 0 });
  for (const { done, total, bytesTotal } of commits) expect([done <= total, total, bytesTotal]).toEqual([true, 30, 180]);
});

test('a run that continues another one expects what that has left, and counts none of its files again', async () => {
  await allKinds();
  const job = world.job();
  const counted: [number, number][] = [];
  for (let status = 'paused', runs = 0; status !== 'complete'; runs++) {
    const { context, progress, ending } = jobContext({ batchSize: 5, fromStart: runs === 0 });
    let batches = 0;
    context.commit = async () => void (++batches === 2 && ending.abort());
    status = (await job.run(context)).status;
    const { done, total } = progress.snapshot();
    counted.push([done, total]);
    expect(runs).toBeLessThan(20);
  }
  expect(counted.reduce((sum, [done]) => sum + done, 0)).toBe(30);
  expect(counted[0]).toEqual([10, 30]);
  for (const [n, [done, total]] of counted.entries()) {
    if (n + 1 < counted.length) expect(counted[n + 1]![1]).toBe(total - done);
  }
  // a run that somebody starts later looks at all files again
  world.state.now += RESTED;
  const again = jobContext({ fromStart: true });
  expect(await job.run(again.context)).toEqual({ status: 'complete' });
  expect(again.progress.snapshot()).toMatchObject({ done: 30, total: 30 });
});

test('a run with a deleted file and one that is replaced meanwhile counts no more files than it expects', async () => {
  await allKinds();
  await world.ledger.bury(world.key('p9.txt'), { purgeAfterMs: 0 });
  const { context, progress } = jobContext();
  let replaced = false;
  context.commit = async () => {
    if (!replaced) await put(['p1.txt']);
    replaced = true;
    world.state.now += RESTED;
    const { done, total } = progress.snapshot();
    expect(done).toBeLessThanOrEqual(total);
  };
  expect(await world.job().run(context)).toEqual({ status: 'complete' });
  const { done, total } = progress.snapshot();
  expect([done, total]).toEqual([29, 29]);
});

test('the progress is that of the run while it lasts, and else the number of files on the disk', () => {
  const tallies = { ...talliesOf([]), local: { count: 5, bytes: 50 }, both: { count: 15, bytes: 150 }, remote: { count: 2, bytes: 20 }, failedOf: { local: 1, both: 1, remote: 1, missing: 9 } };
  const run = { done: 4, total: 12, bytesDone: 40, bytesTotal: 120 } as RunEntry;
  expect(progressOf('restore', { tallies, outside: { count: 0, bytes: 0 } }, [], run, true)).toMatchObject({ done: 14, total: 22, bytesDone: 140, bytesTotal: 220, failed: 3 });
  expect(progressOf('restore', { tallies, outside: { count: 0, bytes: 0 } }, [], { ...run, done: 12, bytesDone: 120 }, true)).toMatchObject({ done: 20, total: 22, bytesDone: 200 });
  expect(progressOf('restore', { tallies, outside: { count: 0, bytes: 0 } }, [], run)).toMatchObject({ done: 20, total: 22, failed: 1 });
});
