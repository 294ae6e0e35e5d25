import { isStorageError, StorageError } from '../errors';
import type { RowIn } from '../ledger/state';
import type { EngineParts } from '../media/deps';
import { prove } from '../buckets/proof';
import { atPlaceOf } from '../buckets/stand-in';
import { factsByOpening, factsByReading } from '../store/first-byte';
import type { Body, ObjectFacts, ObjectStore } from '../store/object-store';

/**
 * Proves, before somebody gives a file on disk up, that the row's object in S3 has exactly these bytes, that it is still the object that
 * was stored, and that it can be read. For the last it reads a byte, because a HEAD succeeds even where S3 refuses reads.
 * @throws StorageError OBJECT_NOT_FOUND, OBJECT_CHANGED, OBJECT_ARCHIVED; UNAVAILABLE if the settings do not reach its location; or the
 *   reason why S3 does not answer
 */
export async function proveObject(deps: Pick<EngineParts, 'buckets'>, row: RowIn<'both' | 'remote'>, body: Pick<Body, 'size' | 'md5'>, signal?: AbortSignal): Promise<void> {
  const { remote } = row.placement;
  const outOfReach = () => new StorageError('UNAVAILABLE', { operation: 'verify', subject: row.key, refused: true });
  await atPlaceOf(deps.buckets, remote.locationId, (store, isOwn) => (isOwn ? proveOwn(deps, store, row, body, signal) : proveCopy(store, row, body, signal)), outOfReach);
}

async function proveOwn(deps: Pick<EngineParts, 'buckets'>, store: ObjectStore, row: RowIn<'both' | 'remote'>, body: Pick<Body, 'size' | 'md5'>, signal?: AbortSignal): Promise<void> {
  const { remote } = row.placement;
  const changed = (cause?: unknown) => new StorageError('OBJECT_CHANGED', { operation: 'verify', subject: row.key, cause });
  const bucket = deps.buckets.writable;
  const memory = remote.locationId === bucket?.locationId ? bucket.proof : undefined;
  // if only the bytes prove anything, `prove` reads all of them
  const seen = memory?.known === 'bytes' ? undefined : await seenByReading(store, remote.object, body, signal);
  const facts = await prove(store, remote.object, body, undefined, { seen, memory, signal }).catch((cause: unknown) => {
    throw isStorageError(cause, 'INTEGRITY') ? changed(cause) : cause;
  });
  if (remote.etag !== null && facts.etag !== remote.etag) throw changed();
}

/** Proves an object in the stand-in. It has another ETag there, so that only its bytes count. */
async function proveCopy(store: ObjectStore, row: RowIn<'both' | 'remote'>, body: Pick<Body, 'size' | 'md5'>, signal?: AbortSignal): Promise<void> {
  const { object } = row.placement.remote;
  const seen = await seenByReading(store, object, body, signal);
  await prove(store, object, body, undefined, { seen, signal });
}

function seenByReading(store: ObjectStore, object: string, { size }: Pick<Body, 'size'>, signal?: AbortSignal): Promise<ObjectFacts> {
  return (size === 0 ? factsByOpening : factsByReading)(store, object, { signal });
}
