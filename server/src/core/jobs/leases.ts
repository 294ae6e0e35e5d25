import type { Clock } from '../clock';

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

/** Of this process only. For tests. */
export class MemoryLeases implements Leases {
  readonly #leases = new Map<string, { holder: string; expiresAt: number }>();

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  async acquire(name: string, holder: string, forMs: number): Promise<boolean> {
    const now = this.clock.now();
    const lease = this.#leases.get(name);
    if (lease && lease.holder !== holder && lease.expiresAt > now) return false;
    this.#leases.set(name, { holder, expiresAt: now + forMs });
    return true;
  }

  async release(name: string, holder: string): Promise<void> {
    if (this.#leases.get(name)?.holder === holder) this.#leases.delete(name);
  }

  async holders(): Promise<string[]> {
    const now = this.clock.now();
    return [...new Set([...this.#leases.values()].filter(({ expiresAt }) => expiresAt > now).map(({ holder }) => holder))];
  }

  async releaseAll(holder: string): Promise<void> {
    for (const [name, lease] of this.#leases) if (lease.holder === holder) this.#leases.delete(name);
  }

  async forgetEnded(): Promise<void> {
    const now = this.clock.now();
    for (const [name, { expiresAt }] of this.#leases) if (expiresAt <= now) this.#leases.delete(name);
  }
}
