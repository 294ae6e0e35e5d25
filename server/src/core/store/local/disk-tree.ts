import type { Dir } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { diskError, errnoOf } from './disk-errors';

export interface DiskFile {
  /** Path relative to the folder, with slashes. */
  readonly name: string;
  readonly size: number;
  /** Time of the last change, in milliseconds since the epoch. */
  readonly mtimeMs: number;
}

/** All files below one folder. */
export interface DiskTree {
  /**
   * Yields each file once, in no particular order. It holds only the next few entries of a folder in memory. It follows no links, and
   * it leaves out files that vanish during the walk.
   * @throws StorageError DISK_ERROR
   */
  files(): AsyncIterable<DiskFile>;
}

export function diskTree(root: string): DiskTree {
  return { files: () => filesBelow(root, '') };
}

async function* filesBelow(root: string, folder: string): AsyncGenerator<DiskFile> {
  const entries = await ifThere(root, (): Promise<Dir> => opendir(join(root, folder)));
  if (!entries) return;
  for await (const entry of entries) {
    const name = folder ? `${folder}/${entry.name}` : entry.name;
    if (entry.isDirectory()) yield* filesBelow(root, name);
    if (!entry.isFile()) continue;
    const found = await ifThere(root, () => lstat(join(root, name)));
    if (found?.isFile()) yield { name, size: found.size, mtimeMs: found.mtimeMs };
  }
}

async function ifThere<T>(root: string, look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw diskError(error, { operation: 'list', subject: root });
  }
}
