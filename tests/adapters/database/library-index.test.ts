import type { Knex } from 'knex';
import { ensureLibraryIndex, LIBRARY_INDEX } from '../../../server/src/adapters/database/library-index';
import { waitUntil } from '../../support/process';
import { testDatabases, type TestDatabase } from '../../support/sql';

describe.each(testDatabases())('the index on the media library: $name', ({ open, name }) => {
  let database: TestDatabase;
  const db = () => database.knex;
  const table = () => (database.schema ? db()('files').withSchema(database.schema) : db()('files'));

  beforeEach(async () => {
    database = await open();
    const schema = database.schema ? db().schema.withSchema(database.schema) : db().schema;
    // the table is as Strapi makes it
    await schema.createTable('files', (files) => {
      files.increments('id');
      files.string('hash');
      files.string('ext');
    });
    await db().batchInsert(database.schema ? `${database.schema}.files` : 'files', Array.from({ length: 5_000 }, (_, id) => ({ hash: `photo_${id}`, ext: '.png' })), 100);
  });
  afterEach(() => database.close());

  /** The columns of the index that are ready for use. */
  async function indexed(): Promise<unknown[]> {
    const rows = async (sql: string, bindings: readonly Knex.RawBinding[]) => {
      const answer: unknown = await db().raw(sql, bindings);
      if (name === 'SQLite') return answer as Record<string, unknown>[];
      return name === 'PostgreSQL' ? (answer as { rows: Record<string, unknown>[] }).rows : (answer as [Record<string, unknown>[]])[0];
    };
    if (name === 'SQLite') return (await rows(`pragma index_info(${LIBRARY_INDEX})`, [])).map((row) => row['name']);
    if (name === 'MariaDB') return (await rows('select column_name as name from information_schema.statistics where table_schema = database() and index_name = ?', [LIBRARY_INDEX])).map((row) => row['name']);
    const sql = `select a.attname as name from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey) where c.relname = ? and n.nspname = ? and i.indisvalid`;
    return (await rows(sql, [LIBRARY_INDEX, database.schema ?? ''])).map((row) => row['name']);
  }

  test('is made once, and stays', async () => {
    expect(await indexed()).toEqual([]);
    expect(await ensureLibraryIndex(db(), database.schema)).toBe(true);
    expect(await indexed()).toEqual(['hash']);
    expect(await ensureLibraryIndex(db(), database.schema)).toBe(true);
    expect(await indexed()).toEqual(['hash']);
    expect(await table().where({ hash: 'photo_4711' }).select('id')).toHaveLength(1);
  });

  test('is made by processes that begin at once, which hold no connection afterwards', async () => {
    const answers = await Promise.all(Array.from({ length: 4 }, () => ensureLibraryIndex(db(), database.schema)));
    expect(answers).toContain(true);
    expect(await indexed()).toEqual(['hash']);
    const { pool } = db().client as { pool: { numUsed(): number } };
    expect(pool.numUsed()).toBe(0);
  });

  if (name === 'SQLite') {
    test('is used by the query for hashes that no file has', async () => {
      await ensureLibraryIndex(db(), database.schema);
      const plan: { detail: string }[] = await db().raw('explain query plan select hash, ext, formats from (select *, null as formats from files) where hash in (?, ?)', ['a', 'b']);
      expect(plan.map(({ detail }) => detail).join()).toContain(LIBRARY_INDEX);
    });
  }

  if (name === 'PostgreSQL') {
    test('is made anew when a killed process left it half made', async () => {
      const schema = database.schema ?? '';
      // a failed CREATE INDEX CONCURRENTLY leaves a half-made index behind
      await table().insert([{ hash: 'twice' }, { hash: 'twice' }]);
      await expect(db().raw('create unique index concurrently ?? on ??.?? (??)', [LIBRARY_INDEX, schema, 'files', 'hash'])).rejects.toThrow('could not create unique index');
      expect(await indexed()).toEqual([]);
      expect(await ensureLibraryIndex(db(), schema)).toBe(true);
      expect(await indexed()).toEqual(['hash']);
    });
  }

  test('cannot be made without the table, which the error names, and no connection is held', async () => {
    const schema = database.schema ? db().schema.withSchema(database.schema) : db().schema;
    await schema.dropTable('files');
    // the test does not look at the class, because the driver's errors may belong to another realm of Jest
    await expect(ensureLibraryIndex(db(), database.schema)).rejects.toMatchObject({ message: expect.stringContaining('files') });
    // knex gives the connection back a moment later
    await waitUntil('no connection is held', () => (db().client as { pool: { numUsed(): number } }).pool.numUsed() === 0);
  });
});
