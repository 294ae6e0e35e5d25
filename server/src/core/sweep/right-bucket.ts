import { isStorageError } from '../errors';
import type { LocationId } from '../ledger/words';
import { isIn, remoteOf, type LedgerRow } from '../ledger/state';
import type { SweepParts } from './deps';

/** The most rows, in S3 alone and on the disk too, whose objects are looked for. */
const WITNESSES = 10;

/**
 * Whether a location leads to the bucket that the ledger knows: one that was made anew, or is another one by mistake, has lost
 * everything, which proves nothing of any single object. Meant for one run: a bucket that did not prove itself is not asked again.
 */
export class RightBucket {
  readonly #witnesses = new Map<LocationId, LedgerRow | 'none'>();

  constructor(private readonly deps: SweepParts) {}

  /** Whether it has, just now, the object of any other row, as it was stored. False also where S3 does not say. */
  async isProven(location: LocationId): Promise<boolean> {
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

  /** Others each time, as those may be lost as well. */
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

  async #isThere(row: LedgerRow): Promise<boolean> {
    if (!isIn(row, 'both', 'remote')) return false;
    const { remote, content } = row.placement;
    try {
      const facts = await this.deps.buckets.storeAt(remote.locationId)?.head(remote.object);
      return facts?.size === content.size && facts.etag !== null && facts.etag === remote.etag;
    } catch (error) {
      if (!isStorageError(error)) throw error;
      return false;
    }
  }
}
