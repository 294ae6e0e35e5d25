import type { Knex } from 'knex';
import { schemaOf } from './tables';

/** The new columns by name, each with the function that adds it. */
export type NewColumns = Readonly<Record<string, (table: Knex.AlterTableBuilder) => void>>;

/**
 * Adds columns to an existing table, and leaves a column alone that is there already: where DDL is not transactional (MySQL), a killed
 * migration may have added some of them.
 */
export async function addColumns(knex: Knex, schema: string | undefined, table: string, columns: NewColumns): Promise<void> {
  for (const [name, add] of Object.entries(columns)) {
    if (await schemaOf(knex, schema).hasColumn(table, name)) continue;
    await schemaOf(knex, schema).alterTable(table, add);
  }
}
