import { isStorageError, StorageError } from '../../errors';
import type { LedgerRow, RowIn } from '../../ledger/state';
import type { MoveParts } from '../deps';
import { atPlaceOf } from '../../buckets/stand-in';
import { failureOfSource } from '../../store/bodies';
import type { ObjectStore } from '../../store/object-store';

/**
 * Fetches a file from S3 to this disk, under an own name, and commits the row as `both`. A row that has a copy already gets this one
 * in its place. The caller notes a failure.
 * @returns false when the row has changed meanwhile
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
      // the disk store refuses bytes that differ from the announced ones, and the ledger announces them here
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
  return failureOfSource(error);
}
