import path from 'node:path';
import knex from 'knex';
import { migrate } from '../server/src/adapters/database/migrate';
import { startPostgres } from '../tests/support/databases';
import { removeFolder, tempFolder } from '../tests/support/process';
import { openSqlite, type TestDatabase } from '../tests/support/sql';

export interface BenchDatabase {
  readonly name: 'SQLite' | 'PostgreSQL';
  /** An empty ledger, alone in a database. */
  open(): Promise<TestDatabase>;
  stop(): Promise<void>;
}

export async function sqlite(): Promise<BenchDatabase> {
  const folder = await tempFolder('bench-ledger');
  let files = 0;
  return {
    name: 'SQLite',
    open: async () => {
      const database = await openSqlite(path.join(folder, `${++files}.db`));
      await migrate(database.knex);
      return database;
    },
    stop: () => removeFolder(folder),
  };
}

/** @returns null where it is not installed */
export async function postgres(): Promise<BenchDatabase | null> {
  const server = await startPostgres();
  if (!server) return null;
  let databases = 0;
  return {
    name: 'PostgreSQL',
    open: async () => {
      const name = `bench_${++databases}`;
      const admin = knex({ client: 'pg', connection: server.url });
      await admin.raw('create database ??', [name]);
      await admin.destroy();
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      const db = knex({ client: 'pg', connection: url.href, pool: { min: 0, max: 4 } });
      await migrate(db);
      return { knex: db, schema: undefined, close: () => db.destroy() };
    },
    stop: () => server.stop(),
  };
}
