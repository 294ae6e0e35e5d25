import { migrate } from '../../../server/src/adapters/database/migrate';
import { knexTransactions } from '../../../server/src/adapters/database/transactions';
import { volumeRegistry } from '../../../server/src/adapters/database/volumes';
import type { VolumeId } from '../../../server/src/core/keys';
import type { VolumeRegistry } from '../../../server/src/core/volumes/registry';
import { testDatabases, type TestDatabase } from '../../support/sql';

const A = 'volume-a' as VolumeId;
const B = 'volume-b' as VolumeId;
const MINUTE = 60_000;

describe.each(testDatabases())('the registry of volumes on $name', (kind) => {
  let database: TestDatabase;
  let registry: VolumeRegistry;
  beforeAll(async () => {
    database = await kind.open();
    await migrate(database.knex, { schema: database.schema });
    registry = volumeRegistry(knexTransactions(database.knex, database.schema));
  });
  afterAll(() => database.close());
  const table = () => (database.schema ? database.knex('s3_storage_volumes').withSchema(database.schema) : database.knex('s3_storage_volumes'));
  beforeEach(() => table().delete());

  /** Lets time pass for one volume. */
  const age = async (id: VolumeId, ms: number) => {
    const { knex } = database;
    await table().where({ id }).update({ first_seen: knex.raw('first_seen - ?', [ms]), last_seen: knex.raw('last_seen - ?', [ms]) });
  };

  test('the first beat of a volume sets its first and its last sight, by the database’s clock', async () => {
    await registry.beat(A);
    const [seen] = await registry.list();
    expect(seen).toMatchObject({ id: A, vanished: false });
    // one statement writes both times, but the clock may go on within it
    expect(Math.abs(seen!.lastSeen.getTime() - seen!.firstSeen.getTime())).toBeLessThan(MINUTE);
    // the limit is generous, because the database's machine may have another clock
    expect(Math.abs(seen!.lastSeen.getTime() - Date.now())).toBeLessThan(60 * MINUTE);
  });

  test('a later beat moves only the last sight', async () => {
    await registry.beat(A);
    await age(A, 20 * MINUTE);
    const [before] = await registry.list();
    await registry.beat(A);
    const [after] = await registry.list();
    expect(after!.firstSeen).toEqual(before!.firstSeen);
    expect(after!.lastSeen.getTime() - before!.lastSeen.getTime()).toBeGreaterThanOrEqual(20 * MINUTE);
    expect([before!.vanished, after!.vanished]).toEqual([true, false]);
  });

  test('a volume that was not seen for 15 minutes has vanished, and the list begins with the last one seen', async () => {
    await registry.beat(A);
    await registry.beat(B);
    await age(A, 14 * MINUTE);
    expect((await registry.list()).map(({ id, vanished }) => [id, vanished])).toEqual([[B, false], [A, false]]);
    await age(A, 2 * MINUTE);
    expect((await registry.list()).map(({ id, vanished }) => [id, vanished])).toEqual([[B, false], [A, true]]);
  });

  test('processes that begin to serve one folder at once are one volume', async () => {
    await Promise.all([registry.beat(A), registry.beat(A), registry.beat(A)]);
    expect(await registry.list()).toHaveLength(1);
  });
});
