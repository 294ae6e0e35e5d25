import fs from 'node:fs/promises';
import type { VolumeId } from '../../../../server/src/core/keys';
import type { EngineParts } from '../../../../server/src/core/media/deps';
import { localOf } from '../../../../server/src/core/ledger/state';
import type { LocalStore } from '../../../../server/src/core/store/local/local-store';
import { bodyOf } from '../../../support/bodies';
import { jobContext } from '../../../support/job-context';
import { DAY, leavingWorld, type LeavingWorld } from '../../../support/leaving-world';

const ELSEWHERE = 'another-disk' as VolumeId;

let world: LeavingWorld;
beforeEach(async () => {
  world = await leavingWorld();
});
afterEach(() => world.close());

/** Makes files that are in S3 and on this disk, at their plain paths. */
const both = async (...names: string[]) => {
  for (const name of names) await world.put(name, `the bytes of ${name}`);
  world.leave();
  await world.run();
  await world.sweepAfter(DAY);
};
/** Gives this process a new, empty uploads folder, which is another disk. */
const newDisk = async (): Promise<EngineParts> => {
  await fs.rm(world.folder, { recursive: true });
  // the folder is as at the start of a process
  await fs.mkdir(world.at('.s3-storage'), { recursive: true });
  await fs.writeFile(world.at('.s3-storage/volume'), ELSEWHERE);
  const { volume } = world.jobs;
  return { ...world.jobs, volume: { ...volume, id: ELSEWHERE, founded: true, refresh: async () => ELSEWHERE } };
};

test('leaving does not count copies on another disk, and fetches all files to this one', async () => {
  await both('a.txt', 'b.txt');
  const parts = await newDisk();
  expect(await world.job(parts).isComplete()).toBe(false);
  expect((await world.run(parts)).outcome).toEqual({ status: 'complete' });
  expect(await world.served()).toEqual({ 'a.txt': 'the bytes of a.txt', 'b.txt': 'the bytes of b.txt' });
  expect(localOf(await world.row('a.txt'))).toEqual({ volume: ELSEWHERE, localName: 'a.txt' });
  expect(await world.job(parts).isComplete()).toBe(true);
});

test('a disk that is not mounted pauses the run: the mount point stays empty, and the copies stay known', async () => {
  await both('a.txt');
  const known = localOf(await world.row('a.txt'));
  await fs.rm(world.folder, { recursive: true });
  await fs.mkdir(world.folder);
  expect((await world.run()).outcome).toEqual({ status: 'paused', code: 'DISK_ERROR' });
  expect([await fs.readdir(world.folder), localOf(await world.row('a.txt'))]).toEqual([[], known]);
});

test('a disk that is unmounted during the run pauses it: the mount point stays empty', async () => {
  await both('a.txt', 'b.txt');
  const page = world.ledger.page;
  world.ledger.page = async (request) => {
    await fs.rm(world.folder, { recursive: true, force: true });
    await fs.mkdir(world.folder);
    return page(request);
  };
  expect((await world.run()).outcome).toMatchObject({ status: 'paused' });
  expect([await fs.readdir(world.folder), localOf(await world.row('a.txt'))?.localName]).toEqual([[], 'a.txt']);
});

test('a copy that is gone is fetched; an unknown file at a plain path stays, and the run pauses', async () => {
  await both('gone.txt', 'changed.txt', 'kept.txt');
  await fs.rm(world.at('gone.txt'));
  await fs.writeFile(world.at('changed.txt'), 'a file that nobody knows');
  world.requests.length = 0;
  const { outcome, progress } = await world.run();
  expect(outcome).toEqual({ status: 'paused', code: 'PLAIN_PATH_TAKEN' });
  expect(progress.failed).toBeGreaterThan(0);
  expect(await world.served()).toMatchObject({ 'gone.txt': 'the bytes of gone.txt', 'changed.txt': 'a file that nobody knows', 'kept.txt': 'the bytes of kept.txt' });
  expect(world.requests).toEqual(['get changed.txt', 'get gone.txt'].sort((a, b) => world.requests.indexOf(a) - world.requests.indexOf(b)));
  // the bytes lie beside the other file, and come to their path when that is taken away
  await fs.rename(world.at('changed.txt'), `${world.at('changed.txt')}.theirs`);
  world.state.now += DAY;
  expect((await world.run()).outcome).toEqual({ status: 'complete' });
  expect(await world.plain('changed.txt')).toBe('the bytes of changed.txt');
});

