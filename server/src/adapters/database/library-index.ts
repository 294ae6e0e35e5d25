import type { Knex } from 'knex';

/** Name of the plugin's index on Strapi's `files.hash`, which Strapi itself has none on. */
export const LIBRARY_INDEX = 's3_storage_files_hash_index';
const TABLE = 'files';
const COLUMN = 'hash';
/** How long MySQL may wait for open transactions on the table (s): whoever asks for the table meanwhile waits behind it. */
const MYSQL_LOCK_WAIT_S = 5;
/** PostgreSQL's key of the lock under which one process at a time makes the index. */
const POSTGRES_LOCK = 0x53335349;

/**
 * Makes the index by which a file of the media library is found from its hash, where it is not there yet. The table is Strapi's:
 * its schema synchronisation drops an index only where an earlier schema of Strapi's own had it, so that it leaves this one alone
 * (`@strapi/database`, `schema/diff.js`, `removedIndexes`). Without the index every question is answered all the same, but slowly.
 *
 * Nobody who reads or writes the table is kept waiting on PostgreSQL (`CONCURRENTLY`, which no transaction may contain) and MySQL
 * (online DDL); SQLite makes it in about a second for a million files. Not to be called inside a transaction.
 * @param schema PostgreSQL's, where it is not the connection's own
 * @returns whether the index is there; false while another process makes it
 * @throws whatever the database says
 */
export async function ensureLibraryIndex(knex: Knex, schema?: string): Promise<boolean> {
  const { dialect } = knex.client as { dialect: string };
  if (dialect === 'postgresql') return onOneConnection(knex, (run) => onPostgres(run, schema));
  if (dialect === 'mysql') return onOneConnection(knex, onMysql);
  await knex.raw('create index if not exists ?? on ?? (??)', [LIBRARY_INDEX, TABLE, COLUMN]);
  return true;
}

type Run = (sql: string, bindings: readonly (string | number | null)[]) => Promise<Record<string, unknown>[]>;

async function onPostgres(run: Run, schema: string | undefined): Promise<boolean> {
  const state = async () =>
    (
      await run(
        `select i.indisvalid as valid from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
         where c.relname = ? and n.nspname = coalesce(?, current_schema())`,
        [LIBRARY_INDEX, schema ?? null],
      )
    )[0];
  if ((await state())?.['valid'] === true) return true;
  const [lock] = await run('select pg_try_advisory_lock(?) as held', [POSTGRES_LOCK]);
  if (lock?.['held'] !== true) return false;
  try {
    // left behind by a process that was killed while it made it: written on every change, and used by no query
    if ((await state())?.['valid'] === false) await run(`drop index concurrently if exists ${schema ? '??.??' : '??'}`, [...(schema ? [schema] : []), LIBRARY_INDEX]);
    await run(`create index concurrently if not exists ?? on ${schema ? '??.??' : '??'} (??)`, [LIBRARY_INDEX, ...(schema ? [schema] : []), TABLE, COLUMN]);
    return true;
  } finally {
    await run('select pg_advisory_unlock(?)', [POSTGRES_LOCK]);
  }
}

async function onMysql(run: Run): Promise<boolean> {
  const there = await run('select 1 from information_schema.statistics where table_schema = database() and table_name = ? and index_name = ?', [TABLE, LIBRARY_INDEX]);
  if (there.length > 0) return true;
  const [before] = await run('select @@session.lock_wait_timeout as seconds', []);
  await run('set session lock_wait_timeout = ?', [MYSQL_LOCK_WAIT_S]);
  try {
    await run('create index ?? on ?? (??)', [LIBRARY_INDEX, TABLE, COLUMN]);
    return true;
  } catch (error) {
    // another process has made it meanwhile
    if ((error as { code?: string }).code === 'ER_DUP_KEYNAME') return true;
    throw error;
  } finally {
    await run('set session lock_wait_timeout = ?', [Number(before?.['seconds'])]);
  }
}

/** Locks and settings of a session hold for the statements on its connection only. */
async function onOneConnection<T>(knex: Knex, work: (run: Run) => Promise<T>): Promise<T> {
  const client = knex.client as { acquireConnection(): Promise<unknown>; releaseConnection(connection: unknown): Promise<void> };
  const connection = await client.acquireConnection();
  try {
    return await work(async (sql, bindings) => {
      const answer: unknown = await knex.raw(sql, bindings as readonly Knex.RawBinding[]).connection(connection);
      // `pg` answers an object with the rows in it, `mysql2` the rows and the columns
      return (Array.isArray(answer) ? (answer[0] as Record<string, unknown>[]) : (answer as { rows: Record<string, unknown>[] }).rows) ?? [];
    });
  } finally {
    await client.releaseConnection(connection);
  }
}
