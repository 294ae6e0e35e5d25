import type { VolumeId } from '../keys';
import { isIn, localOf, type LedgerRow } from './state';

/** Which rows to list; all conditions given must hold. Rows without bytes (`new`, `gone`) are never listed. */
export interface ListFilter {
  /** `trash`: buried, whatever the state; the others are without buried rows. */
  readonly state?: 'local' | 'both' | 'remote' | 'trash';
  /** The last attempt to move it failed. */
  readonly failed?: boolean;
  /** Not buried, and the only copy is on one of these volumes. */
  readonly onlyOn?: readonly VolumeId[];
}

export interface Slice {
  readonly offset: number;
  readonly limit: number;
}

/** The filter as a rule for one row. */
export function isListed(row: LedgerRow, { state, failed, onlyOn }: ListFilter): boolean {
  if (!isIn(row, 'local', 'both', 'remote')) return false;
  const buried = row.tombstone !== null;
  if (state && (state === 'trash' ? !buried : buried || row.placement.state !== state)) return false;
  if (failed && row.lastError === null) return false;
  const volume = localOf(row)?.volume;
  return !onlyOn || (row.placement.state === 'local' && !buried && volume !== undefined && onlyOn.includes(volume));
}
