/**
 * Decides which of several processes does a piece of work that only one should do at a time. A lease only saves double work: its holder may
 * stand still past the end of the lease, and another process may go on meanwhile. Times are the database's.
 */
export interface Leases {
  /**
   * Takes the lease for `forMs` milliseconds from now, or renews it if `holder` has it already.
   * @param name name of the lease, of at most 64 characters
   * @param holder name of the caller, of at most 128 characters, which nobody else has
   * @returns false if another holder has the lease
   */
  acquire(name: string, holder: string, forMs: number): Promise<boolean>;
  /** Gives the lease back if `holder` has it. It has no effect on the lease of another holder. */
  release(name: string, holder: string): Promise<void>;
  /** Returns the holders of leases that have not ended, each of them once. */
  holders(): Promise<string[]>;
  /** Gives all leases of a holder back, for instance because it has died. */
  releaseAll(holder: string): Promise<void>;
  /** Forgets the leases that have ended. */
  forgetEnded(): Promise<void>;
}
