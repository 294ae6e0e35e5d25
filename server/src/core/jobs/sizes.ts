import type { LedgerRow } from '../ledger/state';

/** The bytes of a row's file; 0 where the ledger knows none. */
export function sizeOf({ placement }: LedgerRow): number {
  return 'content' in placement ? placement.content.size : 0;
}

export function bytesOf(rows: readonly LedgerRow[]): number {
  return rows.reduce((total, row) => total + sizeOf(row), 0);
}
