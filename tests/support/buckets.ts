import type { Buckets } from '../../server/src/core/buckets/buckets';

/** The buckets with some of their members replaced. Each call asks the buckets anew, because settings may change the answer. */
export function bucketsWith(buckets: Buckets, given: Partial<Buckets>): Buckets {
  return {
    get writable() {
      return 'writable' in given ? given.writable : buckets.writable;
    },
    get readable() {
      return 'readable' in given ? given.readable : buckets.readable;
    },
    get breaker() {
      return 'breaker' in given ? given.breaker : buckets.breaker;
    },
    storeAt: given.storeAt ?? ((location) => buckets.storeAt(location)),
    removableAt: given.removableAt ?? (async (location, name) => ((await buckets.removableAt(location, name)) ? (given.storeAt ?? buckets.storeAt.bind(buckets))(location) : undefined)),
    isElsewhere: given.isElsewhere ?? ((location) => buckets.isElsewhere(location)),
    standInFor: given.standInFor ?? ((location) => buckets.standInFor(location)),
  };
}
