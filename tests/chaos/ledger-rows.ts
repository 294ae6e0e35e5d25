import type { Knex } from 'knex';

import { observeDatabase } from '../support/observe-ledger';
import type { StrapiInstance } from '../support/strapi';

/** A row of the ledger, read with plain SQL. */
export interface Row {
  object_key: string;
  state: 'new' | 'local' | 'both' | 'remote' | 'gone';
  object_name: string | null;
  volume: string | null;
  local_name: string | null;
  size: number;
  md5: string | null;
  rev: number;
  ticket: number;
}

export interface Name {
  kind: 'object' | 'file';
  name: string;
  volume: string | null;
  object_key: string;
  status: string;
}

export interface ListedFile {
  id: number;
  name: string;
  key: string;
  formatKeys: string[];
}

/** The database, over the observer's own connection. */
export interface Books {
  rows(keys?: readonly string[]): Promise<Row[]>;
  names(keys?: readonly string[]): Promise<Name[]>;
  /** The names of objects that were removed, or may be by now. */
  removable(): Promise<string[]>;
  /** Files of the media library with these names. */
  listed(names: readonly string[]): Promise<ListedFile[]>;
  close(): Promise<void>;
}

const ROW = ['object_key', 'state', 'object_name', 'volume', 'local_name', 'size', 'md5', 'rev', 'ticket'] as const;
const NAME = ['kind', 'name', 'volume', 'object_key', 'status'] as const;

export function openBooks(strapi: StrapiInstance): Books {
  const db = observeDatabase(strapi);
  const all = (table: string, columns: readonly string[], keys?: readonly string[]) => {
    const query = db(table).select(...columns);
    return keys ? query.whereIn('object_key', keys) : query;
  };
  return {
    rows: async (keys) => {
      // PostgreSQL gives big integers as text
      const rows = (await all('s3_storage_objects', ROW, keys)) as (Omit<Row, 'size' | 'ticket'> & Record<'size' | 'ticket', number | string>)[];
      return rows.map((row) => ({ ...row, size: Number(row.size), ticket: Number(row.ticket) }));
    },
    names: async (keys) => (await all('s3_storage_names', NAME, keys)) as Name[],
    removable: async () => {
      const names = (await db('s3_storage_names').select('name', 'status', 'due_at').where('kind', 'object')) as { name: string; status: string; due_at: number | string | null }[];
      return names.filter(({ status, due_at }) => status === 'swept' || (status === 'condemned' && Number(due_at) <= Date.now())).map(({ name }) => name);
    },
    listed: (names) => listedFiles(db, names),
    close: () => db.destroy(),
  };
}

async function listedFiles(db: Knex, names: readonly string[]): Promise<ListedFile[]> {
  type Stored = { id: number; name: string; hash: string; ext: string; formats: unknown };
  const found = (await db('files').select('id', 'name', 'hash', 'ext', 'formats').whereIn('name', names)) as Stored[];
  return found.map(({ id, name, hash, ext, formats }) => {
    // SQLite keeps JSON as text
    const known = (typeof formats === 'string' ? JSON.parse(formats) : formats) as Record<string, { hash: string; ext: string }> | null;
    return { id, name, key: hash + ext, formatKeys: Object.values(known ?? {}).map((format) => format.hash + format.ext) };
  });
}
