import type { KnownFile, KnownRemoval } from './known-removal';
import type { ObjectStore } from '../object-store';

export interface LocalStat {
  readonly size: number;
  /** Milliseconds since the epoch, with fractions. */
  readonly mtimeMs: number;
  readonly ino: number;
  readonly dev: number;
}

/**
 * A disk: it keeps objects as an {@link ObjectStore} does, refuses to overwrite, and others may put files on it and take them away. It
 * neither lists nor presigns: who looks for files walks through the folders (`disk-tree.ts`), which must not depend on the order and
 * the pages of a bucket, and files on a disk have no URL of their own.
 */
export interface LocalStore extends Omit<ObjectStore, 'list' | 'presign'> {
  /** Whether there is a file of this name. @throws StorageError INVALID_KEY, DISK_ERROR */
  exists(name: string): Promise<boolean>;

  /** The bytes of a file that has so many; undefined where it has more, or fewer. For small ones. @throws StorageError OBJECT_NOT_FOUND, DISK_ERROR */
  bytes(name: string, size: number): Promise<Buffer | undefined>;

  /** What tells whether a file is still the one that was looked at before. @throws StorageError OBJECT_NOT_FOUND */
  stat(name: string): Promise<LocalStat>;

  /**
   * Gives a file a second name, durably, unless a file of other bytes has it already. One of the same bytes is left there, and
   * counts as given.
   * @returns false when the name is taken
   * @throws StorageError OBJECT_NOT_FOUND, NAME_UNFIT for a second name that the file system does not take, DISK_FULL, DISK_ERROR; the first name is as it was in any case
   */
  giveName(name: string, second: string): Promise<boolean>;

  /** Removes a file at a path that others may write to as well, if it is still the one that is known. @throws StorageError DISK_ERROR */
  removeKnown(name: string, known: KnownFile, signal?: AbortSignal): Promise<KnownRemoval>;
}
