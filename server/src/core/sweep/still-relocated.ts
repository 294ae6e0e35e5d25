import { relocate } from '../buckets/relocate';
import { isStorageError } from '../errors';
import { isIn, type RowIn } from '../ledger/state';
import type { DueObject } from '../ledger/words';
import type { ObjectStore } from '../store/object-store';
import type { SweepParts } from './deps';
import { proveObject } from './prove-object';

/**
 * Proves the present object of a row once more before the sweeper removes a former one with the same bytes. A relocation proved it before it
 * condemned the former object, but that was a day ago, and the present one may have changed meanwhile. If it is not the one that was
 * stored, the row gets these bytes again, under a new name in the present bucket. Nobody needs other condemned objects.
 * @throws StorageError why the present object is not proven; the former one then stays until the next look
 */
export async function requireRelocated(deps: SweepParts, due: DueObject, store: ObjectStore, signal?: AbortSignal): Promise<void> {
  const { content } = due;
  if (due.unfinished || content === null) return;
  const row = await deps.ledger.find(due.key);
  if (!isIn(row, 'remote', 'both')) return;
  const { size, md5 } = row.placement.content;
  if (content.size !== size || content.md5 !== md5) return;
  try {
    await proveObject(deps, row, row.placement.content, signal);
  } catch (error) {
    if (!isStorageError(error, 'OBJECT_NOT_FOUND', 'OBJECT_CHANGED', 'OBJECT_ARCHIVED')) throw error;
    if (!(await isThere(store, due, size))) return;
    // guard: damaged-object-is-sent-again
    await sendAgain(deps, row, due, store, signal);
    throw error;
  }
}

/** Whether the former object is there. The sweeper looks at each name a second time, when it has removed the object already. */
async function isThere(store: ObjectStore, { name }: DueObject, size: number): Promise<boolean> {
  try {
    return (await store.head(name)).size === size;
  } catch (error) {
    if (!isStorageError(error, 'OBJECT_NOT_FOUND')) throw error;
    return false;
  }
}

async function sendAgain(deps: SweepParts, row: RowIn<'remote' | 'both'>, { name }: DueObject, store: ObjectStore, signal?: AbortSignal): Promise<void> {
  const bucket = deps.buckets.writable;
  if (!bucket || row.tombstone !== null) return;
  const isSent = await relocate(deps, bucket, row, { store, name }, { forgetFormer: true, signal });
  if (isSent) deps.log.warn(`The object of "${row.key}" in S3 was not the one that was stored: it was sent again from the former object "${name}", which had not been removed yet`);
}
