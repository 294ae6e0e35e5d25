import { StorageError } from '../errors';
import { OWN_FOLDER } from '../keys';
import type { Logger } from '../log';
import type { LocalStore } from '../store/local/local-store';
import type { Volume } from '../store/local/volume';

export interface DiskThereDeps {
  readonly disk: Pick<LocalStore, 'exists'>;
  readonly volume: Volume;
}

/**
 * Whether the uploads folder still is the one with this volume's id. An empty mount point has no id, and every file would look gone there.
 * A folder that has a twin does not count either, because it may lack files of the other one.
 */
export async function isDiskThere({ disk, volume }: DiskThereDeps): Promise<boolean> {
  return volume.established && !volume.hasTwin && disk.exists(`${OWN_FOLDER}/volume`);
}

/**
 * Requires that the disk is there. Callers must ask before anything writes the id anew.
 * @throws StorageError DISK_ERROR if the disk is not there, and the log then says so; VOLUME_TWIN if the volume has a twin
 */
export async function requireDisk(deps: DiskThereDeps & { readonly log: Logger }, operation: string): Promise<void> {
  if (await isDiskThere(deps)) return;
  if (deps.volume.hasTwin) throw new StorageError('VOLUME_TWIN', { operation, refused: true });
  deps.log.warn(`${operation}: the uploads folder has lost ${OWN_FOLDER}/volume: its disk seems not to be mounted. Mount it, or restart Strapi if the folder is meant to be a new one`);
  throw new StorageError('DISK_ERROR', { operation, refused: true });
}
