import type { ObjectStore } from '../object-store';

/** The store, with some of its requests done otherwise. Every decorator is made of it, so that a request that it does not name passes through. */
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
