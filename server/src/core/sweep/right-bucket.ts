import { isStorageError } from '../errors';
import type { LocationId } from '../ledger/words';
import { isIn, remoteOf, type LedgerRow } from '../ledger/state';
import type { Buckets } from '../buckets/buckets';
import type { Clock } from '../clock';
import type { LedgerReports } from '../ledger/reports';

/** The parts that look for witnesses. */
export interface WitnessParts {
  readonly ledger: Pick<LedgerReports, 'tallies' | 'list'>;
  readonly buckets: Pick<Buckets, 'storeAt'>;
  readonly clock: Pick<Clock, 'random'>;
}

/** Greatest number of witnesses from the rows in state `remote`, and again from those in state `both`. */
const WITNESSES = 10;

/**
 * Tells whether a location leads to the bucket that the ledger knows. A bucket that somebody made anew, or another bucket by mistake, has
 * lost everything, which proves nothing about any single object. An instance serves one run: it does not ask a bucket again that did
 * not prove itself.
 */
export class RightBucket {
  readonly #witnesses = new Map<LocationId, LedgerRow | 'none'>();

  constructor(private readonly deps: WitnessParts) {}

  /** Whether the bucket has, at this moment, the object of any witness as it was stored. False also if S3 does not answer. */
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

  /** Whether the bucket proves itself by any witness at the location, or the ledger knows no object there that it could have. */
  async provesOrOwesNothing(location: LocationId): Promise<boolean> {
    const rows: LedgerRow[] = [];
    for (const state of ['remote', 'both'] as const) rows.push(...(await this.deps.ledger.list({ state, at: location }, { offset: 0, limit: WITNESSES })));
    for (const row of rows) if (await this.#isThere(row)) return true;
    return rows.length === 0;
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
