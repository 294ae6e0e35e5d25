import type { Clock } from '../clock';
import { codeOf } from '../errors';
import type { Logger } from '../log';
import type { Leases } from './leases';

/** The works that one process at a time does, in one place so that no two have the same name. `tallies` is taken, by the ledger. */
export type LeasedWork = 'cleaning' | 'recount' | `settling:${string}` | `job:${string}`;

/** How long the work of a process that was killed is left alone, in milliseconds. */
const LEASE_MS = 60_000;
const RENEWED_AFTER_MS = 20_000;

/** The leases of one process. */
export class LeaseHolder {
  /** A lease does not keep its own holder out, so what this process is at is kept here. */
  readonly #held = new Set<LeasedWork>();

  /** @param holder this process's, and nobody else's */
  constructor(
    private readonly leases: Leases,
    private readonly holder: string,
    private readonly clock: Pick<Clock, 'sleep'>,
    private readonly log: Logger,
  ) {}

  /**
   * Works under a lease that is renewed meanwhile and given back afterwards, however the work ended.
   * @returns false, with nothing done, while another process holds it, or another work of this one
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
      // at worst another process does the same work at the same time
      await this.leases.acquire(name, this.holder, LEASE_MS).catch((error: unknown) => this.log.debug(`the lease of ${name} could not be renewed: ${codeOf(error)}`));
    }
  }
}
