import type { Knex } from 'knex';
import { addColumns } from './columns';
import { createTables } from './tables';

/**
 * Adds what the jobs on the whole library need: their requests, the progress and findings of each run, and the progress of each disk's
 * inventory. It also adds the means by which an endpoint proves uploads, and the audit that last saw an object.
 */
export async function up(knex: Knex, schema?: string): Promise<void> {
  await createTables(knex, schema, {
    // one row for each job: the last request, which every process obeys
    s3_storage_jobs: (table) => {
      table.string('name', 16).notNullable().primary();
      table.bigInteger('request').notNullable();
      table.text('options').notNullable();
      table.boolean('stopped').notNullable();
      table.bigInteger('requested_at').notNullable();
    },

    s3_storage_runs: (table) => {
      table.bigIncrements('id');
      table.string('job', 16).notNullable();
      table.string('trigger_kind', 16).notNullable();
      // the request of this run; null for a scheduled run
      table.bigInteger('request');
      table.boolean('dry_run').notNullable();
      table.text('options').notNullable();
      table.string('volume', 64);
      table.string('holder', 128).notNullable();
      table.string('status', 16).notNullable();
      table.string('error', 64);
      table.bigInteger('started_at').notNullable();
      table.bigInteger('seen_at').notNullable();
      table.bigInteger('ended_at');
      table.bigInteger('done').notNullable();
      table.bigInteger('total').notNullable();
      table.bigInteger('failed').notNullable();
      table.bigInteger('bytes_done').notNullable();
      table.bigInteger('bytes_total').notNullable();
      // JSON: requests, skipped
      table.text('details').notNullable();
      table.index(['job', 'id'], 's3_storage_runs_job');
    },

    s3_storage_findings: (table) => {
      table.bigIncrements('id');
      table.bigInteger('run_id').notNullable();
      table.string('kind', 32).notNullable();
      table.text('object_key');
      table.text('name');
      table.bigInteger('size');
      table.string('code', 64);
      table.string('action', 32).notNullable();
      table.boolean('applied').notNullable();
      // JSON: details that applying needs, such as a row's revision
      table.text('details').notNullable();
      table.index(['run_id', 'id'], 's3_storage_findings_run');
    },

    // one row for each disk
    s3_storage_inventories: (table) => {
      table.string('volume', 64).notNullable().primary();
      // id of the last file of the media library that the inventory looked at
      table.bigInteger('position').notNullable();
      // the range that it has completed; null: none yet
      table.bigInteger('completed_to');
      table.bigInteger('other_providers').notNullable();
      table.bigInteger('missing').notNullable();
      // a new number each time the inventory has to begin again
      table.integer('generation').notNullable();
      table.bigInteger('updated_at').notNullable();
    },
  });
  await addColumns(knex, schema, 's3_storage_locations', { proof: (table) => table.string('proof', 16) });
  await addColumns(knex, schema, 's3_storage_objects', { audited_by: (table) => table.bigInteger('audited_by') });
}
