import type { Knex } from 'knex';
import { addColumns } from './columns';
import { createIndex } from './indexes';
import { isMysql } from './tables';

/** Number of characters of a key in an index of MySQL, which takes 3072 bytes and may need four bytes for each character. */
const KEY_PREFIX = 255;

/**
 * Adds the process that has claimed a row, so that the next process can free what a killed one held. It also adds an index that leads a
 * reader to the condemned files of one key, however many others await the sweeper: readers ask for them while S3 is away or has lost an
 * object.
 */
export async function up(knex: Knex, schema?: string): Promise<void> {
  const names = { table: 's3_storage_names', schema, index: 's3_storage_names_key' };
  await addColumns(knex, schema, 's3_storage_objects', { claimed_by: (table) => table.string('claimed_by', 128) });
  await createIndex(knex, names, [isMysql(knex) ? { column: 'object_key', prefix: KEY_PREFIX } : 'object_key', 'status']);
}
