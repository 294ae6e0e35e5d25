import type { Knex } from 'knex';
import { createTables } from './tables';

/**
 * The ledger. Keys and names can have 1024 bytes and more, which is too long for an index on MySQL. The SHA-256 (hex) of the text finds the
 * rows and keeps them unique; a comparison of hashes also depends on no collation. Times are milliseconds since the epoch, on the
 * database's own clock.
 */
export function up(knex: Knex, schema?: string): Promise<void> {
  return createTables(knex, schema, {
    s3_storage_locations: (table) => {
      table.increments('id');
      table.specificType('location_hash', 'char(64)').notNullable().unique();
      table.text('endpoint').notNullable();
      table.text('region').notNullable();
      table.text('bucket').notNullable();
    },

    s3_storage_objects: (table) => {
      // this is the primary key because InnoDB then locks only the record, while in any other index it also locks the gaps around it
      table.specificType('key_hash', 'char(64)').notNullable().primary();
      table.text('object_key').notNullable();
      table.string('state', 8).notNullable();
      table.string('origin', 16).notNullable();
      table.integer('location_id');
      table.text('object_name');
      table.text('etag');
      table.string('volume', 64);
      table.text('local_name');
      table.bigInteger('size');
      table.string('md5', 32);
      table.text('mime');
      table.integer('rev').notNullable();
      table.bigInteger('ticket').notNullable();
      table.bigInteger('tombstone_ticket');
      table.boolean('plain_used').notNullable();
      table.integer('attempts').notNullable();
      table.string('last_error', 64);
      table.bigInteger('changed_at').notNullable();
      table.bigInteger('retry_at').notNullable();
      table.bigInteger('purge_at');
      table.index(['state', 'origin', 'volume', 'changed_at'], 's3_storage_objects_upload');
      table.index(['purge_at'], 's3_storage_objects_purge');
    },

    s3_storage_names: (table) => {
      // tickets come from this column: the ids of deleted rows must never come back, so nobody may truncate the table or use max(id) + 1
      table.bigIncrements('id');
      // null only inside the transaction that draws the id, and while the row is nothing but a drawn id
      table.specificType('name_hash', 'char(64)').unique();
      table.string('kind', 8).notNullable();
      table.integer('location_id');
      table.string('volume', 64);
      table.text('name').notNullable();
      table.text('object_key').notNullable();
      table.string('status', 16).notNullable();
      table.bigInteger('created_at').notNullable();
      table.bigInteger('touched_at').notNullable();
      table.bigInteger('condemned_at');
      table.bigInteger('due_at');
      table.index(['status', 'touched_at'], 's3_storage_names_touched');
      table.index(['due_at'], 's3_storage_names_due');
    },
  });
}
