import type { LedgerRow } from '../ledger/state';

/** The size of a row's file in bytes; 0 when the ledger knows no bytes. */
export function sizeOf({ placement }: LedgerRow): number {
  return 'content' in placement ? placement.content.size : 0;
}

export function bytesOf(rows: readonly LedgerRow[]): number {
  return rows.reduce((total, row) => total + sizeOf(row), 0);
}
