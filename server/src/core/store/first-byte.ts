import { isStorageError } from '../errors';
import type { ObjectFacts, ObjectStore, RequestOptions } from './object-store';

/**
 * The facts of an object as a GET tells them. Unlike a HEAD it proves that the object can be read: rights to read, a key to
 * decrypt with, a storage class that is no archive. Reads one byte of an object that has any.
 * @throws StorageError as `get` does
 */
export async function factsByReading(store: Pick<ObjectStore, 'get'>, name: string, options: RequestOptions = {}): Promise<ObjectFacts> {
  try {
    const { facts, body } = await store.get(name, { ...options, range: { start: 0, end: 0 } });
    // to its end, so that the connection can be used again
    for await (const _byte of body);
    return facts;
  } catch (error) {
    // the object is empty after all, or the server does not know ranges
    if (!isStorageError(error, 'REJECTED', 'UNSUPPORTED')) throw error;
    return factsByOpening(store, name, options);
  }
}

/** The same, without a range: for an object that is expected to be empty. */
export async function factsByOpening(store: Pick<ObjectStore, 'get'>, name: string, options: RequestOptions = {}): Promise<ObjectFacts> {
  const { facts, body } = await store.get(name, options);
  body.destroy();
  return facts;
}
