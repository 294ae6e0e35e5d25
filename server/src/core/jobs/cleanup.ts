import { isStorageError, StorageError } from '../errors';
import { isIn, type LedgerRow } from '../ledger/state';
import type { EngineParts } from '../media/deps';
import { prove } from '../media/proof';
import { noteFailure } from './failures';
import { localBody } from './local-copy';

/**
 * Frees this disk of a file that is in S3 as well, once the same bytes were proven there and here. Nothing is unlinked:
 * its name is condemned in the commit, and the sweeper's from then on.
 * @param graceMs how long the file stays all the same, in milliseconds
 * @returns whether it came to that; why not is noted in the ledger
 */
export async function cleanUpRow(deps: EngineParts, row: LedgerRow, graceMs: number): Promise<boolean> {
  const cloud = deps.cloud();
  if (!cloud || !isIn(row, 'both')) return false;
  try {
    const { local, remote, content } = row.placement;
    const store = deps.storeAt(remote.locationId);
    if (!store) throw new StorageError('UNAVAILABLE', { operation: 'verify', subject: row.key, refused: true });
    const body = await localBody(deps, row.key, local, content);
    const memory = remote.locationId === cloud.locationId ? cloud.proof : undefined;
    const facts = await prove(store, remote.object, body, undefined, { memory }).catch((cause: unknown) => asChanged(row.key, cause));
    if (remote.etag !== null && facts.etag !== remote.etag) throw changed(row.key);
    const committed = await deps.ledger.commitCleanup(row, { graceMs });
    deps.rows.forget([row.key]);
    return committed;
  } catch (error) {
    await noteFailure(deps, row, error);
    return false;
  }
}

function asChanged(key: string, cause: unknown): never {
  throw isStorageError(cause, 'INTEGRITY') ? changed(key, cause) : cause;
}

function changed(key: string, cause?: unknown): StorageError {
  return new StorageError('OBJECT_CHANGED', { operation: 'verify', subject: key, cause });
}
