import { knexLedger } from '../../../server/src/adapters/database/knex-ledger';
import { migrate } from '../../../server/src/adapters/database/migrate';
import { knexTransactions } from '../../../server/src/adapters/database/transactions';
import { Hand, key } from '../../contract/ledger/harness';
import { testDatabases, type TestDatabase } from '../../support/sql';

describe.each(testDatabases())('$name', (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await kind.open();
    await migrate(database.knex, { schema: database.schema });
  });
  afterAll(() => database.close());

  test('bytes that an older version of the plugin has written have no time, and those after them have one again', async () => {
    const ledger = knexLedger(knexTransactions(database.knex, database.schema));
    const hand = new Hand(() => ({ ledger, advance: async () => undefined }));
    const time = async () => (await ledger.findDated(key('a.png')))?.contentAt;
    await hand.put('a.png');
    const first = (await time()) ?? NaN;
    // such a version knows nothing of the new columns, and draws a ticket from the table of names
    const { knex, schema } = database;
    await (schema ? knex('s3_storage_objects').withSchema(schema) : knex('s3_storage_objects')).increment('ticket', 1);
    expect([Number.isNaN(first), await time()]).toEqual([false, undefined]);
    await hand.object('b.png');
    await hand.put('a.png');
    expect((await time()) ?? NaN).toBeGreaterThanOrEqual(first + 1_000);
  });
});
