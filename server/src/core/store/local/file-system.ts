import { statfs } from 'node:fs/promises';

/** Linux's numbers of file systems whose files are gone when a container or a machine is. */
const CONTAINER_LAYER = 0x794c7630;
const IN_MEMORY: readonly number[] = [0x01021994, 0x858458f6];

/** The number of the file system that a folder lies in; rejects where the platform does not tell. */
export async function fileSystemType(folder: string): Promise<number> {
  return (await statfs(folder)).type;
}

/** `overlay`: a container's own layer; `memory`: tmpfs or ramfs; null: another one, which says nothing of how long it stays. */
export function ephemeralKind(type: number): 'overlay' | 'memory' | null {
  // signed on some platforms
  const number = type >>> 0;
  if (number === CONTAINER_LAYER) return 'overlay';
  return IN_MEMORY.includes(number) ? 'memory' : null;
}
