import type { Knex } from 'knex';

/** Name of the plugin's index on `files.hash`. Strapi itself has no index on that column. */
export const LIBRARY_INDEX = 's3_storage_files_hash_index';
const TABLE = 'files';
const COLUMN = 'hash';
/** Longest wait of MySQL for open transactions on the table (s). Everybody who asks for the table meanwhile waits behind it. */
const MYSQL_LOCK_WAIT_S = 5;
/** PostgreSQL's key of the lock that lets one process at a time make the index. */
const POSTGRES_LOCK = 0x53335349;

/**
 * Makes the index that finds a file of the media library by its hash, if it is not there yet. The table is Strapi's. Its schema
 * synchronisation drops only an index that an earlier schema of Strapi's own had, so it leaves this one alone (`@strapi/database`,
 * `schema/diff.js`, `removedIndexes`). Without the index every query still works, but slowly.
 *
 * Nobody who reads or writes the table has to wait on PostgreSQL (`CONCURRENTLY`, which no transaction may contain) and MySQL (online DDL);
 * SQLite makes the index for a million files in about a second. A transaction must not contain this call.
 * @param schema PostgreSQL's schema, if it is not the connection's own
 * @returns whether the index is there; false while another process makes it
 * @throws the database's error
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
    // a process that was killed while it made the index left this one: each write updates it, and no query uses it
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
    // another process has made the index meanwhile
    if ((error as { code?: string }).code === 'ER_DUP_KEYNAME') return true;
    throw error;
  } finally {
    await run('set session lock_wait_timeout = ?', [Number(before?.['seconds'])]);
  }
}

/** Runs `work` on one connection, because locks and settings of a session hold for its connection only. */
async function onOneConnection<T>(knex: Knex, work: (run: Run) => Promise<T>): Promise<T> {
  const client = knex.client as { acquireConnection(): Promise<unknown>; releaseConnection(connection: unknown): Promise<void> };
  const connection = await client.acquireConnection();
  try {
    return await work(async (sql, bindings) => {
      const answer: unknown = await knex.raw(sql, bindings as readonly Knex.RawBinding[]).connection(connection);
      // `pg` answers an object that contains the rows, `mysql2` an array of rows and columns
      return (Array.isArray(answer) ? (answer[0] as Record<string, unknown>[]) : (answer as { rows: Record<string, unknown>[] }).rows) ?? [];
    });
  } finally {
    await client.releaseConnection(connection);
  }
}
