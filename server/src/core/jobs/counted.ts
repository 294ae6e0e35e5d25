import type { Buckets } from '../buckets/buckets';
import type { RunProgress } from '../runner/run-progress';
import type { ObjectStore } from '../store/object-store';
import { withCount } from '../store/resilience/decorators';

/** Returns the same parts, with buckets that count the requests to S3. A request that is attempted again counts once. */
export function counted<D extends { buckets: Buckets }>(deps: D, progress: RunProgress): D {
  return { ...deps, buckets: countedBuckets(deps.buckets, progress) };
}

function countedBuckets(buckets: Buckets, progress: RunProgress): Buckets {
  const counted = (store: ObjectStore) => withCount(store, (request) => progress.requested(request));
  const orNone = (store: ObjectStore | undefined) => store && counted(store);
  return {
    get writable() {
      const { writable } = buckets;
      return writable && { ...writable, store: counted(writable.store) };
    },
    get readable() {
      const { readable } = buckets;
      return readable && { ...readable, store: counted(readable.store) };
    },
    get breaker() {
      return buckets.breaker;
    },
    storeAt: (location) => orNone(buckets.storeAt(location)),
    removableAt: async (...of) => orNone(await buckets.removableAt(...of)),
    isElsewhere: (location) => buckets.isElsewhere(location),
    standInFor: (location) => orNone(buckets.standInFor(location)),
  };
}
