import { isOwnFailure } from '../errors';
import type { VolumeId } from '../keys';
import type { LocationId } from './words';
import { localOf, remoteOf, standingOf, type LedgerRow } from './state';

/** Conditions for the rows to list; a row must meet all that are given. A row without bytes is listed only if the file is missing. */
export interface ListFilter {
  /** `trash` lists buried rows in any state. The other values leave buried rows out. */
  readonly state?: 'local' | 'both' | 'remote' | 'lost' | 'missing' | 'trash';
  /** The last attempt to move the file failed, and not because S3 was away. */
  readonly failed?: boolean;
  /** The row is not buried, and the only copy is on one of these volumes. */
  readonly onlyOn?: readonly VolumeId[];
  /** The row's object is in this location. If few rows match, the query reads the whole ledger. */
  readonly at?: LocationId;
}

export interface Slice {
  readonly offset: number;
  readonly limit: number;
}

/** Whether one row passes the filter. */
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
