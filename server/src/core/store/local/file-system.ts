import { statfs } from 'node:fs/promises';

/** Linux's numbers of file systems whose files vanish with their container or machine. */
const CONTAINER_LAYER = 0x794c7630;
const IN_MEMORY: readonly number[] = [0x01021994, 0x858458f6];

/** Returns the number of the file system in which a folder lies. It rejects where the platform does not tell. */
export async function fileSystemType(folder: string): Promise<number> {
  return (await statfs(folder)).type;
}

/** Returns `overlay` for a container's own layer, `memory` for tmpfs or ramfs, and null for others, which may or may not be lasting. */
export function ephemeralKind(type: number): 'overlay' | 'memory' | null {
  // some platforms return a signed number
  const number = type >>> 0;
  if (number === CONTAINER_LAYER) return 'overlay';
  return IN_MEMORY.includes(number) ? 'memory' : null;
}
