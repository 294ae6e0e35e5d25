import { migrate } from '../../server/src/adapters/database/migrate';
import { knexLedger } from '../../server/src/adapters/database/knex-ledger';
import { knexTransactions } from '../../server/src/adapters/database/transactions';
import { MemoryLedger } from '../../server/src/core/memory/ledger';
import { emptyTables, shiftTimes, testDatabases, type TestDatabase } from '../support/sql';
import { ledgerContract } from './ledger';

ledgerContract('memory', async () => {
  let now = 1_000_000;
  const ledger = new MemoryLedger({ now: () => now, random: Math.random });
  return {
    ledger,
    advance: async (ms) => {
      now += ms;
    },
  };
});

describe.each(testDatabases())('$name', (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await kind.open();
    await migrate(database.knex, { schema: database.schema });
  });
  afterAll(() => database.close());

  ledgerContract(`knex on ${kind.name}`, async () => {
    await emptyTables(database);
    return {
      ledger: knexLedger(knexTransactions(database.knex, database.schema)),
      advance: (ms) => shiftTimes(database, ms),
    };
  });
});
