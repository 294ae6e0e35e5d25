import type { ErrorCode } from '../../../contracts/errors';
import { StorageError } from '../../../core/errors';
import type { LocalName, ObjectKey, ObjectName, Ticket, VolumeId } from '../../../core/keys';
import { localOf, remoteOf, type LedgerRow, type Placement } from '../../../core/ledger/state';
import type { LocalCopy, Origin, RemoteCopy } from '../../../core/ledger/words';

/** The value of a bigint column: a string on PostgreSQL and MySQL, a number on SQLite. */
export type BigIntColumn = number | string;

/** The columns of `s3_storage_objects` that make a {@link LedgerRow}. */
export interface ObjectColumns {
  object_key: string;
  state: string;
  origin: string;
  location_id: number | null;
  object_name: string | null;
  etag: string | null;
  volume: string | null;
  local_name: string | null;
  size: BigIntColumn | null;
  md5: string | null;
  mime: string | null;
  rev: number;
  ticket: BigIntColumn;
  tombstone_ticket: BigIntColumn | null;
  plain_used: boolean | number;
  attempts: number;
  last_error: string | null;
}

/** The columns that make the time of a {@link DatedRow}. */
export interface DateColumns {
  content_at: BigIntColumn | null;
  content_ticket: BigIntColumn | null;
}

/** Returns the time of the row's bytes; undefined if it is unknown, or that of other bytes. */
export function toContentAt({ ticket, content_at, content_ticket }: Pick<ObjectColumns, 'ticket'> & DateColumns): number | undefined {
  return content_at !== null && content_ticket !== null && Number(content_ticket) === Number(ticket) ? Number(content_at) : undefined;
}

export function toColumns(row: LedgerRow): ObjectColumns {
  const content = 'content' in row.placement ? row.placement.content : undefined;
  const remote = remoteOf(row);
  const local = localOf(row);
  return {
    object_key: row.key,
    state: row.placement.state,
    origin: row.origin,
    location_id: remote?.locationId ?? null,
    object_name: remote?.object ?? null,
    etag: remote?.etag ?? null,
    volume: local?.volume ?? null,
    local_name: local?.localName ?? null,
    size: content?.size ?? null,
    md5: content?.md5 ?? null,
    mime: content?.mime ?? null,
    rev: row.rev,
    ticket: row.ticket,
    tombstone_ticket: row.tombstone?.ticket ?? null,
    plain_used: row.plainUsed,
    attempts: row.attempts,
    last_error: row.lastError,
  };
}

/** @throws StorageError INTERNAL for columns that this plugin cannot have written, instead of guessing their meaning. */
export function toRow(columns: ObjectColumns): LedgerRow {
  return {
    key: columns.object_key as ObjectKey,
    placement: toPlacement(columns),
    origin: columns.origin as Origin,
    rev: columns.rev,
    ticket: Number(columns.ticket) as Ticket,
    tombstone: columns.tombstone_ticket === null ? null : { ticket: Number(columns.tombstone_ticket) as Ticket },
    plainUsed: Boolean(columns.plain_used),
    attempts: columns.attempts,
    lastError: columns.last_error as ErrorCode | null,
  };
}

function toPlacement(columns: ObjectColumns): Placement {
  const present = <C extends keyof ObjectColumns>(column: C): NonNullable<ObjectColumns[C]> => {
    const value = columns[column];
    if (value === null) throw broken(columns, `no ${column}`);
    return value;
  };
  const content = () => ({ size: Number(present('size')), md5: columns.md5, mime: columns.mime });
  const proven = () => ({ ...content(), md5: present('md5') });
  const local = (): LocalCopy => ({
    volume: present('volume') as VolumeId,
    localName: present('local_name') as LocalName,
  });
  const remote = (): RemoteCopy => ({
    locationId: present('location_id'),
    object: present('object_name') as ObjectName,
    etag: columns.etag,
  });
  switch (columns.state) {
    case 'new':
    case 'gone':
      return { state: columns.state };
    case 'local':
      return { state: 'local', content: content(), local: local() };
    case 'both':
      return { state: 'both', content: proven(), local: local(), remote: remote() };
    case 'remote':
      return { state: 'remote', content: proven(), remote: remote() };
    default:
      throw broken(columns, `unknown state ${columns.state}`);
  }
}

function broken(columns: ObjectColumns, detail: string): StorageError {
  return new StorageError('INTERNAL', { operation: 'read ledger', subject: columns.object_key, detail });
}
