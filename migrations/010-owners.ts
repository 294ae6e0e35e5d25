import type { Knex } from 'knex';
import { createTables } from './tables';

/**
 * The areas in buckets that this database owns: an endpoint, a bucket and a prefix, whose hash is `area`. The marker in the bucket says the
 * same, so that a copy of this database can be told from it. `token` changes with each `epoch`; `in_marker` is the last token that the marker
 * surely had. `superseded_by` is another owner that the marker named since. `identity` tells which database wrote the row, so that a copy
 * knows itself even where the marker is gone.
 */
export function up(knex: Knex, schema?: string): Promise<void> {
  return createTables(knex, schema, {
    s3_storage_owners: (table) => {
      table.string('area', 64).notNullable().primary();
      table.string('endpoint', 2048).notNullable();
      table.string('bucket', 255).notNullable();
      table.string('prefix', 512).notNullable();
      table.string('owner', 36).notNullable();
      table.bigInteger('epoch').notNullable();
      table.string('token', 36).notNullable();
      table.string('in_marker', 36);
      table.text('identity');
      table.string('superseded_by', 64);
    },
  });
}
