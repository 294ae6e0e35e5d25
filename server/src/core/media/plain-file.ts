import { isStorageError } from '../errors';
import type { LocalStat, LocalStore } from '../store/local/local-store';

/** The file of a name, or undefined when there is none. @throws StorageError DISK_ERROR */
export async function statOf(disk: LocalStore, name: string): Promise<LocalStat | undefined> {
  try {
    return await disk.stat(name);
  } catch (error) {
    if (isStorageError(error, 'OBJECT_NOT_FOUND')) return undefined;
    throw error;
  }
}
