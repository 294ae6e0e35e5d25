import type { BigIntStats } from 'node:fs';
import { lstat, mkdir, readdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf } from './disk-errors';
import { publish, syncFolder, unlinkIfThere } from './disk-write';
import { md5OfFile } from './file-digest';

/** The facts by which a file that is to be removed is told from one that somebody else has put in its place. */
export interface KnownFile {
  /** Id of the removal. It stays the same when the removal is repeated after a crash, and no other removal has it. */
  readonly id: number;
  /** Size in bytes; null where it was never known. */
  readonly size: number | null;
  readonly md5: string | null;
  /**
   * A time in milliseconds since the epoch. Where no MD5 is known, the file must not have changed since this time. Its ctime tells,
   * because no program can set that. Somebody's `chown` moves the ctime too; then the file stays although it could go.
   */
  readonly before: number;
  /** Whether nobody else has ended this removal meanwhile. {@link removeKnown} calls it once more before the last step. */
  stillDue(): Promise<boolean>;
}

/**
 * `left` means that another file lies at the path, or may do so. `aside` means that another file came there between two steps and was
 * moved aside, and that its path is taken by now, so that it stays in the folder for files that were moved aside.
 */
export type KnownRemoval = 'removed' | 'left' | 'aside';

/**
 * Removes a file at a path to which others may write as well, if it is still the file that is meant. The function looks at the file in
 * its place and moves it to a name of its own, which overwrites nothing. It unlinks the file if it is the one that it looked at, and
 * links it back otherwise. A crash leaves the file under that name, which records the file that was looked at, and the next call
 * finishes the removal.
 *
 * A path can be used again as soon as its removal has ended, even for the same bytes (a file that leaving settles there), while another
 * process still executes this function for the old file. So the last question, when nobody else can reach the file any more, is whether
 * the removal is still due. If it is due, it has been due ever since the name was condemned. During that time nobody may record the
 * path, and nobody writes to a path that is not recorded; therefore the file was moved aside before any new one could come. If the
 * removal is not due, the file may be a new one, and it is linked back. The function also asks before it moves the file, so that
 * readers miss a file for a moment only in the rarest case. Safety does not depend on that first question.
 * @param folder the folder for files that are moved aside, on the same file system; it is made when it is needed
 * @throws the error of the file system; nothing is lost then
 */
export async function removeKnown(path: string, folder: string, known: KnownFile, signal?: AbortSignal): Promise<KnownRemoval> {
  for (const aside of await leftAside(folder, known.id)) {
    if (!(await finish(aside, path, known))) return 'aside';
  }
  if (!(await known.stillDue())) return 'removed';
  const looked = await lookAt(path, known, signal);
  if (looked === 'none') return finishOthers(path, folder, known);
  if (looked === 'other') return 'left';
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const aside = join(folder, asideName(known.id, looked));
  try {
    await rename(path, aside);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return finishOthers(path, folder, known);
  }
  if (!(await finish(aside, path, known))) return 'aside';
  return (await statOrNone(path)) ? 'left' : 'removed';
}

/**
 * Finishes the work of another process that was faster and has moved the file aside. That process may have crashed since. If it still
 * runs, this removal would otherwise end before the other process asks whether it is due, and the file would be put back for good.
 */
async function finishOthers(path: string, folder: string, known: KnownFile): Promise<KnownRemoval> {
  for (const aside of await leftAside(folder, known.id)) await finish(aside, path, known);
  return 'removed';
}

function asideName(id: number, { ino, size, mtimeNs }: BigIntStats): string {
  return `${id}.${ino}.${size}.${mtimeNs}`;
}

async function leftAside(folder: string, id: number): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.startsWith(`${id}.`)).map((name) => join(folder, name));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

async function lookAt(path: string, { size, md5, before }: KnownFile, signal?: AbortSignal): Promise<BigIntStats | 'none' | 'other'> {
  const found = await statOrNone(path);
  if (!found) return 'none';
  if (!found.isFile() || (size !== null && found.size !== BigInt(size))) return 'other';
  if (md5 === null) return Number(found.ctimeMs) < before ? found : 'other';
  try {
    return (await md5OfFile(path, { signal })) === md5 ? found : 'other';
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 'none';
    throw error;
  }
}

/** Unlinks a file that was moved aside, or puts it back if it must not be removed. @returns false when its path is taken */
async function finish(aside: string, path: string, known: KnownFile): Promise<boolean> {
  const found = await statOrNone(aside);
  if (!found) return true; // another process was faster
  const [id = ''] = basename(aside).split('.');
  const isMeant = basename(aside) === asideName(Number(id), found);
  // a failed question is no permission: the file is put back, and a later attempt removes it
  const due = isMeant && (await known.stillDue().catch((error: unknown) => ({ error })));
  if (due === true) {
    await unlinkIfThere(aside);
    await syncFolder(dirname(aside));
    return true;
  }
  const back = await putBack(aside, path, found);
  if (typeof due === 'object') throw due.error;
  return back;
}

/** Links a file that was moved aside back to its path. @returns false when its path is taken */
async function putBack(aside: string, path: string, found: BigIntStats): Promise<boolean> {
  try {
    await publish(aside, path, 0o755);
    return true;
  } catch (error) {
    // another process worked on the same file, and has finished
    if (errnoOf(error) === 'ENOENT' && !(await statOrNone(aside))) return true;
    if (errnoOf(error) !== 'EEXIST') throw error;
    const taken = await statOrNone(path);
    if (taken?.ino !== found.ino || taken.dev !== found.dev) return false;
    // the file was put back already, before a crash
    await unlinkIfThere(aside);
    return true;
  }
}

async function statOrNone(path: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
