import { constants, createReadStream } from 'node:fs';
import { type FileHandle, link, lstat, mkdir, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from './disk-errors';

/** Writes all of `chunk`. One `write` may take only a part of it: a disk that fills up does that before it reports ENOSPC. */
export async function writeAll(file: FileHandle, chunk: Buffer): Promise<void> {
  for (let written = 0; written < chunk.length; ) {
    written += (await file.write(chunk, written)).bytesWritten;
  }
}

/** Reads the first `size` bytes of a file, or fewer where the file ends earlier. One `read` may return only a part of them. */
export async function readUpTo(file: FileHandle, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(size);
  let read = 0;
  for (let some = -1; some !== 0 && read < size; read += some) some = (await file.read(bytes, read, size - read, read)).bytesRead;
  return bytes.subarray(0, read);
}

/**
 * Gives a finished, synchronised file its name, unless the name is taken (EEXIST). It uses `link`, which refuses to overwrite, and not
 * `rename`, which does not refuse. The name is durable when the promise resolves. `mode` is the mode of the folders that it makes.
 */
export async function publish(temporary: string, path: string, mode: number): Promise<void> {
  const folder = dirname(path);
  await makeFolder(folder, mode);
  await linkOrCopy(temporary, path);
  await unlink(temporary);
  await syncFolder(folder);
}

/**
 * Gives a file a second name unless that is taken (EEXIST). Where the file system makes no hard links, for whatever reason it gives,
 * the function copies the file to a name that it creates exclusively. That refuses to overwrite, too.
 */
export async function linkOrCopy(file: string, path: string): Promise<void> {
  try {
    await link(file, path);
  } catch (error) {
    const errno = errnoOf(error) ?? '';
    if (errno === 'EEXIST' && (await areOneFile(file, path))) return;
    if (!errno || LINK_OR_COPY_FAILS.has(errno)) throw error;
    // after an EIO the link may exist all the same; the exclusive copy would then fail because of our own link
    if (await areOneFile(file, path)) return;
    await copy(file, path);
  }
}

/** Whether both paths lead to one file. NFS repeats a request whose answer was lost, and then reports its own link as taken (EEXIST). */
async function areOneFile(file: string, path: string): Promise<boolean> {
  try {
    const [one, other] = await Promise.all([lstat(file, { bigint: true }), lstat(path, { bigint: true })]);
    return one.ino !== 0n && one.ino === other.ino && one.dev === other.dev;
  } catch {
    return false;
  }
}

/** Makes a folder and those above it, unless they exist. They are durable when the promise resolves. */
export async function makeFolder(path: string, mode: number): Promise<void> {
  const made = await mkdir(path, { recursive: true, mode }).catch((error: unknown) => honestFailure(path, mode, error));
  // the name of each folder is durable once its parent folder has been synchronised
  if (made !== undefined) for (let at = path; at.length >= made.length; at = dirname(at)) await syncFolder(dirname(at));
}

/** Node reports ENOENT for a recursive mkdir on a read-only file system. Making one folder at a time gives the true error. */
async function honestFailure(path: string, mode: number, error: unknown): Promise<never> {
  if (errnoOf(error) === 'ENOENT' && dirname(path) !== path) {
    if (!(await lstat(dirname(path)).catch(() => undefined))) return honestFailure(dirname(path), mode, error);
    await mkdir(path, { mode });
  }
  throw error;
}

/**
 * Failures of link(2) that a copy would meet as well. Every other failure (EPERM, ENOTSUP, ENOSYS, EMLINK, EXDEV, EIO, EINVAL and
 * whatever FUSE and network mounts report) may only mean that this file system has no hard links.
 */
const LINK_OR_COPY_FAILS: ReadonlySet<string> = new Set([
  'EEXIST', 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'EILSEQ', 'ELOOP', 'EROFS', 'ENOSPC', 'EDQUOT', 'EACCES',
]);

/**
 * Makes an exclusive copy where there are no hard links. It never overwrites either, but a crash can leave a part of the file under
 * its name. The ledger names the file only after this has resolved, so that nobody reads such a part.
 */
async function copy(original: string, path: string): Promise<void> {
  const { mode } = await lstat(original);
  const file = await open(path, 'wx', mode & 0o777);
  try {
    try {
      for await (const chunk of createReadStream(original)) await writeAll(file, chunk as Buffer);
      await syncFile(file);
    } finally {
      await file.close();
    }
  } catch (error) {
    // this removes only the file that this call has created: `open` has failed where another file lay there
    await unlinkIfThere(path);
    throw error;
  }
}

/** Answers of fsync(2) where it is not implemented. Then nothing can be done, and nothing is wrong. */
const NO_SYNC: ReadonlySet<string> = new Set(['ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL']);

/** Makes the bytes of a file durable, where the file system can. @throws EIO, ENOSPC and every other error that means lost bytes */
export async function syncFile(file: FileHandle): Promise<void> {
  try {
    await file.sync();
  } catch (error) {
    if (!NO_SYNC.has(errnoOf(error) ?? '')) throw error;
  }
}

/** Makes the names in a folder durable. It tolerates that Windows cannot open folders and that some network mounts refuse to sync them. */
export async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(folder, constants.O_RDONLY);
  } catch (error) {
    if (process.platform === 'win32') return;
    throw error;
  }
  try {
    await syncFile(handle);
  } catch (error) {
    if (errnoOf(error) !== 'EPERM') throw error;
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
