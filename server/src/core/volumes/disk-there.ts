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
 * Whether the uploads folder still is the one with this volume's id: an empty mount point has none, and would show every file as gone, and
 * so would a copy that is in use under the same id.
 */
export async function isDiskThere({ disk, volume }: DiskThereDeps): Promise<boolean> {
  return volume.established && !volume.hasTwin && disk.exists(`${OWN_FOLDER}/volume`);
}

/** To be asked before anything writes the id anew. @throws StorageError DISK_ERROR when the disk is not there, which the log tells; VOLUME_TWIN */
export async function requireDisk(deps: DiskThereDeps & { readonly log: Logger }, operation: string): Promise<void> {
  if (await isDiskThere(deps)) return;
  if (deps.volume.hasTwin) throw new StorageError('VOLUME_TWIN', { operation, refused: true });
  deps.log.warn(`${operation}: the uploads folder has lost ${OWN_FOLDER}/volume: its disk seems not to be mounted. Mount it, or restart Strapi if the folder is meant to be a new one`);
  throw new StorageError('DISK_ERROR', { operation, refused: true });
}
