import { isStorageError } from '../errors';
import { layer } from '../store/resilience/layer';
import type { ObjectStore } from '../store/object-store';

/** The answers to a key that may not do something, or does not exist any more. Another key may do it. */
const KEY_REFUSED = ['ACCESS_DENIED', 'INVALID_ACCESS_KEY', 'SIGNATURE_MISMATCH'] as const;

/**
 * Returns one store for a bucket that several keys open, the better ones first. A request whose key is refused is sent with the next one,
 * except for a PUT: nothing is written to a former bucket.
 */
export function eitherKey([first, ...others]: readonly [ObjectStore, ...ObjectStore[]]): ObjectStore {
  const [second, ...rest] = others;
  if (!second) return first;
  const next = eitherKey([second, ...rest]);
  const either = async <T>(send: (store: ObjectStore) => Promise<T>): Promise<T> => {
    try {
      return await send(first);
    } catch (error) {
      if (!isStorageError(error, ...KEY_REFUSED)) throw error;
      return send(next);
    }
  };
  return layer(first, {
    head: (name, options) => either((store) => store.head(name, options)),
    get: (name, options) => either((store) => store.get(name, options)),
    delete: (name, options) => either((store) => store.delete(name, options)),
    abortWrites: (name, options) => either((store) => store.abortWrites(name, options)),
    list: (prefix, request) => either((store) => store.list(prefix, request)),
  });
}
