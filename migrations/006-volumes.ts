import type { Knex } from 'knex';
import { createTables } from './tables';

/** The uploads folders of all processes that ever served, by the id stored in each: when each was first and last seen. */
export function up(knex: Knex, schema?: string): Promise<void> {
  return createTables(knex, schema, {
    s3_storage_volumes: (table) => {
      table.string('id', 64).notNullable().primary();
      table.bigInteger('first_seen').notNullable();
      table.bigInteger('last_seen').notNullable();
    },
  });
}
