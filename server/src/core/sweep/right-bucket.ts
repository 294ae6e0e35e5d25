import { isWitness, WITNESSES } from '../buckets/witnesses';
import type { LocationId } from '../ledger/words';
import { remoteOf, type LedgerRow } from '../ledger/state';
import type { SweepParts } from './deps';

/**
 * Tells whether a location leads to the bucket that the ledger knows. A bucket that somebody made anew, or another bucket by mistake, has
 * lost everything, which proves nothing about any single object. An instance serves one run: it does not ask a bucket again that did
 * not prove itself.
 */
export class RightBucket {
  readonly #witnesses = new Map<LocationId, LedgerRow | 'none'>();
  /** The looks that are under way. Whoever needs the same proof meanwhile shares it. */
  readonly #looks = new Map<LocationId, Promise<boolean>>();

  constructor(private readonly deps: SweepParts) {}

  /** Whether the bucket has, at this moment, the object of any witness as it was stored. False also if S3 does not answer. */
  isProven(location: LocationId): Promise<boolean> {
    let look = this.#looks.get(location);
    if (!look) {
      look = this.#look(location).finally(() => this.#looks.delete(location));
      this.#looks.set(location, look);
    }
    return look;
  }

  async #look(location: LocationId): Promise<boolean> {
    const known = this.#witnesses.get(location);
    if (known === 'none') return false;
    if (known && (await this.#isThere(known))) return true;
    for (const row of await this.#rows()) {
      if (remoteOf(row)?.locationId !== location || !(await this.#isThere(row))) continue;
      this.#witnesses.set(location, row);
      return true;
    }
    this.#witnesses.set(location, 'none');
    return false;
  }

  /** Returns the candidates for a witness. They are others each time, because the former ones may be lost as well. */
  async #rows(): Promise<LedgerRow[]> {
    const { ledger, clock } = this.deps;
    const tallies = await ledger.tallies();
    const rows: LedgerRow[] = [];
    for (const state of ['remote', 'both'] as const) {
      const offset = Math.floor(Math.max(0, tallies[state].count - WITNESSES) * clock.random());
      rows.push(...(await ledger.list({ state }, { offset, limit: WITNESSES })));
    }
    return rows.filter(({ lastError }) => lastError === null);
  }

  #isThere(row: LedgerRow): Promise<boolean> {
    const remote = remoteOf(row);
    return isWitness(remote && this.deps.buckets.storeAt(remote.locationId), row);
  }
}
