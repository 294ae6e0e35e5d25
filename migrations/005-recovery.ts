import type { Knex } from 'knex';
import { addColumns } from './columns';
import { schemaOf } from './tables';

/**
 * Adds what the plugin needs to go on after a crash: when a process last saw an incident, and which incident is the latest (1 or null);
 * whether the write of a condemned name never ended; and which bytes were under a condemned path to which others can write too.
 */
export async function up(knex: Knex, schema?: string): Promise<void> {
  await addColumns(knex, schema, 's3_storage_incidents', { seen_at: (table) => table.bigInteger('seen_at') });
  // column and index are two statements, and a killed migration may have left only the column
  if (await schemaOf(knex, schema).hasColumn('s3_storage_incidents', 'latest')) {
    await schemaOf(knex, schema).alterTable('s3_storage_incidents', (table) => table.dropColumn('latest'));
  }
  await addColumns(knex, schema, 's3_storage_incidents', {
    latest: (table) => table.integer('latest').unique({ indexName: 's3_storage_incidents_latest' }),
  });
  await addColumns(knex, schema, 's3_storage_names', {
    unfinished: (table) => table.boolean('unfinished').notNullable().defaultTo(false),
    size: (table) => table.bigInteger('size'),
    md5: (table) => table.string('md5', 32),
  });
}
