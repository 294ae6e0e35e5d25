import type { LedgerReports } from '../../ledger/reports';
import type { LocationId, Place } from '../../ledger/words';
import type { Buckets } from '../../buckets/buckets';
import type { Clock } from '../../clock';

/** Time for which a count is remembered, in milliseconds. A count reads the whole ledger. */
const REMEMBERED_MS = 30_000;
/** The same for a count of none, in milliseconds: only rare repairs put a file outside the present place again. */
const NONE_REMEMBERED_MS = 10 * 60_000;

export interface Amount {
  readonly count: number;
  readonly bytes: number;
}

export interface OutsideParts {
  readonly ledger: Pick<LedgerReports, 'outside'>;
  readonly buckets: Pick<Buckets, 'readable'>;
  readonly clock: Pick<Clock, 'elapsed'>;
}

/** The files of one location. */
export interface Group extends Amount {
  readonly location: LocationId;
}

interface Counted {
  readonly place: Place;
  readonly at: number;
  readonly groups: readonly Group[];
}

/** Counts the files whose object lies outside the bucket and prefix of the settings. Where S3 is off, no place is the present one, and there are none. */
export class Outside {
  #last: Counted | undefined;
  #underWay: Promise<readonly Group[]> | undefined;

  constructor(private readonly parts: OutsideParts) {}

  /** Returns the sum of {@link groups}. */
  async count(): Promise<Amount> {
    return sumOf(await this.groups());
  }

  /**
   * Returns the files by the location of their object. The numbers may be some seconds old: old ones are the answer once more, while the next
   * count is under way.
   */
  async groups(): Promise<readonly Group[]> {
    const place = this.parts.buckets.readable;
    if (!place) return [];
    const last = this.#last;
    const isOfHere = last?.place.locationId === place.locationId && last.place.prefix === place.prefix;
    if (isOfHere && this.parts.clock.elapsed() - last.at < (last.groups.length === 0 ? NONE_REMEMBERED_MS : REMEMBERED_MS)) return last.groups;
    this.#underWay ??= this.fresh().finally(() => (this.#underWay = undefined));
    if (!isOfHere) return this.#underWay;
    // nobody waits for this one, and the next question tries again
    this.#underWay.catch(() => undefined);
    return last.groups;
  }

  /** Counts now. */
  async fresh(): Promise<readonly Group[]> {
    const { ledger, buckets, clock } = this.parts;
    const place = buckets.readable;
    if (!place) return [];
    const { locationId, prefix } = place;
    const groups = await ledger.outside({ locationId, prefix });
    this.#last = { place: { locationId, prefix }, at: clock.elapsed(), groups };
    return groups;
  }
}

export function sumOf(groups: readonly Group[]): Amount {
  const sum = (of: keyof Amount) => groups.reduce((total, group) => total + group[of], 0);
  return { count: sum('count'), bytes: sum('bytes') };
}
