import { isOwnFailure } from '../errors';
import type { VolumeId } from '../keys';
import type { LocationId } from './words';
import { localOf, remoteOf, standingOf, type LedgerRow } from './state';

/** Which rows to list; all conditions given must hold. Of rows without bytes, missing files are listed, others never. */
export interface ListFilter {
  /** `trash`: buried, whatever the state; the others are without buried rows. */
  readonly state?: 'local' | 'both' | 'remote' | 'lost' | 'missing' | 'trash';
  /** The last attempt to move it failed, and not for want of S3. */
  readonly failed?: boolean;
  /** Not buried, and the only copy is on one of these volumes. */
  readonly onlyOn?: readonly VolumeId[];
  /** Its object is in this place. Goes through the whole ledger where few are. */
  readonly at?: LocationId;
}

export interface Slice {
  readonly offset: number;
  readonly limit: number;
}

/** The filter as a rule for one row. */
export function isListed(row: LedgerRow, { state, failed, onlyOn, at }: ListFilter): boolean {
  const standing = standingOf(row);
  if (!standing) return false;
  const buried = row.tombstone !== null;
  if (state && (state === 'trash' ? !buried : buried || standing !== state)) return false;
  if (failed && !isOwnFailure(row.lastError)) return false;
  if (at !== undefined && remoteOf(row)?.locationId !== at) return false;
  const volume = localOf(row)?.volume;
  return !onlyOn || (standing === 'local' && !buried && volume !== undefined && onlyOn.includes(volume));
}
