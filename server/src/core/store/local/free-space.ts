import { statfs } from 'node:fs/promises';

/** The space of a file system, in bytes. */
export interface DiskSpace {
  /** Space that this process may still use, in bytes. */
  readonly free: number;
  readonly total: number;
}

/** Returns the space of the file system in which a folder lies. It rejects where the platform does not tell. */
export async function spaceOf(folder: string): Promise<DiskSpace> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { free: bavail * bsize, total: blocks * bsize };
}

/** Smallest reserve, in bytes. */
const LEAST_RESERVE = 256 * 1024 * 1024;
/** Reserve as a fraction of the whole file system. */
const RESERVED_SHARE = 0.02;

/** Returns the space that stays free for everything else that writes to the disk, in bytes. */
export function reserveOf({ total }: DiskSpace): number {
  return Math.max(LEAST_RESERVE, Math.ceil(total * RESERVED_SHARE));
}
