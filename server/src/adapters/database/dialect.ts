import type { Knex } from 'knex';
import { parts } from './parts';

type Dialect = 'postgresql' | 'mysql' | 'sqlite3';

/** Returns the dialect of the database. The functions below cover what the dialects have no common word for. */
function dialectOf(db: Knex): Dialect {
  return (db.client as { dialect: Dialect }).dialect;
}

/** The present time in each dialect: milliseconds since the epoch, an integer. */
const NOW: Readonly<Record<Dialect, string>> = {
  // clock_timestamp, because now() stands still in a transaction; a sub-select, because a volatile function would use no index
  postgresql: '(select floor(extract(epoch from clock_timestamp()) * 1000)::bigint)',
  // not unix_timestamp(now()), which is an hour off where the session's time zone ends its summer time
  mysql: "(timestampdiff(microsecond, '1970-01-01', utc_timestamp(6)) div 1000)",
  sqlite3: "cast(round((julianday('now') - 2440587.5) * 86400000) as integer)",
};

/** Returns the database's time, `afterMs` milliseconds from now. */
export function clockAfter(db: Knex, afterMs = 0): Knex.Raw {
  const now = NOW[dialectOf(db)];
  return afterMs === 0 ? db.raw(now) : db.raw(`${now} + ?`, [Math.round(afterMs)]);
}

/** The later one of the database's present time, and of a moment after the time in a column. A column without a time counts as long ago. */
export function clockButAfter(db: Knex, column: string, afterMs: number): Knex.Raw {
  const greatest = dialectOf(db) === 'sqlite3' ? 'MAX' : 'GREATEST';
  return db.raw(`${greatest}(${NOW[dialectOf(db)]}, COALESCE(??, 0) + ?)`, [column, afterMs]);
}

/**
 * Locks the rows that the query answers, and leaves out rows that others have locked. SQLite has one writer at a time and needs no lock.
 */
export function lockFree(db: Knex, query: Knex.QueryBuilder): Knex.QueryBuilder {
  return dialectOf(db) === 'sqlite3' ? query : query.forUpdate().skipLocked();
}

/** Whether a process stands still while it reads. It does with SQLite, which the process itself reads in its one thread. */
export function readsBlock(db: Knex): boolean {
  return dialectOf(db) === 'sqlite3';
}

/**
 * A table for a query that locks rows by their primary key. Without this hint MySQL scans a small table from end to end, locks every row on
 * its way, and waits for rows that others hold. Undefined on databases that need no hint.
 */
export function byPrimaryKey(db: Knex, table: string): Knex.QueryBuilder | undefined {
  return dialectOf(db) === 'mysql' ? db(db.raw('?? force index (primary)', [table])) : undefined;
}

/** Deletes rows by the primary key `id`, and waits for no other row. */
export async function deleteByIds(db: Knex, table: () => Knex.QueryBuilder, ids: readonly (number | string)[]): Promise<void> {
  for (const some of idsAtOnce(db, ids)) await table().whereIn('id', some).delete();
}

/** Parts the ids of rows that statements are to change: MySQL would wait for the neighbours of these rows if one statement named several ids. */
export function idsAtOnce<I extends number | string>(db: Knex, ids: readonly I[]): Iterable<readonly I[]> {
  return parts(ids, dialectOf(db) === 'mysql' ? 1 : undefined);
}

/** Whether an INSERT of several rows can answer their ids. */
export function answersInserted(db: Knex): boolean {
  return dialectOf(db) !== 'mysql';
}

/** Inserts one row. @returns its autoincrement id; undefined if the statement ignored a conflict */
export async function insertedId(db: Knex, insert: Knex.QueryBuilder): Promise<number | undefined> {
  if (dialectOf(db) === 'mysql') {
    const [id] = (await insert) as number[];
    return Number(id) || undefined;
  }
  const [row]: { id: number | string }[] = await insert.returning('id');
  return row === undefined ? undefined : Number(row.id);
}
