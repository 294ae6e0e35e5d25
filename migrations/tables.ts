import type { Knex } from 'knex';

export type Columns = (table: Knex.CreateTableBuilder) => void;

/** Returns the builder for a schema. @param schema PostgreSQL's schema; undefined means the connection's own */
export function schemaOf(knex: Knex, schema: string | undefined): Knex.SchemaBuilder {
  return schema ? knex.schema.withSchema(schema) : knex.schema;
}

/**
 * Creates tables that belong together. Where DDL is not transactional (MySQL), a killed migration leaves some of them, perhaps without an
 * index. Nobody writes before the migration is recorded, so such leftovers are empty, and this makes them anew. If any of the tables has
 * rows, all of them are complete and only the record of the migration was lost: existing tables then stay. It is not enough to look at each
 * table alone: the names table is empty at rest, and a new one would restart its ids.
 */
export async function createTables(
  knex: Knex,
  schema: string | undefined,
  tables: Readonly<Record<string, Columns>>,
): Promise<void> {
  const existing: string[] = [];
  for (const name of Object.keys(tables)) if (await schemaOf(knex, schema).hasTable(name)) existing.push(name);
  let used = false;
  for (const name of existing) used ||= await hasRows(knex, schema, name);
  for (const [name, columns] of Object.entries(tables)) {
    if (existing.includes(name)) {
      if (used) continue;
      await schemaOf(knex, schema).dropTable(name);
    }
    await schemaOf(knex, schema).createTable(name, (table) => {
      columns(table);
      if (isMysql(knex)) {
        // independent of the database's default, keys keep their bytes and text compares by bytes
        table.engine('InnoDB');
        table.charset('utf8mb4');
        table.collate('utf8mb4_bin');
      }
    });
  }
}

async function hasRows(knex: Knex, schema: string | undefined, name: string): Promise<boolean> {
  const table = schema ? knex(name).withSchema(schema) : knex(name);
  return (await table.select(knex.raw('1')).limit(1)).length > 0;
}

/** Whether the database is MySQL or MariaDB. */
export function isMysql(knex: Knex): boolean {
  return (knex.client as { dialect: string }).dialect === 'mysql';
}
