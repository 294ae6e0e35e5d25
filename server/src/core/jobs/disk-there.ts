import { StorageError } from '../errors';
import { OWN_FOLDER } from '../keys';
import type { EngineParts } from '../media/deps';

/** Whether the uploads folder still is the one with this volume's id: an empty mount point has none, and would show every file as gone. */
export async function isDiskThere({ disk, volume }: Pick<EngineParts, 'disk' | 'volume'>): Promise<boolean> {
  return volume.established && disk.exists(`${OWN_FOLDER}/volume`);
}

/** To be asked before anything writes the id anew. @throws StorageError DISK_ERROR when the disk is not there; told in the log */
export async function requireDisk(deps: Pick<EngineParts, 'disk' | 'volume' | 'log'>, operation: string): Promise<void> {
  if (await isDiskThere(deps)) return;
  deps.log.warn(`${operation}: the uploads folder has lost ${OWN_FOLDER}/volume: its disk seems not to be mounted. Mount it, or restart Strapi if the folder is meant to be a new one`);
  throw new StorageError('DISK_ERROR', { operation, refused: true });
}
