import type { Knex } from 'knex';
import { createTables } from './tables';

/** Outages of S3: when they began and ended, why, and how many files fell back to the disk meanwhile. */
export function up(knex: Knex, schema?: string): Promise<void> {
  return createTables(knex, schema, {
    s3_storage_incidents: (table) => {
      table.increments('id');
      table.string('code', 64).notNullable();
      table.bigInteger('started_at').notNullable();
      table.bigInteger('ended_at');
      table.integer('fell_back').notNullable().defaultTo(0);
      table.index(['started_at'], 's3_storage_incidents_started');
    },
  });
}
