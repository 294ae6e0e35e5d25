import { isOwnFailure } from '../errors';
import type { VolumeId } from '../keys';
import { localOf, standingOf, type LedgerRow } from './state';

/** Which rows to list; all conditions given must hold. Of rows without bytes, missing files are listed, others never. */
export interface ListFilter {
  /** `trash`: buried, whatever the state; the others are without buried rows. */
  readonly state?: 'local' | 'both' | 'remote' | 'lost' | 'missing' | 'trash';
  /** The last attempt to move it failed, and not for want of S3. */
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
  const standing = standingOf(row);
  if (!standing) return false;
  const buried = row.tombstone !== null;
  if (state && (state === 'trash' ? !buried : buried || standing !== state)) return false;
  if (failed && !isOwnFailure(row.lastError)) return false;
  const volume = localOf(row)?.volume;
  return !onlyOn || (standing === 'local' && !buried && volume !== undefined && onlyOn.includes(volume));
}
