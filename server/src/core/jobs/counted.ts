import type { EngineParts } from '../media/deps';
import type { PatientStore } from '../store/patience';
import type { RunProgress } from '../runner/run-progress';

/** The same parts, whose requests to S3 are counted. An attempt that is repeated counts once. */
export function counted<D extends EngineParts>(deps: D, progress: RunProgress): D {
  const counting = (store: PatientStore): PatientStore => ({
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
  });
  return {
    ...deps,
    cloud() {
      const cloud = deps.cloud();
      return cloud && { ...cloud, store: counting(cloud.store) };
    },
    storeAt(location) {
      const store = deps.storeAt(location);
      return store && counting(store);
    },
    standInFor(location) {
      const store = deps.standInFor(location);
      return store && counting(store);
    },
  };
}
