import { isStorageError } from '../errors';
import type { ObjectFacts, ObjectStore, RequestOptions } from './object-store';

/**
 * Returns the facts of an object as a GET answers them. Unlike a HEAD, this proves that the object can be read: the credentials have
 * the right to read it, the key to decrypt it is there, and it lies in no archive. It reads one byte, unless the object is empty.
 * @throws StorageError as `get` does
 */
export async function factsByReading(store: Pick<ObjectStore, 'get'>, name: string, options: RequestOptions = {}): Promise<ObjectFacts> {
  try {
    const { facts, body } = await store.get(name, { ...options, range: { start: 0, end: 0 } });
    // reading the body to its end lets the connection be used again
    for await (const _byte of body);
    return facts;
  } catch (error) {
    // the object is empty, or the server does not support ranges
    if (!isStorageError(error, 'REJECTED', 'UNSUPPORTED')) throw error;
    return factsByOpening(store, name, options);
  }
}

/** Does the same as {@link factsByReading} without a range, for an object that is expected to be empty. */
export async function factsByOpening(store: Pick<ObjectStore, 'get'>, name: string, options: RequestOptions = {}): Promise<ObjectFacts> {
  const { facts, body } = await store.get(name, options);
  body.destroy();
  return facts;
}
