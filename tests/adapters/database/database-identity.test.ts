import { copyFile, cp, link, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { identifyDatabase } from '../../../server/src/adapters/database/database-identity';
import { migrate } from '../../../server/src/adapters/database/migrate';
import { isOtherDatabase } from '../../../server/src/core/buckets/owner/database-identity';
import { openSqlite, testDatabases, type TestDatabase } from '../../support/sql';

describe('the identity of a SQLite file', () => {
  let folder: string;
  let file: string;
  let open: TestDatabase[];
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 's3-storage-identity-'));
    file = path.join(folder, 'data.db');
    open = [];
    await (await database(file)).knex.raw('create table one (id integer)');
  });
  afterEach(async () => {
    for (const one of open) await one.close();
    await rm(folder, { recursive: true });
  });

  async function database(filename: string): Promise<TestDatabase> {
    const opened = await openSqlite(filename);
    open.push(opened);
    return opened;
  }
  const identity = async (filename: string) => identifyDatabase((await database(filename)).knex);

  it('is the same in every connection, and after writes', async () => {
    const before = await identity(file);
    await open[0]!.knex.raw('insert into one values (1)');
    await open[0]!.knex.raw('pragma wal_checkpoint(truncate)');
    expect(before).toMatchObject({ kind: 'sqlite', inode: expect.stringMatching(/^[0-9]+$/) });
    expect(await identity(file)).toEqual(before);
    expect(isOtherDatabase(before, await identity(file))).toBe(false);
  });

  it('stays with the file under another path', async () => {
    const before = await identity(file);
    const moved = path.join(folder, 'moved.db');
    await link(file, path.join(folder, 'linked.db'));
    await rename(file, moved);
    // the time of the last change may stand for an unknown time of birth, and a rename changes it
    expect(isOtherDatabase(before, await identity(moved))).toBe(false);
  });

  it.each([
    ['a copy of the file', (copy: string) => cp(file, copy)],
    ['a backup by VACUUM INTO', (copy: string) => open[0]!.knex.raw('vacuum into ?', [copy])],
  ])('is another one in %s', async (_title, make) => {
    const copy = path.join(folder, 'copy.db');
    await make(copy);
    expect(isOtherDatabase(await identity(file), await identity(copy))).toBe(true);
  });

  it('is the same where a copy is written into the same file', async () => {
    const before = await identity(file);
    await cp(file, path.join(folder, 'copy.db'));
    await copyFile(path.join(folder, 'copy.db'), file);
    expect(isOtherDatabase(before, await identity(file))).toBe(false);
  });

  it('is unknown for a database in memory', async () => {
    expect(await identity(':memory:')).toBeNull();
  });
});

const SERVERS = testDatabases().filter(({ name }) => name !== 'SQLite');

for (const kind of SERVERS) describe(`the identity of a database on ${kind.name}`, () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await kind.open();
    await migrate(database.knex, { schema: database.schema });
  });
  afterEach(() => database.close());
  const identity = ({ knex, schema } = database) => identifyDatabase(knex, schema);

  it('is the same in every connection, and after writes', async () => {
    const [one, other] = await Promise.all([identity(), identity()]);
    expect(Object.keys(one!).length).toBeGreaterThan(1);
    expect(other).toEqual(one);
    await migrate(database.knex, { schema: database.schema });
    expect(await identity()).toEqual(one);
  });

  it('is another one in a database that was made from a dump on the same server', async () => {
    const other = await kind.open();
    try {
      await migrate(other.knex, { schema: other.schema });
      expect(isOtherDatabase(await identity(), await identity(other))).toBe(true);
    } finally {
      await other.close();
    }
  });

  it('is another one after the table was made anew, as a restored dump does', async () => {
    const before = await identity();
    const { knex, schema } = database;
    const tables = () => (schema ? knex.schema.withSchema(schema) : knex.schema);
    await tables().dropTable('s3_storage_owners');
    // MariaDB tells the time in whole seconds
    if (kind.name === 'MariaDB') await new Promise((resolve) => setTimeout(resolve, 1_100));
    await tables().createTable('s3_storage_owners', (table) => void table.string('place'));
    expect(isOtherDatabase(before, await identity())).toBe(true);
  });
});
