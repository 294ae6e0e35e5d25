import fc from 'fast-check';
import type { Knex } from 'knex';
import { knexLedger } from '../../../server/src/adapters/database/knex-ledger';
import { migrate } from '../../../server/src/adapters/database/migrate';
import { knexTransactions, type Transactions } from '../../../server/src/adapters/database/transactions';
import type { Ledger } from '../../../server/src/core/ledger/ledger';
import { migrations } from '../../../migrations';
import { Hand, key, VOLUME } from '../../contract/ledger/harness';
import { aHistory, counted, play, rowsOf } from '../../contract/ledger/tallying';
import { emptyTables, shiftTimes, testDatabases, type TestDatabase } from '../../support/sql';

describe.each(testDatabases())('the tallies on $name', (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await kind.open();
    await migrate(database.knex, { schema: database.schema });
  });
  beforeEach(() => emptyTables(database));
  afterAll(() => database.close());

  const table = (name: string) =>
    database.schema ? database.knex(name).withSchema(database.schema) : database.knex(name);
  // the ledger reads only 2 rows at once, so that a count takes several steps
  const ledgerOn = (transactions: Transactions) => knexLedger(transactions, { readAtOnce: 2 });
  const hand = new Hand(() => ({
    ledger: ledgerOn(knexTransactions(database.knex, database.schema)),
    advance: (ms) => shiftTimes(database, ms),
  }));
  const appended = async () => ((await table('s3_storage_tallies').select('id')) as unknown[]).length;

  it('are right again after a recount, whatever a version without tallies did', async () => {
    await fc.assert(
      fc.asyncProperty(aHistory, aHistory, async (kept, unkept) => {
        await play(hand, kept);
        const before = await table('s3_storage_tallies').select('*');
        await play(hand, unkept);
        // the tallies are as if the previous version had done the second half
        await table('s3_storage_tallies').delete();
        if (before.length > 0) await table('s3_storage_tallies').insert(before);
        await Promise.all([hand.ledger.recount(), hand.ledger.foldTallies(), hand.ledger.recount()]);
        while (!(await hand.ledger.recount()));
        expect(await hand.ledger.tallies()).toEqual(counted(await rowsOf(hand)));
      }),
      { numRuns: 6, endOnFailure: true },
    );
  });

  it('are right after a recount, at whatever moment of it rows change', async () => {
    // the first four are there before the count; the new one has an id after theirs, so the last part does not count it anyway
    const names = ['a.png', 'b.png', 'c.png', 'd.png', 'new.png'];
    const change = async () => {
      await hand.put('a.png');
      await hand.fallBack('new.png');
    };
    const outcomes: boolean[] = [];
    for (let step = 1; step <= 9; step++) {
      await emptyTables(database);
      for (const name of names.slice(0, 4)) await hand.fallBack(name);
      await table('s3_storage_tallies').delete();
      const done = await ledgerOn(interrupted(knexTransactions(database.knex, database.schema), step, change)).recount();
      outcomes.push(done);
      if (!done) expect(await hand.ledger.recount()).toBe(true);
      const rows = await Promise.all(names.map((name) => hand.ledger.find(key(name))));
      expect(await hand.ledger.tallies()).toEqual(counted(rows.flatMap((row) => row ?? [])));
    }
    // the changes came before the recount, in the middle of it and after it
    expect(outcomes).toContain(true);
    if (kind.name === 'SQLite') expect(outcomes).toContain(false);
  });

  it('are folded into one row for each group', async () => {
    for (let round = 0; round < 10; round++) for (const name of ['a.png', 'b.png']) await hand.put(name);
    await hand.fallBack('c.png');
    await hand.ledger.bury(key('b.png'), { purgeAfterMs: 0 });
    expect(await appended()).toBeGreaterThan(3);
    const before = await hand.ledger.tallies();
    await hand.ledger.foldTallies();
    expect(await appended()).toBe(3);
    expect(await hand.ledger.tallies()).toEqual(before);
    await hand.ledger.foldTallies();
    expect(await appended()).toBe(3);
  });

  it('are folded without waiting for a transaction that is still open, and without losing what it adds', async () => {
    const record = (ledger: Ledger, ...names: string[]) =>
      ledger.record(names.map((name) => ({ key: key(name), local: { volume: VOLUME, localName: name as never }, size: 1 })));
    // the table gets 400 rows, because MySQL would read a small one from end to end
    await record(hand.ledger, ...Array.from({ length: 400 }, (_, index) => `${index}.png`));
    // SQLite has one connection only
    if (kind.name === 'SQLite') return;
    await database.knex.transaction(async (open) => {
      const { table } = knexTransactions(database.knex, database.schema);
      const inside = { table, run: <T>(work: (trx: typeof open) => Promise<T>) => work(open), read: <T>(query: (db: Knex) => Promise<T>) => query(open) };
      await record(knexLedger(inside), 'inside.png');
      for (const name of ['a.png', 'b.png']) await record(hand.ledger, name);
      await hand.ledger.foldTallies();
      expect(await appended()).toBe(1);
      expect((await hand.ledger.tallies()).local.count).toBe(402);
    });
    expect((await hand.ledger.tallies()).local.count).toBe(403);
  });

  it('begin with the rows that the migration finds', async () => {
    for (const name of ['a.png', 'b.png']) await hand.put(name);
    await hand.fallBack('c.png');
    await hand.ledger.bury(key('b.png'), { purgeAfterMs: 0 });
    const before = await hand.ledger.tallies();
    await table('s3_storage_tallies').delete();
    const scale = migrations.find(({ name }) => name === '004-scale')!;
    await scale.up(database.knex, database.schema);
    expect(await hand.ledger.tallies()).toEqual(before);
    await scale.up(database.knex, database.schema);
    expect(await hand.ledger.tallies()).toEqual(before);
  });
});

/** The same transactions, but `happens` runs right before the one with the number `step`. */
function interrupted(transactions: Transactions, step: number, happens: () => Promise<void>): Transactions {
  let steps = 0;
  const before = async () => {
    if (++steps === step) await happens();
  };
  return {
    table: transactions.table,
    run: async (work) => {
      await before();
      return transactions.run(work);
    },
    read: async (query) => {
      await before();
      return transactions.read(query);
    },
  };
}
