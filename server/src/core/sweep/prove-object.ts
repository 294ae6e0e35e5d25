import { isStorageError, StorageError } from '../errors';
import type { RowIn } from '../ledger/state';
import type { EngineParts } from '../media/deps';
import { prove } from '../buckets/proof';
import { atPlaceOf } from '../buckets/stand-in';
import { factsByOpening, factsByReading } from '../store/first-byte';
import type { Body, ObjectFacts, ObjectStore } from '../store/object-store';

/**
 * Proves, before a file on disk is let go of, that S3 has exactly these bytes in the row's object, that it still is the one
 * that was stored, and that it can be read: a byte of it is, as a HEAD succeeds where reading is refused.
 * @throws StorageError OBJECT_NOT_FOUND, OBJECT_CHANGED, OBJECT_ARCHIVED, UNAVAILABLE where the settings do not reach it, or why S3 does not tell
 */
export async function proveObject(deps: Pick<EngineParts, 'buckets'>, row: RowIn<'both' | 'remote'>, body: Pick<Body, 'size' | 'md5'>, signal?: AbortSignal): Promise<void> {
  const { remote } = row.placement;
  const outOfReach = () => new StorageError('UNAVAILABLE', { operation: 'verify', subject: row.key, refused: true });
  await atPlaceOf(deps.buckets, remote.locationId, (store, isOwn) => (isOwn ? proveOwn(deps, store, row, body, signal) : proveCopy(store, row, body, signal)), outOfReach);
}

async function proveOwn(deps: Pick<EngineParts, 'buckets'>, store: ObjectStore, row: RowIn<'both' | 'remote'>, body: Pick<Body, 'size' | 'md5'>, signal?: AbortSignal): Promise<void> {
  const { remote } = row.placement;
  const changed = (cause?: unknown) => new StorageError('OBJECT_CHANGED', { operation: 'verify', subject: row.key, cause });
  const cloud = deps.buckets.writable;
  const memory = remote.locationId === cloud?.locationId ? cloud.proof : undefined;
  // where only the bytes prove anything, all of them are read below
  const seen = memory?.known === 'bytes' ? undefined : await seenByReading(store, remote.object, body, signal);
  const facts = await prove(store, remote.object, body, undefined, { seen, memory, signal }).catch((cause: unknown) => {
    throw isStorageError(cause, 'INTEGRITY') ? changed(cause) : cause;
  });
  if (remote.etag !== null && facts.etag !== remote.etag) throw changed();
}

/** At another place it has the tag that it was given there: the bytes are the proof. */
async function proveCopy(store: ObjectStore, row: RowIn<'both' | 'remote'>, body: Pick<Body, 'size' | 'md5'>, signal?: AbortSignal): Promise<void> {
  const { object } = row.placement.remote;
  const seen = await seenByReading(store, object, body, signal);
  await prove(store, object, body, undefined, { seen, signal });
}

function seenByReading(store: ObjectStore, object: string, { size }: Pick<Body, 'size'>, signal?: AbortSignal): Promise<ObjectFacts> {
  return (size === 0 ? factsByOpening : factsByReading)(store, object, { signal });
}
