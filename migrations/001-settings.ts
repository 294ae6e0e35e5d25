import type { Knex } from 'knex';
import { createTables } from './tables';

/** The plugin's settings: one row. They have a table of their own because `strapi import` replaces Strapi's store. */
export function up(knex: Knex, schema?: string): Promise<void> {
  return createTables(knex, schema, {
    s3_storage_settings: (table) => {
      table.integer('id').notNullable().primary();
      table.integer('revision').notNullable().defaultTo(0);
      // no default, because MySQL has none for text
      table.text('document').notNullable();
      table.text('secret');
      table.bigInteger('updated_at');
    },
  });
}
