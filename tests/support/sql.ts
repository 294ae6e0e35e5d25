import { randomBytes } from 'node:crypto';
import knex, { type Knex } from 'knex';

/** A test suite's own empty database, configured as Strapi configures it. */
export interface TestDatabase {
  readonly knex: Knex;
  /** On PostgreSQL, a schema that is not on the search path. */
  readonly schema: string | undefined;
  close(): Promise<void>;
}

export interface TestDatabaseKind {
  readonly name: 'SQLite' | 'PostgreSQL' | 'MariaDB';
  open(): Promise<TestDatabase>;
}

const quiet = { warn: () => undefined, error: () => undefined, debug: () => undefined, deprecate: () => undefined };

export async function openSqlite(filename = ':memory:'): Promise<TestDatabase> {
  const connection = { filename };
  const db = knex({ client: 'better-sqlite3', connection, useNullAsDefault: true, log: quiet });
  return { knex: db, schema: undefined, close: () => db.destroy() };
}

async function openPostgres(url: string): Promise<TestDatabase> {
  const schema = `test_${randomBytes(6).toString('hex')}`;
  const db = knex({ client: 'pg', connection: url, pool: { min: 0, max: 12 }, log: quiet });
  await db.raw('create schema ??', [schema]);
  return {
    knex: db,
    schema,
    close: async () => {
      await db.raw('drop schema ?? cascade', [schema]);
      await db.destroy();
    },
  };
}

async function openMariadb(url: string): Promise<TestDatabase> {
  const { hostname: host, port, username: user, password } = new URL(url);
  const database = `test_${randomBytes(6).toString('hex')}`;
  const server = { host, port: Number(port), user: decodeURIComponent(user), password: decodeURIComponent(password) };
  const numbers = { supportBigNumbers: true, bigNumberStrings: true };
  const admin = knex({ client: 'mysql2', connection: url, pool: { min: 0, max: 1 } });
  // this is the worst default that a host may have: neither utf8 nor case-sensitive
  await admin.raw('create database ?? character set latin1 collate latin1_swedish_ci', [database]);
  const connection = { ...server, ...numbers, database };
  const db = knex({ client: 'mysql2', connection, pool: { min: 0, max: 12 }, log: quiet });
  return {
    knex: db,
    schema: undefined,
    close: async () => {
      await db.destroy();
      await admin.raw('drop database ??', [database]);
      await admin.destroy();
    },
  };
}

/** Returns SQLite always, and the servers when `TEST_POSTGRES_URL` and `TEST_MARIADB_URL` say where they are. */
export function testDatabases(): TestDatabaseKind[] {
  const { TEST_POSTGRES_URL: postgres, TEST_MARIADB_URL: mariadb } = process.env;
  const kinds: TestDatabaseKind[] = [{ name: 'SQLite', open: () => openSqlite() }];
  if (postgres) kinds.push({ name: 'PostgreSQL', open: () => openPostgres(postgres) });
  if (mariadb) kinds.push({ name: 'MariaDB', open: () => openMariadb(mariadb) });
  return kinds;
}

/** Makes all rows older by `ms`. The ledger compares times with the database's clock only, so to it this is `ms` later. */
export async function shiftTimes({ knex: db, schema }: TestDatabase, ms: number): Promise<void> {
  const earlier = (columns: string[]) => Object.fromEntries(columns.map((name) => [name, db.raw('?? - ?', [name, ms])]));
  const table = (name: string) => (schema ? db(name).withSchema(schema) : db(name));
  await table('s3_storage_objects').update(earlier(['changed_at', 'retry_at', 'purge_at', 'content_at']));
  await table('s3_storage_names').update(earlier(['created_at', 'touched_at', 'condemned_at', 'due_at']));
  await table('s3_storage_leases').update(earlier(['expires_at']));
  await table('s3_storage_volumes').update(earlier(['first_seen', 'last_seen']));
  await table('s3_storage_watches').update(earlier(['watched_to']));
  await table('s3_storage_jobs').update(earlier(['requested_at']));
  await table('s3_storage_runs').update(earlier(['started_at', 'seen_at', 'ended_at']));
}

/** Empties the ledger by deletes, so that ids go on. */
export async function emptyTables({ knex: db, schema }: TestDatabase): Promise<void> {
  for (const name of ['s3_storage_objects', 's3_storage_names', 's3_storage_locations', 's3_storage_tallies', 's3_storage_leases',
    's3_storage_inventories', 's3_storage_jobs', 's3_storage_runs', 's3_storage_findings', 's3_storage_volumes', 's3_storage_watches', 's3_storage_owners']) {
    await (schema ? db(name).withSchema(schema) : db(name)).delete();
  }
}
