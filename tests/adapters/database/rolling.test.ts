import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import { knexLedger } from '../../../server/src/adapters/database/knex-ledger';
import { migrate } from '../../../server/src/adapters/database/migrate';
import { knexTransactions } from '../../../server/src/adapters/database/transactions';
import { migrations } from '../../../migrations';
import { DAY, Hand, key, MD5, VOLUME } from '../../contract/ledger/harness';
import { testDatabases, type TestDatabase } from '../../support/sql';

/** Rows as the code before the newest migration writes them, with a value for every column of that time. */
const now = 1_700_000_000_000;
const sample = (column: string, type: string, name: string): unknown => {
  const known: Record<string, unknown> = {
    key_hash: createHash('sha256').update(name).digest('hex'),
    object_key: name,
    // this id is higher than those that the table's sequence gives out here
    id: 1_000_000,
    state: 'local',
    origin: 'fallback',
    volume: VOLUME,
    local_name: name,
    md5: MD5,
    location_id: null,
    object_name: null,
    etag: null,
    tombstone_ticket: null,
    last_error: null,
    purge_at: null,
    retry_at: 0,
    attempts: 0,
    plain_used: false,
  };
  if (column === 'id' && /char/.test(type)) return name;
  if (column in known) return known[column];
  if (/bool|tinyint/.test(type)) return false;
  if (/int/.test(type)) return column.endsWith('_at') ? now : 1;
  return name;
};

describe.each(testDatabases())('a rolling deploy on $name', (kind) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await kind.open();
  });
  afterEach(() => database.close());

  const table = (name: string): Knex.QueryBuilder =>
    database.schema ? database.knex(name).withSchema(database.schema) : database.knex(name);
  const columnsOf = async (name: string) => {
    const info = (await table(name).columnInfo()) as unknown as Record<string, { type: string }>;
    return Object.entries(info).map(([column, { type }]) => ({ column, type }));
  };
  /** The tables that the migrations before the newest make, with their columns. */
  const previousTables = async () => {
    const tables = new Map<string, { column: string; type: string }[]>();
    for (const migration of migrations.slice(0, -1)) await migration.up(database.knex, database.schema);
    for (const name of await tableNames(database)) tables.set(name, await columnsOf(name));
    return tables;
  };

  it('lets the previous version write and read every column, and the present one work with its rows', async () => {
    const tables = await previousTables();
    expect([...tables.keys()]).toEqual(expect.arrayContaining(['s3_storage_objects', 's3_storage_names', 's3_storage_settings']));
    await migrate(database.knex, { schema: database.schema });
    for (const [name, columns] of tables) {
      const written = Object.fromEntries(columns.map(({ column, type }) => [column, sample(column, type, 'old.png')]));
      await table(name).insert(written);
      // the old code can change every column by itself, and reads it as it was written
      for (const { column } of columns) await table(name).update({ [column]: written[column] });
      const [read] = await table(name).select<Record<string, unknown>[]>(Object.keys(written));
      expect(plain(read!)).toEqual(plain(written));
    }
    const hand = new Hand(() => ({
      ledger: knexLedger(knexTransactions(database.knex, database.schema)),
      advance: async () => undefined,
    }));
    const [row] = await hand.ledger.claim({ work: 'upload', volume: VOLUME, origin: 'fallback', limit: 10 }, DAY);
    expect(row).toEqual(await hand.row('old.png'));
    expect(await hand.commitUpload(row!, await hand.object('old.png'), { etag: null, md5: MD5 })).toBe(true);
    await hand.ledger.bury(key('old.png'), { purgeAfterMs: 0 });
    await hand.ledger.recount();
    expect((await hand.ledger.tallies()).trash.count).toBe(1);
  });
});

async function tableNames({ knex: db, schema }: TestDatabase): Promise<string[]> {
  const all: { name: string }[] =
    db.client.config.client === 'better-sqlite3'
      ? await db('sqlite_master').where('type', 'table').select('name')
      : await db('information_schema.tables')
          .where('table_schema', schema ?? db.raw('database()'))
          .select({ name: 'table_name' });
  return all.map(({ name }) => name).filter((name) => name.startsWith('s3_storage_'));
}

/** The values in one form, because databases answer numbers as text, booleans as numbers, and fixed text with padding. */
function plain(row: Record<string, unknown>): Record<string, string> {
  const text = (value: unknown) => (typeof value === 'boolean' ? String(Number(value)) : String(value).trim());
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, text(value)]));
}
