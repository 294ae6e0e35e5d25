import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalObjectStore } from '../../../../server/src/core/store/local/local-object-store';
import { openVolume } from '../../../../server/src/core/store/local/volume';
import { bodyOf, bytesOf, someBytes } from '../../../support/bodies';

/** Answers to link(2) that FAT, exFAT, FUSE and network mounts have given. No file system here gives them, so the tests make them. */
const ANSWERS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV', 'EIO', 'EINVAL', 'EUNKNOWN'];

let root: string;
let disk: LocalObjectStore;
beforeEach(async () => {
  root = await fs.mkdtemp(join(tmpdir(), 's3-storage-links-'));
  disk = new LocalObjectStore(root);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await fs.rm(root, { recursive: true, force: true });
});

const failure = (code: string) => Object.assign(new Error(code), { code });

describe.each(ANSWERS)('a disk on which link(2) answers %s', (code) => {
  beforeEach(() => void jest.spyOn(fs, 'link').mockRejectedValue(failure(code)));

  test('takes a file whole, overwrites nothing, and keeps no temporary file', async () => {
    const bytes = someBytes(700_000);
    await disk.put('a.bin', bodyOf(bytes));
    expect((await bytesOf((await disk.get('a.bin')).body)).equals(bytes)).toBe(true);
    await fs.writeFile(join(root, 'theirs.bin'), 'of somebody else');
    await expect(disk.put('theirs.bin', bodyOf('mine'))).rejects.toMatchObject({ code: 'NAME_TAKEN', refused: true });
    expect(await fs.readFile(join(root, 'theirs.bin'), 'utf8')).toBe('of somebody else');
    expect(await fs.readdir(join(root, '.s3-storage/tmp'))).toEqual([]);
  });

  test('lets exactly one of ten puts under one name succeed', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, (_, at) => disk.put('same.txt', bodyOf(`writer ${at}`))));
    const winners = outcomes.flatMap((outcome, at) => (outcome.status === 'fulfilled' ? [at] : []));
    expect(winners).toHaveLength(1);
    expect(await fs.readFile(join(root, 'same.txt'), 'utf8')).toBe(`writer ${winners[0]}`);
  });

  test('gets one volume id from five processes that start together', async () => {
    const volumes = await Promise.all(Array.from({ length: 5 }, () => openVolume(root)));
    // a process that came while the id was being written knows it after the next look
    for (const volume of volumes) await volume.refresh();
    expect(new Set(volumes.map(({ id }) => id)).size).toBe(1);
    expect(volumes.every(({ established }) => established)).toBe(true);
  });
});

// NFS repeats a request whose answer was lost, and the repeated one finds the link that the first has made
test.each(['EEXIST', 'EIO'])('a link that was made although the disk answered %s counts as made', async (code) => {
  const { link } = fs;
  jest.spyOn(fs, 'link').mockImplementation(async (from, to) => {
    await link(from, to);
    throw failure(code);
  });
  await disk.put('a.txt', bodyOf('mine'));
  expect(await fs.readFile(join(root, 'a.txt'), 'utf8')).toBe('mine');
});

test('a full disk at link(2) is reported as DISK_FULL', async () => {
  jest.spyOn(fs, 'link').mockRejectedValue(failure('ENOSPC'));
  await expect(disk.put('a.txt', bodyOf('x'))).rejects.toMatchObject({ code: 'DISK_FULL' });
});

describe('an fsync that fails', () => {
  const answerWith = async (code: string) => {
    const handle = Object.getPrototypeOf(await fs.open(root)) as fs.FileHandle;
    jest.spyOn(handle, 'sync').mockRejectedValue(failure(code));
  };

  test.each(['ENOTSUP', 'EINVAL', 'ENOSYS'])('does not matter with %s, which says that fsync is not implemented', async (code) => {
    await answerWith(code);
    await disk.put('a.txt', bodyOf('x'));
    expect((await openVolume(root)).established).toBe(true);
  });

  test('fails the put with EIO, because the bytes may be lost', async () => {
    await answerWith('EIO');
    await expect(disk.put('a.txt', bodyOf('x'))).rejects.toMatchObject({ code: 'DISK_ERROR' });
    expect(await disk.exists('a.txt')).toBe(false);
  });
});
