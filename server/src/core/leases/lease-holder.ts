import type { Clock } from '../clock';
import { codeOf } from '../errors';
import type { Logger } from '../log';
import type { Leases } from './leases';

/** The pieces of work that one process at a time does. They stand here together, so that no two get the same name. The ledger uses `tallies`. */
export type LeasedWork = 'absence' | 'cleaning' | 'recount' | `settling:${string}` | `job:${string}`;

/** Length of a lease in milliseconds. For this time nobody takes over the work of a killed process. */
const LEASE_MS = 60_000;
/** Interval at which a lease is renewed, in milliseconds. */
const RENEWED_AFTER_MS = 20_000;

/** The leases of one process. */
export class LeaseHolder {
  /** The work that this process does now. A lease does not keep its own holder out, so this set does. */
  readonly #held = new Set<LeasedWork>();

  /** @param holder name of this process, which no other process has */
  constructor(
    private readonly leases: Leases,
    private readonly holder: string,
    private readonly clock: Pick<Clock, 'sleep'>,
    private readonly log: Logger,
  ) {}

  /**
   * Does work under a lease. It renews the lease meanwhile, and gives it back afterwards even if the work failed.
   * @returns false, with nothing done, if another process holds the lease, or other work of this process does
   */
  async during(name: LeasedWork, work: () => Promise<unknown>): Promise<boolean> {
    if (this.#held.has(name)) return false;
    this.#held.add(name);
    try {
      return await this.#underLease(name, work);
    } finally {
      this.#held.delete(name);
    }
  }

  async #underLease(name: LeasedWork, work: () => Promise<unknown>): Promise<boolean> {
    if (!(await this.leases.acquire(name, this.holder, LEASE_MS))) return false;
    const over = new AbortController();
    const renewals = this.#renew(name, over.signal);
    try {
      await work();
    } finally {
      over.abort();
      await renewals;
      await this.leases.release(name, this.holder);
    }
    return true;
  }

  async #renew(name: LeasedWork, over: AbortSignal): Promise<void> {
    for (;;) {
      try {
        await this.clock.sleep(RENEWED_AFTER_MS, over);
      } catch {
        return; // the work has ended
      }
      // if this fails, at worst another process does the same work at the same time
      await this.leases.acquire(name, this.holder, LEASE_MS).catch((error: unknown) => this.log.debug(`the lease of ${name} could not be renewed: ${codeOf(error)}`));
    }
  }
}
