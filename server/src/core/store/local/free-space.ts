import { statfs } from 'node:fs/promises';

/** A file system's room, in bytes. */
export interface DiskSpace {
  /** What this process may still use. */
  readonly free: number;
  readonly total: number;
}

/** The room of the file system that a folder lies in; rejects where the platform does not tell. */
export async function spaceOf(folder: string): Promise<DiskSpace> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { free: bavail * bsize, total: blocks * bsize };
}

const LEAST_RESERVE = 256 * 1024 * 1024;
const RESERVED_SHARE = 0.02;

/** What is to stay free for everything else that writes to the disk, in bytes. */
export function reserveOf({ total }: DiskSpace): number {
  return Math.max(LEAST_RESERVE, Math.ceil(total * RESERVED_SHARE));
}
