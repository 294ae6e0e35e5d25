import type { Knex } from 'knex';
import { addColumns } from './columns';
import { schemaOf } from './tables';

/**
 * What is needed to go on after a crash: when an incident was last seen, and which one is the latest (1 or null); whether
 * a condemned name's write never ended; what was under a condemned path that others can write to as well.
 */
export async function up(knex: Knex, schema?: string): Promise<void> {
  await addColumns(knex, schema, 's3_storage_incidents', { seen_at: (table) => table.bigInteger('seen_at') });
  // column and index are two statements, and a killed migration may have left the one without the other
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
