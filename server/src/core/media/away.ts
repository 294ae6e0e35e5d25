import type { ObjectKey } from '../keys';

/** Knows the files that somebody may have changed while this plugin was away, and of which the ledger may know old bytes only. */
export interface AwayGate {
  /** Whether {@link ready} would answer true at once. */
  isReady(key: ObjectKey): boolean;
  /**
   * Makes sure that the ledger knows the newest bytes of a key, and waits for that no longer than a visitor stays. Never rejects.
   * @returns false if the disk or the database has not told in time
   */
  ready(key: ObjectKey): Promise<boolean>;
}
