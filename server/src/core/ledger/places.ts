import type { Location, LocationId, Proof } from './words';

/** The places in S3 that the ledger knows, and what is known of each. The promises of `Ledger` hold for every method. */
export interface LedgerPlaces {
  /**
   * The id of a place in S3, the same for the same triple for ever. Not to be remembered when it was first asked for
   * inside a transaction of the host's: a rollback takes it back.
   */
  locationId(location: Location): Promise<LocationId>;

  locations(): Promise<readonly (Location & { id: LocationId })[]>;

  /** What proves uploads to this place, as far as it is known. */
  proofOf(location: LocationId): Promise<Proof | null>;

  noteProof(location: LocationId, proof: Proof): Promise<void>;
}
