/**
 * Who of several processes does a work that one at a time is to do. A lease only saves double work: its holder may stand
 * still past the end of it, and another go on meanwhile. Times are of the database's clock.
 */
export interface Leases {
  /**
   * Takes the lease for so many milliseconds from now, or renews one's own.
   * @param name at most 64 characters
   * @param holder at most 128 characters, and nobody else's
   * @returns false while another holds it
   */
  acquire(name: string, holder: string, forMs: number): Promise<boolean>;
  /** Gives one's own lease back; no effect on another's. */
  release(name: string, holder: string): Promise<void>;
  /** Who holds a lease that has not ended, each once. */
  holders(): Promise<string[]>;
  /** Gives all leases of a holder back, of one that has died, say. */
  releaseAll(holder: string): Promise<void>;
  /** Forgets the leases that have ended. */
  forgetEnded(): Promise<void>;
}
