import type { KnownFile, KnownRemoval } from './known-removal';
import type { ObjectStore } from '../object-store';

export interface LocalStat {
  readonly size: number;
  /** Time of the last change, in milliseconds since the epoch, with fractions. */
  readonly mtimeMs: number;
  readonly ino: number;
  readonly dev: number;
}

/**
 * A disk. It keeps objects as an {@link ObjectStore} does and refuses to overwrite. Others may put files on it and take files away. It
 * does not list: callers that look for files walk through the folders (`disk-tree.ts`), because such a walk needs neither the order nor
 * the pages of a bucket. It does not presign either, because files on a disk have no URL of their own.
 */
export interface LocalStore extends Omit<ObjectStore, 'list' | 'presign'> {
  /** Whether there is a file of this name. @throws StorageError INVALID_KEY, DISK_ERROR */
  exists(name: string): Promise<boolean>;

  /** Returns the bytes of a small file, or undefined where its size is not `size` bytes. @throws StorageError OBJECT_NOT_FOUND, DISK_ERROR */
  bytes(name: string, size: number): Promise<Buffer | undefined>;

  /** Returns the facts that show whether a file is still the one that was looked at before. @throws StorageError OBJECT_NOT_FOUND */
  stat(name: string): Promise<LocalStat>;

  /**
   * Gives a file a durable second name, unless a file of other bytes has that name already. Where a file of the same bytes has it, that
   * file stays and the name counts as given.
   * @returns false when the name is taken
   * @throws StorageError OBJECT_NOT_FOUND, NAME_UNFIT for a second name that the file system does not take, DISK_FULL, DISK_ERROR. The
   *   first name stays as it was in any case.
   */
  giveName(name: string, second: string): Promise<boolean>;

  /** Removes a file at a path to which others may write as well, if it is still the `known` one. @throws StorageError DISK_ERROR */
  removeKnown(name: string, known: KnownFile, signal?: AbortSignal): Promise<KnownRemoval>;
}
