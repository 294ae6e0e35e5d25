import type { Clock } from '../clock';
import type { Leases } from '../leases/leases';

/** Leases that only this process sees. For tests. */
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
