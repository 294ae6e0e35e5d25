import { isStorageError } from '../errors';
import type { LocalName } from '../keys';
import type { IntentOf } from '../ledger/words';
import { isIn, type LedgerRow } from '../ledger/state';
import { describedBody, storedBody } from '../store/bodies';
import type { TakeBackParts } from './deps';
import { statOf } from '../media/plain-file';
import { isDiskThere } from '../volumes/disk-there';
import { noteFailure } from '../buckets/failures';

/**
 * Copies a condemned file with the row's bytes to an own name, which becomes the row's only copy. The row forgets its object, and phase 1
 * sends the file again.
 * @returns whether the row has the copy; if the disk failed, the ledger notes the failure
 */
export function takeBack(deps: TakeBackParts, row: LedgerRow, name: LocalName): Promise<boolean> {
  return copied(deps, row, name, (intent) => deps.ledger.commitRescue(row, intent));
}

/**
 * Does the same, but the row keeps its object as well and becomes `both`. Readers get the file while the object is not the one that was
 * stored. The row forgets nothing, so that this is safe even if the bucket may be a wrong one.
 */
export async function keepBeside(deps: TakeBackParts, row: LedgerRow, name: LocalName): Promise<boolean> {
  return isIn(row, 'remote') && copied(deps, row, name, async (intent) => (await deps.ledger.commitRestores([{ row, intent }])).includes(true));
}

/** Copies the file. The sweeper may remove the condemned file meanwhile; then the copy fails, and nothing is changed. */
async function copied(deps: TakeBackParts, row: LedgerRow, name: LocalName, commit: (intent: IntentOf<'file'>) => Promise<boolean>): Promise<boolean> {
  const { ledger, disk, volume } = deps;
  if (!isIn(row, 'local', 'both', 'remote') || !(await isDiskThere(deps))) return false;
  const { size, md5 } = row.placement.content;
  if (md5 === null) return false;
  const intent = await ledger.begin({ kind: 'file', key: row.key, volume: await volume.refresh(), plainFree: false, content: { size, md5 } });
  try {
    // the disk accepts only the announced bytes, and these are the row's
    await disk.put(intent.name, describedBody({ size, md5 }, disk, name));
  } catch (error) {
    await ledger.abandon([intent]);
    await noteFailure(deps, row, error, 'settle');
    return false;
  }
  const committed = await commit(intent);
  deps.rows.forget([row.key]);
  return committed;
}

/** Whether exactly the row's bytes lie under this name. @throws StorageError ABORTED if `signal` aborts before that is known */
export async function hasBytes({ disk }: Pick<TakeBackParts, 'disk'>, row: LedgerRow, name: LocalName, signal?: AbortSignal): Promise<boolean> {
  if (!isIn(row, 'local', 'both', 'remote')) return false;
  const { size, md5 } = row.placement.content;
  try {
    if ((await statOf(disk, name))?.size !== size) return false;
    return (await storedBody(disk, name, signal)).md5 === md5;
  } catch (error) {
    if (!isStorageError(error) || error.code === 'ABORTED') throw error;
    return false;
  }
}
