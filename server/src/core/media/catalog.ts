import type { ObjectKey } from '../keys';

/** The media library's list of files. A buried key may be purged once it is not listed; an unproven file is served only if it is listed. */
export interface MediaCatalog {
  /**
   * Returns those of the keys that the library lists: as a main file, as a format of an image, or as a logo of the admin panel. The call
   * is cheap enough for each visitor: one key costs one short query of an index, whatever the key and the size of the library. The
   * answer may lack a name that Strapi would not have given, if the name was written a moment ago or the whole library was never read.
   * @throws StorageError UNAVAILABLE while the first walk through the library goes on, if only that walk can tell
   */
  listed(keys: readonly ObjectKey[]): Promise<ReadonlySet<ObjectKey>>;

  /**
   * Returns the same, but never leaves a listed key out, whatever its name. Each caller that may remove something asks here. The call
   * looks at the changes in the library since the last call, so that its cost does not grow with the library. The first time, and a
   * few times a day, it walks through the whole library, and lets the process do other things meanwhile.
   * @throws StorageError UNAVAILABLE if it would take longer than `patienceMs`
   */
  listedAnywhere(keys: readonly ObjectKey[], options?: ListedOptions): Promise<ReadonlySet<ObjectKey>>;
}

export interface ListedOptions {
  /** Walk through the whole library in any case. Only a walk sees changes that somebody made in the database without Strapi. */
  rescan?: boolean;
  /** Longest time that the call may take, in milliseconds; undefined: any time. */
  patienceMs?: number;
}
