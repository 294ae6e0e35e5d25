import { constants, createReadStream } from 'node:fs';
import { type FileHandle, link, lstat, mkdir, open, unlink } from 'node:fs/promises';
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

/**
 * Gives a file a second name unless that is taken (EEXIST). Where the file system does not make hard links, for whatever reason
 * it gives, the file is copied to a name that is created exclusively: that refuses to overwrite, too.
 */
export async function linkOrCopy(file: string, path: string): Promise<void> {
  try {
    await link(file, path);
  } catch (error) {
    const errno = errnoOf(error) ?? '';
    if (errno === 'EEXIST' && (await areOneFile(file, path))) return;
    if (!errno || LINK_OR_COPY_FAILS.has(errno)) throw error;
    // after an EIO the link may have been made all the same; a copy would then take its own name for somebody else's
    if (await areOneFile(file, path)) return;
    await copy(file, path);
  }
}

/** NFS repeats a request whose answer was lost, and then reports its own link as somebody else's. */
async function areOneFile(file: string, path: string): Promise<boolean> {
  try {
    const [one, other] = await Promise.all([lstat(file, { bigint: true }), lstat(path, { bigint: true })]);
    return one.ino !== 0n && one.ino === other.ino && one.dev === other.dev;
  } catch {
    return false;
  }
}

/** Makes a folder and those above it, unless they are there. Durable when it resolves. */
export async function makeFolder(path: string, mode: number): Promise<void> {
  const made = await mkdir(path, { recursive: true, mode }).catch((error: unknown) => honestFailure(path, mode, error));
  // the name of each is durable once the folder that it is in has been synchronised
  if (made !== undefined) for (let at = path; at.length >= made.length; at = dirname(at)) await syncFolder(dirname(at));
}

/** Node reports ENOENT for a recursive mkdir on a read-only file system. One folder at a time tells the truth. */
async function honestFailure(path: string, mode: number, error: unknown): Promise<never> {
  if (errnoOf(error) === 'ENOENT' && dirname(path) !== path) {
    if (!(await lstat(dirname(path)).catch(() => undefined))) return honestFailure(dirname(path), mode, error);
    await mkdir(path, { mode });
  }
  throw error;
}

/**
 * Failures of link(2) that a copy would meet as well. Every other one (EPERM, ENOTSUP, ENOSYS, EMLINK, EXDEV, EIO, EINVAL and
 * whatever FUSE and network mounts come up with) may only mean that there are no hard links here.
 */
const LINK_OR_COPY_FAILS: ReadonlySet<string> = new Set([
  'EEXIST', 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'EILSEQ', 'ELOOP', 'EROFS', 'ENOSPC', 'EDQUOT', 'EACCES',
]);

/**
 * Where there are no hard links: an exclusive copy. It never overwrites either, but a crash can leave a part of the
 * file under its name; the ledger names the file only after this has resolved, so that nobody reads such a part.
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
    // only what this call has created: what lay there before is somebody else's
    await unlinkIfThere(path);
    throw error;
  }
}

/** What fsync(2) answers where it is not implemented: then nothing can be done, and nothing is wrong. */
const NO_SYNC: ReadonlySet<string> = new Set(['ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL']);

/** Makes the bytes of a file durable, where the file system can. @throws EIO, ENOSPC and whatever else says that bytes are lost */
export async function syncFile(file: FileHandle): Promise<void> {
  try {
    await file.sync();
  } catch (error) {
    if (!NO_SYNC.has(errnoOf(error) ?? '')) throw error;
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
