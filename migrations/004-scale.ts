import type { Knex } from 'knex';
import { createIndex, dropIndex } from './indexes';
import { createTables } from './tables';

/**
 * Keeps a ledger of a million rows quick: it adds tallies, so that nobody counts the rows, and indexes that lead straight to the rows that
 * are due. It also adds leases, for work that one process at a time does.
 */
export async function up(knex: Knex, schema?: string): Promise<void> {
  await createTables(knex, schema, {
    s3_storage_leases: (table) => {
      table.string('name', 64).notNullable().primary();
      table.string('holder', 128).notNullable();
      table.bigInteger('expires_at').notNullable();
    },

    // the plugin only appends rows and sums them up: a group may have many rows, and negative ones
    s3_storage_tallies: (table) => {
      table.bigIncrements('id');
      table.string('state', 8).notNullable();
      table.string('origin', 16).notNullable();
      table.integer('buried').notNullable();
      table.integer('failed').notNullable();
      table.string('volume', 64);
      table.bigInteger('row_count').notNullable();
      table.bigInteger('bytes').notNullable();
    },
  });

  const objects = { table: 's3_storage_objects', schema };
  const due = ['tombstone_ticket', 'retry_at', 'changed_at'];
  await createIndex(knex, { ...objects, index: 's3_storage_objects_upload_due' }, ['state', 'origin', 'volume', ...due]);
  await createIndex(knex, { ...objects, index: 's3_storage_objects_due' }, ['state', 'volume', ...due]);
  // the new indexes lead to every row to which this one led
  await dropIndex(knex, { ...objects, index: 's3_storage_objects_upload' });

  await fillTallies(knex, schema);
}

async function fillTallies(knex: Knex, schema: string | undefined): Promise<void> {
  const of = (name: string) => (schema ? knex(name).withSchema(schema) : knex(name));
  if ((await of('s3_storage_tallies').select('id').limit(1)).length > 0) return;
  const columns = `state, origin, case when tombstone_ticket is null then 0 else 1 end as buried,
    case when last_error is null then 0 else 1 end as failed, case when state = 'local' then volume end as volume, size`;
  const rows = of('s3_storage_objects').select(knex.raw(columns)).whereIn('state', ['local', 'both', 'remote']).as('rows_with_bytes');
  const group = ['state', 'origin', 'buried', 'failed', 'volume'];
  const groups = await knex(rows).select(group).count({ row_count: '*' }).sum({ bytes: 'size' }).groupBy(group);
  if (groups.length > 0) await of('s3_storage_tallies').insert(groups);
}
