import { isStorageError, StorageError } from '../../errors';
import type { LedgerRow, RowIn } from '../../ledger/state';
import type { MoveParts } from '../deps';
import { atPlaceOf } from '../../buckets/stand-in';
import type { ObjectStore } from '../../store/object-store';

/**
 * Brings a file that is in S3 back to this disk, under a name of its own, and commits it as `both`. A row that has a copy already
 * gets this one in its place. Nothing is noted.
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
