import type { BigIntStats } from 'node:fs';
import { lstat, mkdir, readdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf } from './disk-errors';
import { publish, syncFolder, unlinkIfThere } from './disk-write';
import { md5OfFile } from './file-digest';

/** Tells a file that is to be removed from one that somebody else has put in its place. */
export interface KnownFile {
  /** Of the removal: the same when it is tried again after a crash, and of no other. */
  readonly id: number;
  /** Null: never known. */
  readonly size: number | null;
  readonly md5: string | null;
  /**
   * Milliseconds since the epoch. Where no MD5 is known the file must have been there, untouched, before: its ctime
   * tells, which no program can set. A neighbour's `chown` moves it too; then the file is kept for nothing.
   */
  readonly before: number;
  /** Whether nobody else has ended this removal meanwhile: asked again before the last step, see {@link removeKnown}. */
  stillDue(): Promise<boolean>;
}

/**
 * `left`: what lies there is another file, or may be one. `aside`: another file came between two steps, and its path is
 * taken meanwhile, so that it stays in the folder for what was moved aside.
 */
export type KnownRemoval = 'removed' | 'left' | 'aside';

/**
 * Removes a file at a path that others may write to as well, if it is still the one that is meant. It is looked at in
 * its place, moved to a name of its own, which overwrites nothing, and unlinked when it is what was looked at; else it
 * is linked back. A crash leaves it under that name, which says what was looked at: calling this again finishes it.
 *
 * A path can be used again as soon as its removal has ended, even for the same bytes (a file that leaving settles there), while
 * another process still stands somewhere in here on behalf of the old one. So the last question, when the file is out of
 * everybody's reach, is whether the removal is still due. If it is, it was so ever since it was condemned, and as long as it is
 * nobody may record the path, and nobody writes to a path unrecorded: the file was moved aside before any new one could come.
 * If it is not, the file may be a new one and is linked back. Asked before the file is moved, too, it costs no reader a moment
 * without the file but in the rarest case; on that question alone nothing rests.
 * @param folder for what is moved aside, on the same file system; made when it is needed
 * @throws what the file system says; nothing is lost then
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
 * Another process was faster. What it has in hand is finished here: it may have crashed since, and where it has not, this removal
 * would end before its question, and the file be put back for good.
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

/** Unlinks what was moved aside, or puts back what is not to be removed. @returns false when its path is taken */
async function finish(aside: string, path: string, known: KnownFile): Promise<boolean> {
  const found = await statOrNone(aside);
  if (!found) return true; // another process was faster
  const [id = ''] = basename(aside).split('.');
  const isMeant = basename(aside) === asideName(Number(id), found);
  // not knowing is no leave: what is put back is removed another time
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

/** @returns false when its path is taken */
async function putBack(aside: string, path: string, found: BigIntStats): Promise<boolean> {
  try {
    await publish(aside, path, 0o755);
    return true;
  } catch (error) {
    // another process had it in hand as well, and has finished it
    if (errnoOf(error) === 'ENOENT' && !(await statOrNone(aside))) return true;
    if (errnoOf(error) !== 'EEXIST') throw error;
    const taken = await statOrNone(path);
    if (taken?.ino !== found.ino || taken.dev !== found.dev) return false;
    // put back already, before a crash
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
