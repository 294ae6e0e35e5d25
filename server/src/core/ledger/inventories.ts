import type { VolumeId } from '../keys';

/** How far the inventory of one disk is. */
export interface Inventory {
  /** Id of the last file of the media library that was looked at. */
  readonly position: number;
  /** The id up to which it went through to its end, {@link UNLIMITED} for all; null: not yet. */
  readonly completedTo: number | null;
  /** Names that another upload provider keeps, and names that were found nowhere, of those looked at. */
  readonly otherProviders: number;
  readonly missing: number;
  /** Another one each time the inventory is to begin anew. */
  readonly generation: number;
}

export const UNLIMITED = Number.MAX_SAFE_INTEGER;

export const NO_INVENTORY: Inventory = { position: 0, completedTo: null, otherProviders: 0, missing: 0, generation: 0 };

/** The inventories of all disks. The ledger's `retry` makes them begin anew where a missing file is to be looked for again. */
export interface Inventories {
  /** {@link NO_INVENTORY} for a disk that none was ever taken of. */
  of(volume: VolumeId): Promise<Inventory>;
  /** @returns false when the inventory is to begin anew since it was read; nothing has changed then */
  save(volume: VolumeId, inventory: Inventory): Promise<boolean>;
}
