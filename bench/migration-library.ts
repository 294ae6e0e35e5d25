import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Knex } from 'knex';

/** Files of one size. */
export interface FileSet {
  readonly name: string;
  readonly count: number;
  /** Bytes of each. */
  readonly size: number;
}

const ROWS_AT_ONCE = 100;
const WRITTEN_AT_ONCE = 50;

/** Writes the files into an uploads folder, and their rows into Strapi's own table, as if they had been uploaded. */
export async function fillLibrary(db: Knex, uploads: string, { name, count, size }: FileSet): Promise<void> {
  await mkdir(uploads, { recursive: true });
  const hashes = Array.from({ length: count }, (_, index) => `${name}_${String(index).padStart(6, '0')}`);
  for (let from = 0; from < count; from += WRITTEN_AT_ONCE) {
    const some = hashes.slice(from, from + WRITTEN_AT_ONCE);
    await Promise.all(some.map((hash) => writeFile(path.join(uploads, `${hash}.bin`), randomBytes(size))));
  }
  for (let from = 0; from < count; from += ROWS_AT_ONCE) {
    const rows = hashes.slice(from, from + ROWS_AT_ONCE).map((hash) => ({
      document_id: hash,
      name: `${hash}.bin`,
      hash,
      ext: '.bin',
      mime: 'application/octet-stream',
      size: size / 1000,
      url: `/uploads/${hash}.bin`,
      provider: 'local',
      folder_path: '/',
      created_at: new Date(),
      updated_at: new Date(),
    }));
    await db('files').insert(rows);
  }
}
