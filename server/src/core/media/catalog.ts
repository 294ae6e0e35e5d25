import type { ObjectKey } from '../keys';

/** The CMS's own list of files: what nobody lists any more may be purged, and only what is listed is served on trust. */
export interface MediaCatalog {
  /**
   * Which of the keys the library lists: as main file, as a format of an image, or as an admin logo. A format is found by what Strapi
   * names it after its file; one that something else has named otherwise may be left out. Cheap enough to be asked for every visitor.
   */
  listed(keys: readonly ObjectKey[]): Promise<ReadonlySet<ObjectKey>>;

  /**
   * The same, and none is left out, whatever its name: what leads to a removal is asked here. Goes through the whole library, once for
   * all keys, and lets the process do other things meanwhile.
   */
  listedAnywhere(keys: readonly ObjectKey[]): Promise<ReadonlySet<ObjectKey>>;
}
