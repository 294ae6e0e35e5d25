import { constants } from 'node:fs';
import { copyFile, type FileHandle, link, mkdir, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from './disk-errors';

/** Writes all of `chunk`: `write` may take only a part of it (a disk that fills up does that before it says ENOSPC). */
export async function writeAll(file: FileHandle, chunk: Buffer): Promise<void> {
  for (let written = 0; written < chunk.length; ) {
    written += (await file.write(chunk, written)).bytesWritten;
  }
}

/** The first bytes of a file, so many unless it ends before: `read` may answer a part of what it was asked for. */
export async function readUpTo(file: FileHandle, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(size);
  let read = 0;
  for (let some = -1; some !== 0 && read < size; read += some) some = (await file.read(bytes, read, size - read, read)).bytesRead;
  return bytes.subarray(0, read);
}

/**
 * Gives a finished, synchronised file its name, unless the name is taken (EEXIST): `link` refuses to overwrite, where
 * `rename` would not. Durable when it resolves. `mode` is that of folders which have to be made.
 */
export async function publish(temporary: string, path: string, mode: number): Promise<void> {
  const folder = dirname(path);
  await makeFolder(folder, mode);
  await linkOrCopy(temporary, path);
  await unlink(temporary);
  await syncFolder(folder);
}

/** Gives a file a second name unless that is taken (EEXIST); where there are no hard links, a copy of it. */
export async function linkOrCopy(file: string, path: string): Promise<void> {
  try {
    await link(file, path);
  } catch (error) {
    if (!NO_HARD_LINKS.has(errnoOf(error) ?? '')) throw error;
    await copy(file, path);
  }
}

/** Makes a folder and those above it, unless they are there. Durable when it resolves. */
export async function makeFolder(path: string, mode: number): Promise<void> {
  const made = await mkdir(path, { recursive: true, mode });
  // the name of each is durable once the folder that it is in has been synchronised
  if (made !== undefined) for (let at = path; at.length >= made.length; at = dirname(at)) await syncFolder(dirname(at));
}

/** What FAT, exFAT and some network mounts answer to link(2). */
const NO_HARD_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']);

/**
 * Where there are no hard links: an exclusive copy. It never overwrites either, but a crash can leave a part of the
 * file under its name; the ledger names the file only after this has resolved, so that nobody reads such a part.
 */
async function copy(original: string, path: string): Promise<void> {
  try {
    await copyFile(original, path, constants.COPYFILE_EXCL);
    const file = await open(path, 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') await unlinkIfThere(path);
    throw error;
  }
}

/** Makes the names in a folder durable. Windows cannot open folders, and some network mounts refuse to sync them. */
export async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(folder, constants.O_RDONLY);
  } catch (error) {
    if (process.platform === 'win32') return;
    throw error;
  }
  try {
    await handle.sync();
  } catch (error) {
    if (errnoOf(error) !== 'EINVAL' && errnoOf(error) !== 'EPERM') throw error;
  } finally {
    await handle.close();
  }
}

export async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR') throw error;
  }
}
