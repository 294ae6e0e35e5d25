import { readdir } from 'node:fs/promises';
import { cleanupJob } from '../../../server/src/core/jobs/cleanup/job';
import { uploadJob } from '../../../server/src/core/jobs/upload/job';
import type { ObjectKey, VolumeId } from '../../../server/src/core/keys';
import { libraryWorld, type LibraryWorld } from '../../support/library-world';

let world: LibraryWorld;
beforeEach(async () => {
  world = await libraryWorld();
});
afterEach(() => world.close());

/** Everything that a run could change. */
const everything = async () => ({
  rows: await world.ledger.rowsOf(world.files.flatMap(({ names }) => names as ObjectKey[])),
  tallies: await world.ledger.tallies(),
  inventory: await world.deps.inventories.of(world.deps.volume.id),
  bucket: await Promise.all(world.s3.names().map(async (name) => [name, await world.object(name)])),
  disk: (await readdir(world.folder, { recursive: true })).sort(),
  due: await world.ledger.dueNames({ kind: 'file', volume: world.deps.volume.id }, 100),
});

test('a dry run of phase 1 counts the files to upload, tells why it skips the others, and changes nothing', async () => {
  await world.put('in-s3.txt', 'in s3');
  world.list(['in-s3.txt']);
  await world.shelve('a.txt', 'b.txt', 'given-up.txt', 'buried.txt');
  world.list(['missing.txt']);
  world.list(['bucket-only.txt']);
  await world.bring('bucket-only.txt', 'rclone');
  world.list(['elsewhere.txt']);
  world.list(['theirs.txt'], 'aws-s3');
  world.list(['../no']);
  const here = world.deps.volume.id;
  const record = (name: string, volume: VolumeId) => world.ledger.record([{ key: world.key(name), local: { volume, localName: name as never }, size: 12 }]);
  await record('given-up.txt', here);
  for (let again = 0; again < 5; again++) await world.ledger.recordFailure((await world.ledger.find(world.key('given-up.txt')))!, 'FILE_CHANGED', 0);
  await record('elsewhere.txt', 'another' as VolumeId);
  await world.storage.remove(world.key('buried.txt'));
  world.files.push({ id: world.files.length + 1, provider: 'local', names: [], otherUrls: ['/uploads/2023/x.png'] });
  const maxId = world.files.length;
  await world.shelve('beyond.txt');

  const before = await everything();
  const { outcome, progress, findings } = await world.run(uploadJob(world.deps), { dryRun: true, maxId });
  expect(outcome).toEqual({ status: 'complete' });
  expect(progress).toMatchObject({ done: 0, total: 2, bytesTotal: 10, requests: { head: 2, put: 2, get: 1, list: 0, delete: 0 } });
  expect(Object.fromEntries(progress.skipped.map(({ code, count }) => [code, count]))).toEqual({
    OTHER_PROVIDER: 1, IN_S3: 2, MISSING: 1, OTHER_DISK: 1, UNUSABLE_NAME: 1, OTHER_URL: 1, BEYOND_MAX_ID: 1, GIVEN_UP: 1, IN_TRASH: 1,
  });
  expect(findings.map(({ kind, key, code }) => [kind, key, code]).sort()).toEqual([
    ['elsewhere', null, 'OTHER_URL'],
    ['failed', 'given-up.txt', 'FILE_CHANGED'],
    ['missing', 'missing.txt', 'NOT_ON_DISK'],
  ]);
  expect(await everything()).toEqual(before);
});

test('a dry run of phase 1 counts the GETs of uploads that only their bytes can prove', async () => {
  await world.shelve('a.txt', 'b.txt');
  world.state.proof = 'bytes';
  expect((await world.run(uploadJob(world.deps), { dryRun: true })).progress.requests).toMatchObject({ head: 2, put: 2, get: 2 });
});

test('a dry run of phase 2 counts the files to free even while phase 1 is incomplete, and changes nothing', async () => {
  await world.shelve('a.txt', 'b.txt', 'doubtful.txt');
  await world.run(uploadJob(world.deps));
  await world.shelve('late.txt');
  for (let again = 0; again < 5; again++) await world.ledger.recordFailure((await world.ledger.find(world.key('doubtful.txt')))!, 'OBJECT_CHANGED', 0);
  const job = cleanupJob(world.deps);
  expect(await job.blockedBy({ dryRun: true, maxId: null, apply: false })).toBeNull();
  const before = await everything();
  const { outcome, progress, findings } = await world.run(job, { dryRun: true });
  expect(outcome).toEqual({ status: 'complete' });
  expect(progress).toMatchObject({ total: 2, bytesTotal: 10, requests: { head: 0, get: 2 }, skipped: [{ code: 'GIVEN_UP', count: 1, bytes: 12 }] });
  expect(findings).toMatchObject([{ kind: 'failed', key: 'doubtful.txt', code: 'OBJECT_CHANGED' }]);
  expect(await everything()).toEqual(before);
});
