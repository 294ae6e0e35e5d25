import type { AreaId } from '../../ownership';
import type { DatabaseIdentity } from './database-identity';

/** A part of a bucket that one database owns: all names with a prefix. */
export interface Area {
  readonly id: AreaId;
  /** The endpoint in a spelling that all its names have in common, see `endpointIdentity`. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly prefix: string;
}

/** The words of this database about its ownership of an area. */
export interface OwnerRecord {
  /** The id of the owner. A claim draws a new one. */
  readonly owner: string;
  /** A number that grows whenever the owner gives a sign of life. */
  readonly epoch: number;
  /** A random id that belongs to this epoch. A copy of this database never draws the same one. */
  readonly token: string;
  /** The last token that the marker surely had; null before the first one. It differs from `token` while a new one is on its way. */
  readonly inMarker: string | null;
  /** The database that wrote this record; null where it told nothing about itself. */
  readonly identity: DatabaseIdentity | null;
  /** The owner that the marker named when this database was not in step with it; null while it is. Without a marker, this one counts. */
  readonly supersededBy: string | null;
}

/** Knows which areas this database owns. The records lie in the database, so that a copy of it has a copy of them. */
export interface OwnerBook {
  /** Returns undefined for an area that this database has never owned. */
  find(area: AreaId): Promise<OwnerRecord | undefined>;
  /** Returns the records of all areas that have this owner: one area may have several, under different names of one server. */
  ofOwner(owner: string): Promise<OwnerRecord[]>;
  /** Returns the areas at an endpoint and bucket that this database owns or has owned. */
  areas(endpoint: string, bucket: string): Promise<Area[]>;
  /** Writes the record of an area that has none. Returns false, and changes nothing, if it has one. */
  create(area: Area, record: OwnerRecord): Promise<boolean>;
  /**
   * Replaces the record if its token is still `ifToken`. Of several processes of one database, one succeeds.
   * @returns whether it has replaced the record
   */
  replace(area: AreaId, ifToken: string, record: OwnerRecord): Promise<boolean>;
  /** Removes the record if its token is still `ifToken`. */
  remove(area: AreaId, ifToken: string): Promise<void>;
}
