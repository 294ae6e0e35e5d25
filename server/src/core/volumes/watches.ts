import type { VolumeId } from '../keys';

/** The extent of the media library at one moment. */
export interface LibraryExtent {
  /** The highest id of a file; 0 in an empty library. */
  readonly lastId: number;
  /** The number of files. */
  readonly files: number;
}

/** The last look at what Strapi had changed. */
export interface Watch {
  /** Time since the moment up to which every change was looked at, in milliseconds of the database's clock. */
  readonly unwatchedMs: number;
  /** The extent of the library at that moment; null where only an earlier version of this plugin was there, which noted less. */
  readonly extent: LibraryExtent | null;
}

/**
 * Knows, for each uploads folder, when a process of this plugin last looked at what Strapi had changed. Whatever Strapi changes later, it
 * may have changed while the plugin was switched off.
 */
export interface Watches {
  /**
   * Returns the last look at this volume. A volume that has none counts as watched up to its last sign of life in the {@link VolumeRegistry},
   * and a volume that was never seen up to the last look at, or sign of, any other one. Undefined when the plugin has never run.
   */
  last(volume: VolumeId): Promise<Watch | undefined>;
  /** Notes that every change up to `agoMs` milliseconds ago was looked at. */
  note(volume: VolumeId, agoMs: number, extent: LibraryExtent): Promise<void>;
}
