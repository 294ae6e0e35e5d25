import { isStorageError } from '../errors';
import type { LocalName } from '../keys';
import { isIn, type LedgerRow } from '../ledger/state';
import { describedBody, storedBody } from '../media/body';
import type { EngineParts } from '../media/deps';
import { statOf } from '../media/plain-file';
import { isDiskThere } from './disk-there';
import { noteFailure } from './failures';

/**
 * Copies a condemned file with the row's bytes to a name of its own, which becomes the row's. Nothing gets the condemned name away
 * from the sweeper: should he be faster, the copy comes to nothing.
 * @returns whether it came to that; why not is noted in the ledger, where it is the disk that would not
 */
export async function takeBack(deps: EngineParts, row: LedgerRow, name: LocalName): Promise<boolean> {
  const { ledger, disk, volume } = deps;
  if (!isIn(row, 'local', 'both', 'remote') || !(await isDiskThere(deps))) return false;
  const { size, md5 } = row.placement.content;
  if (md5 === null) return false;
  const intent = await ledger.begin({ kind: 'file', key: row.key, volume: await volume.refresh(), plainFree: false, content: { size, md5 } });
  try {
    // the disk takes no other bytes than announced, and these are the ledger's
    await disk.put(intent.name, describedBody({ size, md5 }, disk, name));
  } catch (error) {
    await ledger.abandon([intent]);
    await noteFailure(deps, row, error, 'settle');
    return false;
  }
  const taken = await ledger.commitRescue(row, intent);
  deps.rows.forget([row.key]);
  return taken;
}

/** Whether exactly the row's bytes lie under this name. */
export async function hasBytes({ disk }: Pick<EngineParts, 'disk'>, row: LedgerRow, name: LocalName): Promise<boolean> {
  if (!isIn(row, 'local', 'both', 'remote')) return false;
  const { size, md5 } = row.placement.content;
  try {
    if ((await statOf(disk, name))?.size !== size) return false;
    return (await storedBody(disk, name)).md5 === md5;
  } catch (error) {
    if (!isStorageError(error)) throw error;
    return false;
  }
}
