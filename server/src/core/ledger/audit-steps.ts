/** What an audit does to one row: as `transitions.ts`, pure. */
import { nameId, failed, buried, liveNames } from './transitions';
import { isIn, type LedgerRow, type RowIn } from './state';
import type { LocalCopy } from './words';
import type { Ticket } from '../keys';

/** @param recorded the copy's name is recorded as pending or condemned */
export function demoted(row: LedgerRow, rev: number, copy: LocalCopy, recorded: boolean): RowIn<'local'> | undefined {
  if (!isAsRead(row, rev) || !isIn(row, 'both', 'remote')) return undefined;
  const isLive = liveNames(row).map(nameId).includes(nameId({ kind: 'file', name: copy.localName, volume: copy.volume }));
  // a live name is recorded by nobody; any other copy has to be free, and there has to be no copy of the row's own to forget
  if (!isLive && (recorded || isIn(row, 'both'))) return undefined;
  return onDiskAlone(row, copy);
}

export function rescued(row: LedgerRow, rev: number, copy: LocalCopy): RowIn<'local'> | undefined {
  return isAsRead(row, rev) && isIn(row, 'local', 'both', 'remote') ? onDiskAlone(row, copy) : undefined;
}

/** Its bytes are this copy, of now on. */
function onDiskAlone(row: RowIn<'local' | 'both' | 'remote'>, local: LocalCopy): RowIn<'local'> {
  const placement = { state: 'local' as const, content: row.placement.content, local };
  const next = { ...row, placement, rev: row.rev + 1, attempts: 0, lastError: null };
  return isIn(row, 'local') ? next : { ...next, origin: 'library', plainUsed: true };
}

export function localDropped(row: LedgerRow, rev: number): RowIn<'remote'> | undefined {
  if (!isAsRead(row, rev) || !isIn(row, 'both')) return undefined;
  const { content, remote } = row.placement;
  return { ...row, placement: { state: 'remote', content, remote }, rev: rev + 1, attempts: 0, lastError: null };
}

/** Nothing changes in a row that is marked already: each audit finds it anew. */
export function markedLost(row: LedgerRow, rev: number): LedgerRow | undefined {
  if (!isAsRead(row, rev) || !isIn(row, 'local', 'both', 'remote')) return undefined;
  return row.lastError === 'LOST' ? row : failed(row, rev, 'LOST');
}

export function unlistedBuried(row: LedgerRow, rev: number, ticket: Ticket): LedgerRow | undefined {
  return isAsRead(row, rev) && isIn(row, 'local', 'both', 'remote') ? buried(row, ticket) : undefined;
}

function isAsRead(row: LedgerRow, rev: number): boolean {
  return row.rev === rev && row.tombstone === null;
}
