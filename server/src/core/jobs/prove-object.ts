import { isStorageError, StorageError } from '../errors';
import type { RowIn } from '../ledger/state';
import type { EngineParts } from '../media/deps';
import { prove } from '../media/proof';
import { atPlaceOf } from '../media/stand-in';
import type { Body, ObjectStore } from '../store/object-store';

/**
 * Proves, before a file on disk is let go of, that S3 has exactly these bytes in the row's object, and that it still is the one
 * that was stored.
 * @throws StorageError OBJECT_NOT_FOUND, OBJECT_CHANGED, UNAVAILABLE where the settings do not reach it, or why S3 does not tell
 */
export async function proveObject(deps: EngineParts, row: RowIn<'both' | 'remote'>, body: Pick<Body, 'size' | 'md5'>): Promise<void> {
  const { remote } = row.placement;
  const outOfReach = () => new StorageError('UNAVAILABLE', { operation: 'verify', subject: row.key, refused: true });
  await atPlaceOf(deps, remote.locationId, (store, isOwn) => (isOwn ? proveOwn(deps, store, row, body) : proveCopy(store, row, body)), outOfReach);
}

async function proveOwn(deps: EngineParts, store: ObjectStore, row: RowIn<'both' | 'remote'>, body: Pick<Body, 'size' | 'md5'>): Promise<void> {
  const { remote } = row.placement;
  const changed = (cause?: unknown) => new StorageError('OBJECT_CHANGED', { operation: 'verify', subject: row.key, cause });
  const cloud = deps.cloud();
  const memory = remote.locationId === cloud?.locationId ? cloud.proof : undefined;
  const facts = await prove(store, remote.object, body, undefined, { memory }).catch((cause: unknown) => {
    throw isStorageError(cause, 'INTEGRITY') ? changed(cause) : cause;
  });
  if (remote.etag !== null && facts.etag !== remote.etag) throw changed();
}

/** At another place it has the tag that it was given there: the bytes are the proof. */
async function proveCopy(store: ObjectStore, row: RowIn<'both' | 'remote'>, body: Pick<Body, 'size' | 'md5'>): Promise<void> {
  await prove(store, row.placement.remote.object, body);
}
