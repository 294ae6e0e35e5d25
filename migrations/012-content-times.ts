import type { Knex } from 'knex';
import { addColumns } from './columns';

/**
 * Adds the time at which a file's bytes became current, and the ticket of these bytes: a process of an older version changes the ticket and
 * leaves the time, which then counts no more. Null: unknown.
 */
export function up(knex: Knex, schema?: string): Promise<void> {
  return addColumns(knex, schema, 's3_storage_objects', {
    content_at: (table) => table.bigInteger('content_at'),
    content_ticket: (table) => table.bigInteger('content_ticket'),
  });
}
