import { StorageError } from '../errors';
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
  if (!deps.cloud() || !isIn(row, 'both')) return false;
  try {
    const { local, remote, content } = row.placement;
    const store = deps.storeAt(remote.locationId);
    if (!store) throw new StorageError('UNAVAILABLE', { operation: 'verify', subject: row.key, refused: true });
    const body = await localBody(deps, row.key, local, content);
    const facts = await prove(store, remote.object, body);
    if (remote.etag !== null && facts.etag !== remote.etag) {
      throw new StorageError('INTEGRITY', { operation: 'verify', subject: row.key, detail: 'another object lies under the name in S3' });
    }
    const committed = await deps.ledger.commitCleanup(row, { graceMs });
    deps.rows.forget([row.key]);
    return committed;
  } catch (error) {
    await noteFailure(deps, row, error);
    return false;
  }
}