test('a file of the right size with other bytes is found out by its checksum', async () => {
  await both('a.txt');
  await fs.rm(world.at('a.txt'));
  await fs.writeFile(world.at('a.txt'), 'THE bytes of a.txt');
  expect((await world.run()).outcome).toEqual({ status: 'paused', code: 'PLAIN_PATH_TAKEN' });
});

test('a file that is neither on the disk nor in S3 fails the job once it is given up, and its row stays', async () => {
  await both('a.txt', 'b.txt');
  await fs.rm(world.at('a.txt'));
  await world.s3.delete('a.txt');
  const job = world.job();
  const before = (await world.row('a.txt')).placement;
  for (let run = 0; run < 4; run++) expect(await job.run(jobContext().context)).toEqual({ status: 'paused', code: 'OBJECT_NOT_FOUND' });
  // now the row is given up
  expect(await job.run(jobContext().context)).toEqual({ status: 'failed', code: 'OBJECT_NOT_FOUND' });
  expect(await job.run(jobContext().context)).toEqual({ status: 'failed', code: 'OBJECT_NOT_FOUND' });
  expect((await world.row('a.txt')).placement).toEqual(before);
  // the object is there again, and the job looks at everything anew
  await world.s3.put('a.txt', bodyOf('the bytes of a.txt'));
  await world.ledger.retry('all');
  expect((await world.run(world.jobs, { fromStart: true })).progress.done).toBeGreaterThan(0);
  expect(await world.plain('a.txt')).toBe('the bytes of a.txt');
});

test.each([null, 'failed', 'stopped', 'paused', 'running'] as const)('leaving is complete only after a run that is complete, and the last run is %s', async (status) => {
  await both('a.txt');
  await fs.rm(world.at('a.txt'));
  const lastRun = status && { status };
  // another process, or this one after a restart, gets this question
  expect(await world.job().isComplete(undefined, lastRun)).toBe(false);
  expect(await world.job().isComplete(undefined, { status: 'complete' })).toBe(true);
  world.state.leaving = false;
  expect(await world.job().isComplete(undefined, lastRun)).toBe(true);
});

test('a run fails when the file that is left in S3 has been given up', async () => {
  await world.put('a.txt', 'a');
  await world.s3.delete('a.txt');
  world.leave();
  for (let run = 0; run < 5; run++) {
    await world.run();
    world.state.now += DAY;
  }
  expect((await world.run()).outcome).toEqual({ status: 'failed', code: 'OBJECT_NOT_FOUND' });
  expect(await world.job().isComplete()).toBe(false);
});

test('a run that continues another one does not read again the copies that were read', async () => {
  await both('a.txt', 'b.txt', 'c.txt');
  const job = world.job();
  const ending = new AbortController();
  const read = jest.spyOn(world.jobs.disk, 'bytes');
  const { context } = jobContext({ batchSize: 1, concurrency: 1 }, ending);
  const { bytes } = Object.getPrototypeOf(world.jobs.disk) as LocalStore;
  read.mockImplementationOnce((...of) => (ending.abort(), bytes.apply(world.jobs.disk, of)));
  expect((await job.run(context)).status).toBe('paused');
  read.mockClear();
  expect(await job.run(jobContext({ batchSize: 1 }).context)).toEqual({ status: 'complete' });
  expect(new Set(read.mock.calls.map(([name]) => name)).size).toBe(2);
});

test('leaving warns of a server with another uploads folder until that volume has vanished', async () => {
  const seen = { firstSeen: new Date(0), lastSeen: new Date(0) };
  world.volumes.push({ ...seen, id: world.jobs.volume.id, vanished: false }, { ...seen, id: ELSEWHERE, vanished: false });
  expect(await world.job().warning?.()).toBeNull();
  world.leave();
  expect(await world.job().warning?.()).toBe('OTHER_DISK_IN_USE');
  world.volumes[1] = { ...seen, id: ELSEWHERE, vanished: true };
  expect(await world.job().warning?.()).toBeNull();
});
