import type { ObjectKey } from '../keys';

/** The CMS's own list of files: what nobody lists any more may be purged, and only what is listed is served on trust. */
export interface MediaCatalog {
  /**
   * Which of the keys the library lists: as main file, as a format of an image, or as an admin logo. Cheap enough to be asked for
   * every visitor: for one key it costs one short question to an index, whatever the key and the size of the library. It may leave
   * out a name that Strapi would not have given, where that was written a moment ago or the library was never gone through.
   * @throws StorageError UNAVAILABLE while the library is gone through for the first time, where only that can tell
   */
  listed(keys: readonly ObjectKey[]): Promise<ReadonlySet<ObjectKey>>;

  /**
   * The same, and none is left out, whatever its name: what leads to a removal is asked here. Looks at what has changed in the
   * library since the last time, so that its cost does not grow with the library; the first time, and a few times a day, it goes
   * through the whole library, and lets the process do other things meanwhile.
   * @param options `rescan`: go through the whole library in any case. Strapi's own writes are seen without it; what somebody
   *   changed in the database behind Strapi's back is not. `patienceMs`: how long it may take.
   * @throws StorageError UNAVAILABLE when it would take longer than `patienceMs`
   */
  listedAnywhere(keys: readonly ObjectKey[], options?: ListedOptions): Promise<ReadonlySet<ObjectKey>>;
}

export interface ListedOptions {
  rescan?: boolean;
  patienceMs?: number;
}
