/** The change that a relocation makes to one row: pure functions, as in `transitions.ts`. */
import { dropped, type Change } from './transitions';
import { isIn, remoteOf, type LedgerRow } from './state';
import type { Place, RemoteCopy } from './words';

/** Whether a row that is not buried has an object outside this place. A lost row has none. */
export function isOutside(row: LedgerRow, place: Place): boolean {
  const remote = remoteOf(row);
  if (!remote || row.tombstone !== null || row.lastError === 'LOST') return false;
  return remote.locationId !== place.locationId || !remote.object.startsWith(place.prefix);
}

/**
 * Points a row to another object with the same bytes. Returns undefined when the row has changed since it was read at `rev`, or is buried.
 * @param graceMs how long the former object stays, in milliseconds; null: the ledger forgets it, because it is not the one that was stored
 */
export function relocated(row: LedgerRow, rev: number, remote: RemoteCopy, graceMs: number | null): Change | undefined {
  // guard: relocation-commits-at-its-revision
  if (row.rev !== rev) return undefined;
  if (row.tombstone !== null || !isIn(row, 'remote', 'both')) return undefined;
  const next: LedgerRow = { ...row, placement: { ...row.placement, remote }, rev: rev + 1, attempts: 0, lastError: null };
  return { row: next, condemned: graceMs === null ? [] : dropped(row, next, { condemnObjects: true, graceMs }) };
}
