import type { Knex } from 'knex';
import { migrate, missingMigrations } from '../../../server/src/adapters/database/migrate';
import { migrations } from '../../../migrations';
import { testDatabases, type TestDatabase } from '../../support/sql';

const RECORD = 's3_storage_migrations';
const LOCK = 's3_storage_migrations_lock';

describe.each(testDatabases())('migrate on $name', (kind) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await kind.open();
  });
  afterEach(() => database.close());

  const up = (options: { lockWaitMs?: number } = {}) => migrate(database.knex, { schema: database.schema, ...options });
  const schema = (): Knex.SchemaBuilder =>
    database.schema ? database.knex.schema.withSchema(database.schema) : database.knex.schema;
  const table = (name: string): Knex.QueryBuilder =>
    database.schema ? database.knex(name).withSchema(database.schema) : database.knex(name);
  const recorded = async () => (await table(RECORD).select('name').orderBy('id')).map(({ name }: { name: string }) => name);
  const all = migrations.map(({ name }) => name);
  const location = { location_hash: 'a'.repeat(64), endpoint: '', region: '', bucket: 'b' };

  it('makes the tables, once', async () => {
    await up();
    await table('s3_storage_settings').insert({ id: 1, document: '{}' });
    await up();
    expect(await recorded()).toEqual(all);
    const [settings] = (await table('s3_storage_settings').select('*')) as Record<string, unknown>[];
    expect(settings).toMatchObject({ id: 1, revision: 0, document: '{}', secret: null, updated_at: null });
    for (const name of ['locations', 'objects', 'names', 'incidents', 'volumes', 'watches']) {
      expect(await schema().hasTable(`s3_storage_${name}`)).toBe(true);
    }
  });

  it('tells which migrations have not run', async () => {
    expect(await missingMigrations(database.knex, database.schema)).toEqual(all);
    await up();
    expect(await missingMigrations(database.knex, database.schema)).toEqual([]);
  });

  it('lets several processes boot at once', async () => {
    await Promise.all([up(), up(), up()]);
    expect(await recorded()).toEqual(all);
    await up({ lockWaitMs: 0 });
  });

  it('frees a lock that a killed process left', async () => {
    await up();
    await table(LOCK).update({ is_locked: 1 });
    await up({ lockWaitMs: 10 });
    expect((await table(LOCK).select('is_locked')).map((row: { is_locked: number }) => row.is_locked)).toEqual([0]);
  });

  it('waits while another process migrates', async () => {
    await up();
    await table(LOCK).update({ is_locked: 1 });
    let done = false;
    const migrating = up({ lockWaitMs: 20_000 }).then(() => {
      done = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(done).toBe(false);
    await table(LOCK).update({ is_locked: 0 });
    await migrating;
  });

  it('makes the tables and columns that a killed migration has not made', async () => {
    await up();
    await table(RECORD).where('name', '002-ledger').delete();
    await schema().dropTable('s3_storage_names');
    await schema().alterTable('s3_storage_objects', (columns) => columns.dropColumn('mime'));
    await table(LOCK).update({ is_locked: 1 });
    await up({ lockWaitMs: 10 });
    expect((await recorded()).sort()).toEqual(all);
    expect(await schema().hasColumn('s3_storage_objects', 'mime')).toBe(true);
    expect(await schema().hasTable('s3_storage_names')).toBe(true);
  });

  it('adds the columns and indexes of a migration that was killed between two of them', async () => {
    await up();
    await table(RECORD).where('name', '005-recovery').delete();
    await schema().alterTable('s3_storage_names', (columns) => columns.dropColumn('md5'));
    await schema().alterTable('s3_storage_incidents', (columns) => columns.dropUnique(['latest'], 's3_storage_incidents_latest'));
    await up();
    expect((await recorded()).sort()).toEqual(all);
    expect(await schema().hasColumn('s3_storage_names', 'md5')).toBe(true);
    const incident = { code: 'TIMEOUT', started_at: 1, latest: 1 };
    await table('s3_storage_incidents').insert(incident);
    await expect(table('s3_storage_incidents').insert(incident)).rejects.toBeDefined();
  });

  it('keeps tables that hold rows, when only the record of the migration was lost', async () => {
    await up();
    await table('s3_storage_locations').insert(location);
    await table(RECORD).delete();
    await up();
    expect(await recorded()).toEqual(all);
    expect(await table('s3_storage_locations').select('bucket')).toEqual([{ bucket: 'b' }]);
  });

  it('accepts a database that a later version has migrated', async () => {
    await up();
    await table(RECORD).insert({ name: '999-from-the-future', batch: 9, migration_time: new Date() });
    await table('s3_storage_locations').insert(location);
    await up();
    expect(await recorded()).toEqual([...all, '999-from-the-future']);
    expect(await table('s3_storage_locations').select('bucket')).toEqual([{ bucket: 'b' }]);
  });
});
