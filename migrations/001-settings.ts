import type { Knex } from 'knex';
import { createTables } from './tables';

/** The plugin's settings: one row. In a table of its own because Strapi's store is replaced by `strapi import`. */
export function up(knex: Knex, schema?: string): Promise<void> {
  return createTables(knex, schema, {
    s3_storage_settings: (table) => {
      table.integer('id').notNullable().primary();
      table.integer('revision').notNullable().defaultTo(0);
      // no default: MySQL gives none to text
      table.text('document').notNullable();
      table.text('secret');
      table.bigInteger('updated_at');
    },
  });
}
