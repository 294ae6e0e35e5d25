import type { ObjectStore } from '../object-store';

/**
 * Returns the store with some of its requests replaced by `changes`. Every decorator uses this function, so that the requests that it does
 * not name pass through.
 */
export function layer(inner: ObjectStore, changes: Partial<ObjectStore>): ObjectStore {
  return {
    put: (name, body, options) => inner.put(name, body, options),
    head: (name, options) => inner.head(name, options),
    get: (name, options) => inner.get(name, options),
    delete: (name, options) => inner.delete(name, options),
    abortWrites: (name, options) => inner.abortWrites(name, options),
    list: (prefix, request) => inner.list(prefix, request),
    presign: (name, options) => inner.presign(name, options),
    ...changes,
  };
}
