import type { Knex } from 'knex';
import { addColumns } from './columns';

/** Adds the pairs of keys of former targets, as JSON, each with its sealed secret. Objects there are still read and removed with them. */
export function up(knex: Knex, schema?: string): Promise<void> {
  return addColumns(knex, schema, 's3_storage_settings', { kept_keys: (table) => table.text('kept_keys', 'mediumtext') });
}
