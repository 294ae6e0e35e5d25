import knex, { type Knex } from 'knex';
import type { StrapiInstance } from './strapi';

/** One row of the ledger, read with plain SQL over a connection of its own and without the code under test. */
export interface ObservedRow {
  object_key: string;
  state: string;
  object_name: string | null;
  ticket: number | string;
}

/** An observer's own connection to the database of an instance. */
export function observeDatabase({ database, databaseFile }: StrapiInstance): Knex {
  if (database.client === 'sqlite') {
    return knex({ client: 'better-sqlite3', connection: { filename: databaseFile ?? '' }, useNullAsDefault: true });
  }
  return knex({ client: database.client === 'postgres' ? 'pg' : 'mysql2', connection: database.url });
}

/** The ledger's rows of these keys. */
export async function ledgerRows(strapi: StrapiInstance, keys: readonly string[]): Promise<ObservedRow[]> {
  const connection = observeDatabase(strapi);
  try {
    // a big integer is text on PostgreSQL and MariaDB
    const rows: ObservedRow[] = await connection('s3_storage_objects').select('object_key', 'state', 'object_name', 'ticket').whereIn('object_key', keys);
    return rows.map((row) => ({ ...row, ticket: Number(row.ticket) }));
  } finally {
    await connection.destroy();
  }
}

/** Makes every volume look as if it had last been seen `ms` earlier. */
export async function ageVolumes(strapi: StrapiInstance, ms: number): Promise<void> {
  const connection = observeDatabase(strapi);
  try {
    await connection('s3_storage_volumes').update({ last_seen: connection.raw('last_seen - ?', [ms]) });
  } finally {
    await connection.destroy();
  }
}
