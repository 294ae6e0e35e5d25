import type { Buckets } from '../buckets/buckets';
import type { RunProgress } from '../runner/run-progress';
import type { PatientStore } from '../store/patience';

/** The same parts, whose requests to S3 are counted. An attempt that is repeated counts once. */
export function counted<D extends { buckets: Buckets }>(deps: D, progress: RunProgress): D {
  return { ...deps, buckets: countedBuckets(deps.buckets, progress) };
}

function countedBuckets(buckets: Buckets, progress: RunProgress): Buckets {
  const orNone = (store: PatientStore | undefined) => store && countedStore(store, progress);
  return {
    get writable() {
      const { writable } = buckets;
      return writable && { ...writable, store: countedStore(writable.store, progress) };
    },
    get readable() {
      const { readable } = buckets;
      return readable && { ...readable, store: countedStore(readable.store, progress) };
    },
    get breaker() {
      return buckets.breaker;
    },
    storeAt: (location) => orNone(buckets.storeAt(location)),
    standInFor: (location) => orNone(buckets.standInFor(location)),
    listAt: (location) => buckets.listAt(location),
  };
}

function countedStore(store: PatientStore, progress: RunProgress): PatientStore {
  return {
    put(name, body, options) {
      progress.requested('put');
      return store.put(name, body, options);
    },
    head(name, options) {
      progress.requested('head');
      return store.head(name, options);
    },
    get(name, options) {
      progress.requested('get');
      return store.get(name, options);
    },
    delete(name, options) {
      progress.requested('delete');
      return store.delete(name, options);
    },
    abortWrites: (name, options) => store.abortWrites(name, options),
  };
}
