import type { VolumeId } from '../keys';

/** The progress of the inventory of one disk. */
export interface Inventory {
  /** Id of the last file of the media library that the inventory looked at. */
  readonly position: number;
  /** The highest id of the range that it completed, {@link UNLIMITED} for the whole library; null when it is not complete. */
  readonly completedTo: number | null;
  /** Number of names so far that another upload provider keeps. */
  readonly otherProviders: number;
  /** Number of names so far that were found nowhere. */
  readonly missing: number;
  /** A number that changes each time the inventory is to begin anew. */
  readonly generation: number;
}

export const UNLIMITED = Number.MAX_SAFE_INTEGER;

export const NO_INVENTORY: Inventory = { position: 0, completedTo: null, otherProviders: 0, missing: 0, generation: 0 };

/** The inventories of all disks. The ledger's `retry` makes them begin anew when a missing file is to be looked for again. */
export interface Inventories {
  /** Returns the inventory of a disk, or {@link NO_INVENTORY} when none was ever begun. */
  of(volume: VolumeId): Promise<Inventory>;
  /** Stores an inventory. @returns false when it has to begin anew since it was read; nothing has changed then */
  save(volume: VolumeId, inventory: Inventory): Promise<boolean>;
}
