import type { ObjectKey } from '../keys';

/** The CMS's own list of files: what nobody lists any more may be purged, and only what is listed is served on trust. */
export interface MediaCatalog {
  /** Which of the keys the library lists: as main file, as a format of an image, or as an admin logo. */
  listed(keys: readonly ObjectKey[]): Promise<ReadonlySet<ObjectKey>>;
}
