/** The changes that an audit makes to one row: pure functions, as in `transitions.ts`. */
import { nameId, failed, buried, liveNames } from './transitions';
import { isIn, type LedgerRow, type RowIn } from './state';
import type { LocalCopy } from './words';
import type { Ticket } from '../keys';

/** @param recorded whether the copy's name is recorded as pending or condemned */
export function demoted(row: LedgerRow, rev: number, copy: LocalCopy, recorded: boolean): RowIn<'local'> | undefined {
  if (!isAsRead(row, rev) || !isIn(row, 'both', 'remote')) return undefined;
  const isLive = liveNames(row).map(nameId).includes(nameId({ kind: 'file', name: copy.localName, volume: copy.volume }));
  // a live name is never recorded; any other name must not be recorded either, and the row must have no other copy, which it would forget
  if (!isLive && (recorded || isIn(row, 'both'))) return undefined;
  return onDiskAlone(row, copy);
}

export function rescued(row: LedgerRow, rev: number, copy: LocalCopy): RowIn<'local'> | undefined {
  return isAsRead(row, rev) && isIn(row, 'local', 'both', 'remote') ? onDiskAlone(row, copy) : undefined;
}

/** Makes this copy on disk the only bytes of the row. */
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

/** Notes the error LOST. A row that has it already stays unchanged, because each audit finds it again. */
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
