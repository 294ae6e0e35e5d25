import type { Knex } from 'knex';

type Dialect = 'postgresql' | 'mysql' | 'sqlite3';

/** What the databases' dialects have no common word for. */
function dialectOf(db: Knex): Dialect {
  return (db.client as { dialect: Dialect }).dialect;
}

/** Milliseconds since the epoch, an integer. */
const NOW: Readonly<Record<Dialect, string>> = {
  // clock_timestamp: now() stands still in a transaction; a sub-select: as a volatile function it would use no index
  postgresql: '(select floor(extract(epoch from clock_timestamp()) * 1000)::bigint)',
  // not unix_timestamp(now()): an hour off where the session's time zone ends its summer time
  mysql: "(timestampdiff(microsecond, '1970-01-01', utc_timestamp(6)) div 1000)",
  sqlite3: "cast(round((julianday('now') - 2440587.5) * 86400000) as integer)",
};

/** The database's clock, `afterMs` from now. */
export function clockAfter(db: Knex, afterMs = 0): Knex.Raw {
  const now = NOW[dialectOf(db)];
  return afterMs === 0 ? db.raw(now) : db.raw(`${now} + ?`, [Math.round(afterMs)]);
}

/** Locks what the query answers, and leaves out what others have locked. SQLite has one writer at a time. */
export function lockFree(db: Knex, query: Knex.QueryBuilder): Knex.QueryBuilder {
  return dialectOf(db) === 'sqlite3' ? query : query.forUpdate().skipLocked();
}

/** Whether a process stands still while it reads: SQLite is read by the process itself, in its one thread. */
export function readsBlock(db: Knex): boolean {
  return dialectOf(db) === 'sqlite3';
}

/**
 * A table of which rows are to be locked by their primary key. MySQL reads a small table from end to end instead, locks
 * every row on its way, and waits for those that others hold.
 */
export function byPrimaryKey(db: Knex, table: string): Knex.QueryBuilder {
  return dialectOf(db) === 'mysql' ? db(db.raw('?? force index (primary)', [table])) : db(table);
}

/** Deletes by the primary key `id`, and waits for no other row. MySQL would for the neighbours, if it were told of several. */
export async function deleteByIds(db: Knex, table: () => Knex.QueryBuilder, ids: readonly (number | string)[]): Promise<void> {
  if (dialectOf(db) !== 'mysql') await table().whereIn('id', ids).delete();
  else for (const id of ids) await table().where('id', id).delete();
}

/** Whether an INSERT of several rows can answer which ids they were given. */
export function answersInserted(db: Knex): boolean {
  return dialectOf(db) !== 'mysql';
}

/** Inserts one row. @returns its autoincrement id; undefined when the statement ignored a conflict */
export async function insertedId(db: Knex, insert: Knex.QueryBuilder): Promise<number | undefined> {
  if (dialectOf(db) === 'mysql') {
    const [id] = (await insert) as number[];
    return Number(id) || undefined;
  }
  const [row]: { id: number | string }[] = await insert.returning('id');
  return row === undefined ? undefined : Number(row.id);
}
