import { isStorageError } from '../errors';
import type { LocalStat, LocalStore } from '../store/local/local-store';

/** Returns the facts of the file under a name; undefined if there is none. @throws StorageError DISK_ERROR */
export async function statOf(disk: LocalStore, name: string): Promise<LocalStat | undefined> {
  try {
    return await disk.stat(name);
  } catch (error) {
    if (isStorageError(error, 'OBJECT_NOT_FOUND')) return undefined;
    throw error;
  }
}
