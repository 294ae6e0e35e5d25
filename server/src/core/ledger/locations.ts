import type { Location, LocationId, Proof } from './words';

/** The locations that the ledger knows, and the proof that works in each. The promises of `Ledger` hold for every method. */
export interface LedgerLocations {
  /**
   * Returns the id of a location, which is the same for the same endpoint, region and bucket for ever. A caller inside a transaction
   * of the host must not remember a new id, because a rollback takes it back.
   */
  locationId(location: Location): Promise<LocationId>;

  locations(): Promise<readonly (Location & { id: LocationId })[]>;

  /** Returns the proof that works for uploads to this location; null when it is not known yet. */
  proofOf(location: LocationId): Promise<Proof | null>;

  noteProof(location: LocationId, proof: Proof): Promise<void>;
}
