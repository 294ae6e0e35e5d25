import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Knex } from 'knex';
import type { DatabaseIdentity } from '../../core/buckets/owner/database-identity';

/**
 * Asks a database for facts that a copy of it does not share, and that survive restarts, failovers and rolling deploys:
 *
 * - SQLite: the inode of the file and the time when it was made. (The device's number may change when a server restarts.)
 * - PostgreSQL: the system identifier of the cluster, and the oids of the database and of the plugin's table. A standby has the same ones.
 * - MySQL and MariaDB: the name of the database and the time when the plugin's table was made. (MariaDB's `server_uid` changes in containers.)
 *
 * Returns null if the database does not tell any of them, for instance because it lies in memory.
 * @param schema PostgreSQL's schema, if it is not the connection's own
 */
export async function identifyDatabase(knex: Knex, schema?: string): Promise<DatabaseIdentity | null> {
  switch ((knex.client as { dialect: string }).dialect) {
    case 'sqlite3':
      return identifySqlite(knex);
    case 'postgresql':
      return identifyPostgres(knex, schema);
    case 'mysql':
      return identifyMysql(knex);
    default:
      return null;
  }
}

async function identifySqlite(knex: Knex): Promise<DatabaseIdentity | null> {
  const { filename } = (knex.client as { config: { connection?: { filename?: string } } }).config.connection ?? {};
  if (!filename || filename === ':memory:' || filename.startsWith('file:')) return null;
  const { ino, birthtimeNs, ctimeNs, dev } = await stat(path.resolve(filename), { bigint: true });
  // where no time of birth is known, it is 0 or the time of the last change; the number of the device tells two disks apart there
  return birthtimeNs > 0n && birthtimeNs !== ctimeNs ? { kind: 'sqlite', inode: String(ino), born: String(birthtimeNs) } : { kind: 'sqlite', inode: String(ino), device: String(dev) };
}

async function identifyPostgres(knex: Knex, schema: string | undefined): Promise<DatabaseIdentity | null> {
  const table = schema ? `"${schema.replaceAll('"', '""')}".s3_storage_owners` : 's3_storage_owners';
  const oids = await one(knex, 'select d.oid as database, to_regclass(?)::oid as owners from pg_database d where d.datname = current_database()', [table]);
  // some services do not let everybody call this function
  const cluster = await one(knex, 'select system_identifier as system from pg_control_system()', []).catch(() => undefined);
  return identity('postgresql', { ...oids, ...cluster });
}

async function identifyMysql(knex: Knex): Promise<DatabaseIdentity | null> {
  const facts = await one(
    knex,
    "select database() as name, unix_timestamp(create_time) as made from information_schema.tables where table_schema = database() and table_name = 's3_storage_owners'",
    [],
  );
  return identity('mysql', facts);
}

/** Returns the first row of a query. The forms of the answers differ between the databases. */
async function one(knex: Knex, sql: string, bindings: string[]): Promise<Record<string, unknown> | undefined> {
  const answer = (await knex.raw(sql, bindings)) as { rows?: Record<string, unknown>[] } | [Record<string, unknown>[]];
  return Array.isArray(answer) ? answer[0][0] : answer.rows?.[0];
}

function identity(kind: string, facts: Record<string, unknown> | undefined): DatabaseIdentity | null {
  const known = Object.entries(facts ?? {}).filter(([, value]) => value !== null && value !== undefined);
  return known.length === 0 ? null : { ...Object.fromEntries(known.map(([fact, value]) => [fact, String(value)])), kind };
}
