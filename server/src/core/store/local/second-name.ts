import { lstat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from './disk-errors';
import { linkOrCopy, makeFolder, syncFolder } from './disk-write';
import { md5OfFile } from './file-digest';

/**
 * Gives a synchronised file a durable second name. Both names mean one file where the disk has hard links. It overwrites nothing: a
 * file that already has the name counts if it has the same bytes.
 * @returns false when a file of other bytes, or something that is no file, has the name
 * @throws the error of the file system
 */
export async function giveName(path: string, second: string): Promise<boolean> {
  const folder = dirname(second);
  try {
    await makeFolder(folder, 0o755);
    await linkOrCopy(path, second);
  } catch (error) {
    // a part of the path is a file, or a link that leads nowhere
    if (errnoOf(error) === 'ENOTDIR') return false;
    if (errnoOf(error) !== 'EEXIST') throw error;
    if (!(await isSameFile(path, second))) return false;
  }
  await syncFolder(folder);
  return true;
}

/** Whether `second` is a regular file, no symbolic link, and has the same bytes as `path`. If so, its bytes are durable now. */
async function isSameFile(path: string, second: string): Promise<boolean> {
  const [one, other] = await Promise.all([lstat(path), lstat(second).catch(() => undefined)]);
  if (!other?.isFile() || one.size !== other.size) return false;
  if (one.ino === other.ino && one.dev === other.dev) return true;
  return (await md5OfFile(path)) === (await md5OfFile(second, { durable: true }));
}
