import type { ErrorCode } from '../../contracts/errors';
import type { ObjectKey, Ticket } from '../keys';
import type { Content, LocalCopy, Origin, RemoteCopy } from './words';

/** Where the current bytes of a key are. The type allows no impossible state. */
export type Placement =
  | { readonly state: 'new' }
  | { readonly state: 'local'; readonly content: Content; readonly local: LocalCopy }
  | { readonly state: 'both'; readonly content: ProvenContent; readonly local: LocalCopy; readonly remote: RemoteCopy }
  | { readonly state: 'remote'; readonly content: ProvenContent; readonly remote: RemoteCopy }
  | { readonly state: 'gone' };

export type ProvenContent = Content & { readonly md5: string };

export interface Tombstone {
  readonly ticket: Ticket;
}

export interface LedgerRow {
  readonly key: ObjectKey;
  readonly placement: Placement;
  readonly origin: Origin;
  /** The revision, which grows with each change of the row. A job commits only against the revision that it read. */
  readonly rev: number;
  /** Ticket of the write whose bytes these are; 0 before the first write. */
  readonly ticket: Ticket;
  readonly tombstone: Tombstone | null;
  /** Whether the plain object name is spent, so that no later PUT may use it. */
  readonly plainUsed: boolean;
  readonly attempts: number;
  readonly lastError: ErrorCode | null;
}

/** A row, with the time at which its bytes became the current ones. */
export interface DatedRow extends LedgerRow {
  /**
   * Milliseconds since the epoch, on the database's clock; undefined if it is unknown. Other bytes of the same key always have another time,
   * later by a second at least, even if somebody has set the clock back.
   */
  readonly contentAt?: number;
}

export type RowIn<S extends Placement['state']> = LedgerRow & { placement: Extract<Placement, { state: S }> };

export function isIn<S extends Placement['state']>(row: LedgerRow | undefined, ...states: S[]): row is RowIn<S> {
  return row !== undefined && (states as string[]).includes(row.placement.state);
}

/** Whether a row has, or may have, other bytes than before. Bytes without a checksum may be others after any change. */
export function mayHaveOtherBytes(before: LedgerRow | undefined, { placement, ticket }: LedgerRow): boolean {
  if (!('content' in placement)) return false;
  const was = before && 'content' in before.placement ? before.placement.content : undefined;
  const { content } = placement;
  return !was || before?.ticket !== ticket || was.size !== content.size || was.md5 === null || was.md5 !== content.md5;
}

/** The row's copy in S3, if it has one. */
export function remoteOf(row: LedgerRow): RemoteCopy | undefined {
  return row.placement.state === 'remote' || row.placement.state === 'both' ? row.placement.remote : undefined;
}

/** The row's copy on a disk, if it has one. */
export function localOf(row: LedgerRow): LocalCopy | undefined {
  return row.placement.state === 'local' || row.placement.state === 'both' ? row.placement.local : undefined;
}

/** Where a file is, as counts and lists say it. `lost`: an audit found its bytes nowhere. `missing`: no bytes of it were ever known. */
export type Standing = 'local' | 'both' | 'remote' | 'lost' | 'missing';

/** Returns undefined for a row that is no file: its first write is under way or failed, or its bytes are condemned. */
export function standingOf({ placement, lastError, tombstone }: LedgerRow): Standing | undefined {
  if (placement.state === 'gone') return undefined;
  if (placement.state === 'new') return lastError !== null && tombstone === null ? 'missing' : undefined;
  return lastError === 'LOST' ? 'lost' : placement.state;
}
