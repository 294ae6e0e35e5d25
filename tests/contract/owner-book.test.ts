import { migrate } from '../../server/src/adapters/database/migrate';
import { knexOwnerBook } from '../../server/src/adapters/database/owner-book';
import { knexTransactions } from '../../server/src/adapters/database/transactions';
import type { OwnerBook, OwnerRecord, Area } from '../../server/src/core/buckets/owner/owner-book';
import { MemoryOwnerBook } from '../../server/src/core/memory/owner-book';
import { emptyTables, testDatabases, type TestDatabase } from '../support/sql';

const area = (prefix: string, bucket = 'media', endpoint = 'https://s3.test'): Area => ({ id: `${endpoint} ${bucket} ${prefix}`, endpoint, bucket, prefix });
const HERE = area('a/');
const record = (token: string, more: Partial<OwnerRecord> = {}): OwnerRecord => ({ owner: 'owner-1', epoch: 1, token, inMarker: null, identity: { kind: 'sqlite', inode: '7' }, supersededBy: null, ...more });

function ownerBookContract(make: () => Promise<OwnerBook>): void {
  let book: OwnerBook;
  beforeEach(async () => {
    book = await make();
  });

  it('knows no area at the beginning', async () => {
    expect(await book.find(HERE.id)).toBeUndefined();
    expect(await book.areas(HERE.endpoint, HERE.bucket)).toEqual([]);
    expect(await book.replace(HERE.id, 't1', record('t2'))).toBe(false);
    await book.remove(HERE.id, 't1');
    expect(await book.find(HERE.id)).toBeUndefined();
  });

  it.each([
    ['as it was written', record('t1', { epoch: 2 ** 40, inMarker: 't0' })],
    ['of a database that tells nothing about itself', record('t1', { identity: null })],
    ['of a database with facts of any length', record('t1', { identity: { kind: 'sqlite', odd: 'é — 😀 '.repeat(200) } })],
  ])('gives a record back %s', async (_title, written) => {
    expect(await book.create(HERE, written)).toBe(true);
    expect(await book.find(HERE.id)).toEqual(written);
  });

  it('creates a record only where there is none', async () => {
    expect(await book.create(HERE, record('t1'))).toBe(true);
    expect(await book.create(HERE, record('t2', { owner: 'owner-2' }))).toBe(false);
    expect(await book.find(HERE.id)).toEqual(record('t1'));
  });

  it('replaces and removes a record only at the token that the caller knows', async () => {
    await book.create(HERE, record('t1'));
    const next = record('t2', { epoch: 2, inMarker: 't1', identity: null, owner: 'owner-2' });
    expect(await book.replace(HERE.id, 't0', next)).toBe(false);
    expect(await book.replace(HERE.id, 't1', next)).toBe(true);
    expect(await book.replace(HERE.id, 't1', record('t3'))).toBe(false);
    await book.remove(HERE.id, 't1');
    expect(await book.find(HERE.id)).toEqual(next);
    await book.remove(HERE.id, 't2');
    expect(await book.find(HERE.id)).toBeUndefined();
  });

  it('replaces a record by one that differs in nothing', async () => {
    await book.create(HERE, record('t1'));
    expect(await book.replace(HERE.id, 't1', record('t1'))).toBe(true);
  });

  it('lets one of several callers at the same time create, and one replace', async () => {
    const tokens = ['a', 'b', 'c', 'd'];
    const created = await Promise.all(tokens.map((token) => book.create(HERE, record(token))));
    expect(created.filter(Boolean)).toHaveLength(1);
    const { token: first } = (await book.find(HERE.id))!;
    expect(first).toBe(tokens[created.indexOf(true)]);
    const replaced = await Promise.all(tokens.map((token) => book.replace(HERE.id, first, record(`after ${token}`))));
    expect(replaced.filter(Boolean)).toHaveLength(1);
    expect((await book.find(HERE.id))!.token).toBe(`after ${tokens[replaced.indexOf(true)]}`);
  });

  it('lists the areas of one bucket, and keeps their records apart', async () => {
    const others = [area('b/'), area('', 'media'), area('a/', 'other'), area('a/', 'media', 'https://elsewhere.test')];
    for (const [at, one] of [HERE, ...others].entries()) await book.create(one, record(`t${at}`));
    const found = await book.areas(HERE.endpoint, HERE.bucket);
    expect(found.sort((one, other) => one.prefix.localeCompare(other.prefix))).toEqual([others[1], HERE, others[0]]);
    await book.remove(HERE.id, 't0');
    expect(await book.find(others[0]!.id)).toEqual(record('t1'));
  });
}

describe('an owner book in memory', () => {
  ownerBookContract(async () => new MemoryOwnerBook());

  it('is copied with the database, and from then on each goes its own way', async () => {
    const book = new MemoryOwnerBook();
    await book.create(HERE, record('t1'));
    const copy = book.copy();
    await book.replace(HERE.id, 't1', record('t2'));
    await copy.replace(HERE.id, 't1', record('t3'));
    expect([(await book.find(HERE.id))!.token, (await copy.find(HERE.id))!.token]).toEqual(['t2', 't3']);
  });
});

describe.each(testDatabases())('an owner book on $name', (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await kind.open();
    await migrate(database.knex, { schema: database.schema });
  });
  afterAll(() => database.close());

  ownerBookContract(async () => {
    await emptyTables(database);
    return knexOwnerBook(knexTransactions(database.knex, database.schema));
  });
});
