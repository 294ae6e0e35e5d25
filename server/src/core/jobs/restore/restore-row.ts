import { isStorageError, StorageError } from '../../errors';
import { isIn, type LedgerRow, type RowIn } from '../../ledger/state';
import type { MoveParts } from '../deps';
import { atPlaceOf } from '../../buckets/stand-in';
import type { ObjectStore } from '../../store/object-store';
import { noteFailure } from '../../buckets/failures';

/**
 * Brings a file that is in S3 only back to this disk as well, under a name of its own, and commits it as `both`.
 * @returns whether it came to that; why not is noted in the ledger
 */
export async function restoreRow(deps: MoveParts, row: LedgerRow, signal?: AbortSignal): Promise<boolean> {
  try {
    return isIn(row, 'remote') && (await bringBack(deps, row, signal));
  } catch (error) {
    await noteFailure(deps, row, error, 'restore');
    return false;
  }
}

/**
 * The same, with nothing noted. A row that has a copy already gets this one in its place.
 * @returns false when the row has moved on meanwhile
 * @throws StorageError OBJECT_CHANGED, OBJECT_NOT_FOUND, DISK_FULL, DISK_ERROR, ABORTED, or why S3 could not be read
 */
export async function bringBack(deps: MoveParts, row: RowIn<'remote' | 'both'>, signal?: AbortSignal): Promise<boolean> {
  const outOfReach = () => new StorageError('UNAVAILABLE', { operation: 'restore', subject: row.key, refused: true });
  return atPlaceOf(deps.buckets, row.placement.remote.locationId, (store) => bringBackFrom(deps, store, row, signal), outOfReach);
}

async function bringBackFrom(deps: MoveParts, store: ObjectStore, row: RowIn<'remote' | 'both'>, signal?: AbortSignal): Promise<boolean> {
  const { ledger, disk } = deps;
  const { remote, content } = row.placement;
  const { body } = await store.get(remote.object, { signal });
  try {
    const volume = await deps.volume.refresh();
    const intent = await ledger.begin({ kind: 'file', key: row.key, volume, plainFree: false, content });
    try {
      // the disk takes no other bytes than announced, and these are the ledger's
      await disk.put(intent.name, { ...content, open: () => body }, { signal });
    } catch (error) {
      await ledger.abandon([intent]);
      throw reasonOf(error, row);
    }
    const committed = await ledger.commitRestore(row, intent);
    deps.rows.forget([row.key]);
    return committed;
  } finally {
    body.destroy();
  }
}

function reasonOf(error: unknown, row: LedgerRow): unknown {
  if (isStorageError(error, 'INTEGRITY')) return new StorageError('OBJECT_CHANGED', { operation: 'restore', subject: row.key, refused: true, cause: error });
  // it is S3's failure, not that of an upload's body
  return isStorageError(error, 'BODY_FAILED') && isStorageError(error.cause) ? error.cause : error;
}
