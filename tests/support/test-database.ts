import { randomBytes } from 'node:crypto';

import knex from 'knex';

export type TestDatabase = { client: 'sqlite'; file?: string } | { client: 'postgres' | 'mysql'; url: string };

/** A new, empty database on the server that `TEST_DATABASE_URL` names (`npm run test:integration -- --db …` sets it), else SQLite. */
export async function freshDatabase(server = process.env['TEST_DATABASE_URL']): Promise<TestDatabase> {
  if (!server) return { client: 'sqlite' };

  const client = server.startsWith('postgres') ? 'postgres' : 'mysql';
  const name = `strapi_${randomBytes(6).toString('hex')}`;
  const connection = knex({ client: client === 'postgres' ? 'pg' : 'mysql2', connection: server });
  try {
    await connection.raw(`create database ${name}`);
  } finally {
    await connection.destroy();
  }
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { client, url: url.href };
}
