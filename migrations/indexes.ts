import type { Knex } from 'knex';
import { isMysql } from './tables';

/** A statement about an index. It does no harm if a killed migration has run it before. */
export interface IndexChange {
  readonly table: string;
  readonly index: string;
  readonly schema: string | undefined;
}

/** A column, or a column and the number of its first characters that the index takes: MySQL cannot index a whole text. */
export type IndexedColumn = string | { readonly column: string; readonly prefix: number };

export async function createIndex(knex: Knex, { table, index, schema }: IndexChange, columns: readonly IndexedColumn[]): Promise<void> {
  const list = columns.map((column) => (typeof column === 'string' ? '??' : `??(${column.prefix})`)).join(', ');
  const names = columns.map((column) => (typeof column === 'string' ? column : column.column));
  if (isMysql(knex)) {
    await unless('ER_DUP_KEYNAME', knex.raw(`create index ?? on ?? (${list})`, [index, table, ...names]));
  } else {
    const on = schema ? `${schema}.${table}` : table;
    await knex.raw(`create index if not exists ?? on ?? (${list})`, [index, on, ...names]);
  }
}

export async function dropIndex(knex: Knex, { table, index, schema }: IndexChange): Promise<void> {
  if (isMysql(knex)) await unless('ER_CANT_DROP_FIELD_OR_KEY', knex.raw('drop index ?? on ??', [index, table]));
  else await knex.raw('drop index if exists ??', [schema ? `${schema}.${index}` : index]);
}

/**
 * Runs a statement and ignores one error, because MySQL has no `if exists` for indexes. A failed statement does no harm there, since DDL
 * runs outside of transactions.
 */
async function unless(code: string, statement: Knex.Raw): Promise<void> {
  try {
    await statement;
  } catch (error) {
    if ((error as { code?: string }).code !== code) throw error;
  }
}
