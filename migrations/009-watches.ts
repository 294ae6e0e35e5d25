import type { Knex } from 'knex';
import { createTables } from './tables';

/**
 * Up to which moment the plugin has looked at what Strapi changed, for each uploads folder, and which files the media library had then.
 * A start compares this with the library, because plain Strapi may have run in between. Times are milliseconds since the epoch, by the
 * database's clock.
 */
export function up(knex: Knex, schema?: string): Promise<void> {
  return createTables(knex, schema, {
    s3_storage_watches: (table) => {
      table.string('volume', 64).notNullable().primary();
      table.bigInteger('watched_to').notNullable();
      table.bigInteger('last_id').notNullable();
      table.bigInteger('files').notNullable();
    },
  });
}
