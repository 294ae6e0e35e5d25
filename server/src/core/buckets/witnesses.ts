import { isStorageError } from '../errors';
import type { LedgerReports } from '../ledger/reports';
import { isIn, type LedgerRow } from '../ledger/state';
import type { LocationId } from '../ledger/words';
import type { ObjectStore } from '../store/object-store';

/** Greatest number of witnesses from the rows in state `remote`, and again from those in state `both`. */
export const WITNESSES = 10;

/** Whether the store has, at this moment, the row's object as it was stored. False also if S3 does not answer. */
export async function isWitness(store: Pick<ObjectStore, 'head'> | undefined, row: LedgerRow): Promise<boolean> {
  if (!isIn(row, 'both', 'remote')) return false;
  const { remote, content } = row.placement;
  try {
    const facts = await store?.head(remote.object);
    return facts?.size === content.size && facts.etag !== null && facts.etag === remote.etag;
  } catch (error) {
    if (!isStorageError(error)) throw error;
    return false;
  }
}

/** Whether a bucket proves itself by any object that the ledger knows at its location, or the ledger knows none there. */
export async function provesOrOwesNothing(ledger: Pick<LedgerReports, 'list'>, store: Pick<ObjectStore, 'head'>, location: LocationId): Promise<boolean> {
  const rows: LedgerRow[] = [];
  for (const state of ['remote', 'both'] as const) rows.push(...(await ledger.list({ state, at: location }, { offset: 0, limit: WITNESSES })));
  for (const row of rows) if (await isWitness(store, row)) return true;
  return rows.length === 0;
}
