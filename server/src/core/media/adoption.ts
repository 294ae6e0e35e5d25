import { StorageError } from '../errors';
import { plainObjectName, type ObjectKey } from '../keys';
import type { ReadableBucket } from '../buckets/buckets';
import type { LedgerWrites } from '../ledger/writes';
import type { ObjectFacts } from '../store/object-store';
import { digest } from '../store/bodies';

export interface AdoptOptions {
  signal?: AbortSignal;
  /** Called once S3 has answered, before the bytes are read. */
  opened?: (facts: ObjectFacts) => void;
}

/**
 * Takes up a file that the library lists and that only the bucket has (filled by rclone, say): read once and hashed, then
 * recorded, so that it can never change behind the ledger's back.
 * @returns its size in bytes; undefined where the ledger has other bytes of the key meanwhile, or a write of our own was given
 *   the plain name: the object may be that one, unproven
 * @throws StorageError OBJECT_NOT_FOUND when the bucket has none, ABORTED when `signal` aborts, or what else S3 says
 */
export async function adoptFrom(place: ReadableBucket, ledger: Pick<LedgerWrites, 'adopt'>, key: ObjectKey, { signal, opened }: AdoptOptions = {}): Promise<number | undefined> {
  const object = plainObjectName(place.prefix, key);
  const found = await place.store.get(object, { signal });
  const stop = () => found.body.destroy(new StorageError('ABORTED', { operation: 'adopt', subject: key, cause: signal?.reason }));
  signal?.addEventListener('abort', stop, { once: true });
  try {
    opened?.(found.facts);
    const read = await digest(found.body);
    if (read.size !== found.facts.size) throw new StorageError('INTEGRITY', { operation: 'adopt', subject: key });
    const remote = { locationId: place.locationId, object, etag: found.facts.etag };
    return (await ledger.adopt(key, remote, { ...read, mime: null })) ? read.size : undefined;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}
