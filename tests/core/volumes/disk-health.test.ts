import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openVolume } from '../../../server/src/core/store/local/volume';
import { DiskHealth } from '../../../server/src/core/volumes/disk-health';
import { makeUnwritable } from '../../support/unwritable';

let root: string;
let undo: (() => Promise<void>) | undefined;
let elapsed = 0;
let lines: string[];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 's3-storage-health-'));
  lines = [];
});
afterEach(async () => {
  jest.restoreAllMocks();
  await undo?.();
  undo = undefined;
  await rm(root, { recursive: true, force: true });
});

async function open() {
  const line = (text: string) => void lines.push(text);
  const volume = await openVolume(root);
  return { volume, health: new DiskHealth({ volume, clock: { elapsed: () => elapsed }, log: { debug: line, info: line, warn: line, error: line } }) };
}

test('a folder that can be written is healthy, and the check leaves no file and no log line', async () => {
  const { health } = await open();
  expect(await health.check()).toBeNull();
  expect(await readdir(join(root, '.s3-storage/tmp'))).toEqual([]);
  expect(lines).toEqual([]);
});

test('a new folder that cannot be written has no id, is logged once, and recovers by itself', async () => {
  undo = await makeUnwritable(root);
  const { volume, health } = await open();
  expect(volume).toMatchObject({ established: false, founded: false });
  expect(await health.check()).toMatchObject({ code: 'FOLDER_NOT_WRITABLE', folder: root, errno: expect.stringMatching(/^E(ROFS|ACCES|PERM)$/) });
  await health.check();
  expect(lines).toEqual([expect.stringContaining(`(${root}) cannot be written: `)]);

  await undo();
  undo = undefined;
  // an administrator sees the present health, but not every look asks the disk
  expect(await health.current()).not.toBeNull();
  elapsed += 5_000;
  expect(await health.current()).toBeNull();
  expect(volume).toMatchObject({ established: true, founded: true });
  expect(lines.at(-1)).toContain('can be written again');
  expect((await openVolume(root)).id).toBe(volume.id);
});

test('a known folder that is read-only from the start keeps its id', async () => {
  const { id } = await openVolume(root);
  undo = await makeUnwritable(root);
  const { volume, health } = await open();
  expect(volume).toMatchObject({ established: true, id });
  expect(await health.check()).toMatchObject({ code: 'FOLDER_NOT_WRITABLE' });
});

test('the folder of another volume that is mounted later brings its own id', async () => {
  const mounted = await mkdtemp(join(tmpdir(), 's3-storage-health-'));
  const { id } = await openVolume(mounted);
  undo = await makeUnwritable(root);
  const { volume, health } = await open();
  await undo();
  undo = undefined;
  await rm(root, { recursive: true });
  await rename(mounted, root);
  expect(await health.check()).toBeNull();
  expect(volume).toMatchObject({ id, founded: false });
});

test('a file in the place of the uploads folder or of the plugin’s own is reported until it is gone', async () => {
  await writeFile(join(root, '.s3-storage'), 'in the way');
  const { health } = await open();
  expect(await health.check()).toMatchObject({ code: 'FOLDER_NOT_WRITABLE', cause: 'something that is no folder lies in its place' });
  await rm(root, { recursive: true });
  await writeFile(root, 'in the way');
  expect(await health.check()).toMatchObject({ code: 'FOLDER_NOT_WRITABLE', errno: 'ENOTDIR' });
  await rm(root);
  await mkdir(root);
  expect(await health.check()).toBeNull();
});

test('a full disk is reported as DISK_FULL, although it still takes empty files', async () => {
  const { health } = await open();
  const handle = Object.getPrototypeOf(await fs.open(root)) as fs.FileHandle;
  jest.spyOn(handle, 'write').mockRejectedValue(Object.assign(new Error('full'), { code: 'ENOSPC' }));
  expect(await health.check()).toMatchObject({ code: 'DISK_FULL', errno: 'ENOSPC' });
  expect(await readdir(join(root, '.s3-storage/tmp'))).toEqual([]);
});

test('an empty mount point is reported, and the check writes nothing into it', async () => {
  const { health } = await open();
  await rm(join(root, '.s3-storage'), { recursive: true });
  expect(await health.check()).toMatchObject({ code: 'FOLDER_NOT_WRITABLE', errno: 'ENOENT' });
  expect(await readdir(root)).toEqual([]);
});
