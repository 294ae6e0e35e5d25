import { StorageError } from '../errors';
import { plainObjectName, type ObjectKey } from '../keys';
import type { ReadableBucket } from '../buckets/buckets';
import type { LedgerWrites } from '../ledger/writes';
import type { ObjectFacts } from '../store/object-store';
import { digest } from '../store/bodies';

export interface AdoptOptions {
  signal?: AbortSignal;
  /** Called when S3 has answered, before the plugin reads the bytes. */
  opened?: (facts: ObjectFacts) => void;
}

/**
 * Adopts a file that the library lists and that only the bucket has, for instance because somebody filled the bucket with rclone. It
 * reads the object once, hashes it and records it, so that the object cannot change without the ledger's knowledge.
 * @returns the size of the object in bytes; undefined if the ledger has other bytes of the key meanwhile, or if the plugin gave the plain
 *   name to a write of its own: the object may then come from that write, unproven
 * @throws StorageError OBJECT_NOT_FOUND if the bucket has no such object, ABORTED when `signal` aborts, or another error of S3
 */
export async function adoptFrom(bucket: ReadableBucket, ledger: Pick<LedgerWrites, 'adopt'>, key: ObjectKey, { signal, opened }: AdoptOptions = {}): Promise<number | undefined> {
  const object = plainObjectName(bucket.prefix, key);
  const found = await bucket.store.get(object, { signal });
  const stop = () => found.body.destroy(new StorageError('ABORTED', { operation: 'adopt', subject: key, cause: signal?.reason }));
  signal?.addEventListener('abort', stop, { once: true });
  try {
    opened?.(found.facts);
    const read = await digest(found.body);
    if (read.size !== found.facts.size) throw new StorageError('INTEGRITY', { operation: 'adopt', subject: key });
    const remote = { locationId: bucket.locationId, object, etag: found.facts.etag };
    return (await ledger.adopt(key, remote, { ...read, mime: null })) ? read.size : undefined;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}
