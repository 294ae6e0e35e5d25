import { mkdirSync, renameSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { StorageError } from '../../../../server/src/core/errors';
import { inventoryEnded } from '../../../../server/src/core/jobs/upload/inventory';
import { UNLIMITED } from '../../../../server/src/core/ledger/inventories';
import { uploadJob } from '../../../../server/src/core/jobs/upload/job';
import type { VolumeId } from '../../../../server/src/core/keys';
import { libraryWorld, type LibraryWorld } from '../../../support/library-world';

let world: LibraryWorld;
beforeEach(async () => {
  world = await libraryWorld();
});
afterEach(() => world.close());

const run = (options?: Parameters<LibraryWorld['run']>[1], hooks?: Parameters<LibraryWorld['run']>[2]) => world.run(uploadJob(world.deps), options, hooks);
const inventory = () => world.deps.inventories.of(world.deps.volume.id);

test('main files, formats and logos of every usable name come to S3', async () => {
  const names = ['a.png', 'thumbnail_a.png', 'ein Bild ü 图.jpg', 'empty.txt', 'folder/x.bin'];
  world.list(names);
  world.logos.push('logo.svg');
  for (const name of [...names, 'logo.svg']) await world.write(name, name === 'empty.txt' ? '' : name);
  expect((await run()).outcome).toEqual({ status: 'complete' });
  expect(world.s3.names().sort()).toEqual([...names, 'logo.svg'].sort());
  for (const name of names) expect(await world.object(name)).toBe(name === 'empty.txt' ? '' : name);
});

test('while the disk is not mounted, phase 1 pauses, adopts nothing from the bucket and calls no file missing', async () => {
  await world.shelve('a.txt');
  await world.bring('a.txt', 'older');
  await world.bring('b.txt', 'older');
  world.list(['b.txt']);
  const marker = path.join(world.folder, '.s3-storage');
  await fs.rename(world.folder, `${world.folder}-away`);
  await fs.mkdir(world.folder);
  for (const fromStart of [true, false]) expect((await run({ fromStart })).outcome).toEqual({ status: 'paused', code: 'DISK_ERROR' });
  expect([await world.ledger.find(world.key('a.txt')), await fs.readdir(world.folder)]).toEqual([undefined, []]);
  expect(world.lines).toContainEqual(expect.stringContaining('seems not to be mounted'));
  await fs.rmdir(world.folder);
  await fs.rename(`${world.folder}-away`, world.folder);
  await fs.access(marker);
  await run();
  expect(await world.read('a.txt')).toBe('a.txt');
  expect(await world.read('b.txt')).toBe('older');
});

test('a disk that is unmounted during the run pauses phase 1, and the next file is not adopted from the bucket', async () => {
  for (let more = 0; more < 1100; more++) world.list([], 'local');
  await world.bring('b.txt', 'older');
  world.list(['b.txt']);
  let unmounted = false;
  const unmount = () => {
    if (unmounted) return;
    unmounted = true;
    renameSync(world.folder, `${world.folder}-away`);
    mkdirSync(world.folder);
  };
  expect((await run({}, { onCommit: unmount })).outcome).toEqual({ status: 'paused', code: 'DISK_ERROR' });
  expect([unmounted, await world.ledger.find(world.key('b.txt'))]).toEqual([true, undefined]);
  await fs.rm(`${world.folder}-away`, { recursive: true });
});

test('the inventory reads pages of 500 ids, stores its position, and goes on there in the next run', async () => {
  await world.shelve(...Array.from({ length: 4 }, (_, index) => `${index}.txt`));
  for (let more = 0; more < 1100; more++) world.list([], 'local');
  const ending = new AbortController();
  const { outcome } = await run({}, { signal: ending.signal, onCommit: () => ending.abort() });
  expect(outcome).toEqual({ status: 'paused', code: null });
  expect(await inventory()).toMatchObject({ position: 0, completedTo: null });
  // the inventory looks again at the files that it had looked at and not recorded
  expect((await run()).outcome).toEqual({ status: 'complete' });
  expect(world.pages.map(({ after }) => after)).toEqual([0, 0, 500, 1000]);
  expect(await inventory()).toMatchObject({ position: 1104, completedTo: UNLIMITED });
  await run();
  expect(world.pages.at(-1)).toMatchObject({ after: 1104 });
  await run({ fromStart: true });
  expect(world.pages.map(({ after }) => after).slice(-3)).toEqual([0, 500, 1000]);
});

test('the inventory ends at the highest id that is wanted, and a later run can widen the range', async () => {
  await world.shelve('a.txt', 'b.txt', 'c.txt');
  await run({ maxId: 2 });
  expect(world.s3.names().sort()).toEqual(['a.txt', 'b.txt']);
  expect(await inventoryEnded(world.deps)).toBe(true);
  expect(await inventoryEnded(world.deps, { maxId: 2 })).toBe(true);
  expect(await inventoryEnded(world.deps, { maxId: null })).toBe(false);
  await run();
  expect(world.s3.names()).toHaveLength(3);
  expect(await inventoryEnded(world.deps, { maxId: null })).toBe(true);
  await world.shelve('new.txt');
  // this file was uploaded since, so the plugin knows it
  expect(await inventoryEnded(world.deps)).toBe(true);
});

test('files of another provider and unusable names are counted and left alone', async () => {
  world.list(['theirs.png', 'thumbnail_theirs.png'], 'cloudinary');
  world.list(['../secret', 'a.png']);
  await world.write('theirs.png', 'x');
  await world.write('a.png', 'a');
  const { progress } = await run();
  expect(progress.skipped).toEqual([
    { code: 'OTHER_PROVIDER', count: 2, bytes: 0 },
    { code: 'UNUSABLE_NAME', count: 1, bytes: 0 },
  ]);
  expect(world.s3.names()).toEqual(['a.png']);
  expect(await inventory()).toMatchObject({ otherProviders: 2 });
});

test('a library file at another URL is reported as OTHER_URL, is not missing, and is still served from there', async () => {
  await world.shelve('a.txt');
  world.files.push({ id: 2, provider: 'local', names: ['thumbnail_x_1.png'], otherUrls: ['/uploads/2023/05/x.png'] });
  await world.write('thumbnail_x_1.png', 'x');
  await world.write('2023/05/x.png', 'x');
  const { outcome, progress, findings } = await run();
  expect(outcome).toEqual({ status: 'complete' });
  expect(progress.skipped).toEqual([{ code: 'OTHER_URL', count: 1, bytes: 0 }]);
  expect(findings).toEqual([{ kind: 'elsewhere', key: null, name: '/uploads/2023/05/x.png', size: null, code: 'OTHER_URL', action: 'none', applied: false }]);
  expect(await inventory()).toMatchObject({ missing: 0 });
  expect(world.s3.names().sort()).toEqual(['a.txt', 'thumbnail_x_1.png']);
  // visitors go on getting the file from where it lies
  expect(await world.read('2023/05/x.png')).toBe('x');
});

test('a file that only the bucket has is adopted without a PUT', async () => {
  world.list(['a.png']);
  await world.bring('a.png', 'from rclone');
  expect((await run()).outcome).toEqual({ status: 'complete' });
  expect(await world.stateOf('a.png')).toBe('remote');
  expect(await world.read('a.png')).toBe('from rclone');
  expect(world.puts()).toEqual([]);
});

test('a file that is nowhere is reported as missing, and does not hold up the run', async () => {
  await world.shelve('a.txt');
  world.list(['lost.txt']);
  const { outcome, progress, findings } = await run();
  expect(outcome).toEqual({ status: 'complete' });
  expect(progress.skipped).toEqual([{ code: 'MISSING', count: 1, bytes: 0 }]);
  expect(findings).toEqual([expect.objectContaining({ kind: 'missing', key: 'lost.txt', code: 'NOT_ON_DISK' })]);
  expect((await world.ledger.tallies()).missing.count).toBe(1);
});

test('a missing file that was put back is found after a retry, or in a run from the start', async () => {
  world.list(['a.txt']);
  world.list(['b.txt']);
  await run();
  await world.write('a.txt', 'a');
  await run();
  expect(await world.stateOf('a.txt')).toBe('new');
  expect(await world.ledger.retry([world.key('a.txt')])).toBe(1);
  expect(await inventoryEnded(world.deps)).toBe(false);
  await run();
  expect(await world.object('a.txt')).toBe('a');
  await world.write('b.txt', 'b');
  await run({ fromStart: true });
  expect(await world.object('b.txt')).toBe('b');
  expect((await world.ledger.tallies()).missing.count).toBe(0);
});

test('a file that another disk has is missing until that disk has recorded it, and is then left to that disk', async () => {
  world.list(['a.txt']);
  await run();
  const local = { volume: 'another' as VolumeId, localName: 'a.txt' as never };
  await world.ledger.record([{ key: world.key('a.txt'), local, size: 5 }]);
  expect((await world.ledger.tallies()).missing.count).toBe(0);
  const { progress } = await run({ fromStart: true });
  expect(progress.skipped).toEqual([{ code: 'OTHER_DISK', count: 1, bytes: 5 }]);
  expect(await world.ledger.find(world.key('a.txt'))).toMatchObject({ placement: { local }, lastError: null });
});

test('an object under a name that a write of our own was given is not taken for the file', async () => {
  world.list(['a.txt']);
  await world.ledger.begin({ kind: 'object', key: world.key('a.txt'), locationId: world.bucket.locationId, prefix: '', plainFree: true });
  await world.bring('a.txt', 'unproven');
  await run();
  expect(await world.ledger.find(world.key('a.txt'))).toMatchObject({ placement: { state: 'new' }, lastError: 'NOT_ON_DISK' });
  expect(world.requests).toEqual([]);
});

test('while S3 is away the run pauses, no file counts as missing, and the next run reads the page again', async () => {
  await world.shelve('a.txt');
  world.list(['b.txt']);
  await world.bring('b.txt', 'b');
  world.fault = () => Promise.reject(new StorageError('UNREACHABLE', { refused: true }));
  expect((await run()).outcome).toMatchObject({ status: 'paused', code: expect.stringMatching(/UNREACHABLE|CIRCUIT_OPEN/) });
  expect(await inventory()).toMatchObject({ position: 0 });
  expect((await world.ledger.tallies()).missing.count).toBe(0);
  world.fault = undefined;
  world.breaker.probeWith(async () => undefined);
  await world.breaker.forceProbe();
  expect((await run()).outcome).toEqual({ status: 'complete' });
  expect(await world.stateOf('b.txt')).toBe('remote');
});

test('a file about which the disk gives no answer gets DISK_ERROR, and the other file is uploaded', async () => {
  await world.shelve('closed/a.txt', 'b.txt');
  const stat = world.deps.disk.stat.bind(world.deps.disk);
  jest.spyOn(world.deps.disk, 'stat').mockImplementation((name) =>
    name === 'closed/a.txt' ? Promise.reject(new StorageError('DISK_ERROR')) : stat(name),
  );
  expect((await run()).outcome).toEqual({ status: 'complete' });
  expect(await world.ledger.find(world.key('closed/a.txt'))).toMatchObject({ placement: { state: 'new' }, lastError: 'DISK_ERROR' });
  expect(world.s3.names()).toEqual(['b.txt']);
});
