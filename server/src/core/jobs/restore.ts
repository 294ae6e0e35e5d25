import { StorageError } from '../errors';
import { isIn, type LedgerRow } from '../ledger/state';
import { describedBody } from '../media/body';
import type { EngineParts } from '../media/deps';
import { noteFailure } from './failures';

/**
 * Brings a file that is in S3 only back to this disk as well, under a name of its own, and commits it as `both`.
 * @returns whether it came to that; why not is noted in the ledger
 */
export async function restoreRow(deps: EngineParts, row: LedgerRow): Promise<boolean> {
  if (!isIn(row, 'remote')) return false;
  const { ledger, disk } = deps;
  try {
    const { remote, content } = row.placement;
    const store = deps.storeAt(remote.locationId);
    if (!store) throw new StorageError('UNAVAILABLE', { operation: 'restore', subject: row.key, refused: true });
    const volume = await deps.volume.refresh();
    const intent = await ledger.begin({ kind: 'file', key: row.key, volume, plainFree: false, content });
    try {
      // the disk takes no other bytes than announced, and these are the ledger's
      await disk.put(intent.name, describedBody(content, store, remote.object));
    } catch (error) {
      await ledger.abandon([intent]);
      throw error;
    }
    const committed = await ledger.commitRestore(row, intent);
    deps.rows.forget([row.key]);
    return committed;
  } catch (error) {
    await noteFailure(deps, row, error);
    return false;
  }
}
