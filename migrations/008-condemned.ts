import type { Knex } from 'knex';
import { createIndex } from './indexes';
import { isMysql } from './tables';

/** Characters of a key in an index of MySQL, which takes 3072 bytes and may need four for each. */
const KEY_PREFIX = 255;

/**
 * Leads a reader to the condemned files of one key, however many others await the sweeper: they are asked for while S3 is away or has
 * lost an object.
 */
export async function up(knex: Knex, schema?: string): Promise<void> {
  const names = { table: 's3_storage_names', schema, index: 's3_storage_names_key' };
  await createIndex(knex, names, [isMysql(knex) ? { column: 'object_key', prefix: KEY_PREFIX } : 'object_key', 'status']);
}
