import { knexTransactions } from '../../../server/src/adapters/database/transactions';
import { openSqlite } from '../../support/sql';

const waits: number[] = [];
const clock = { random: () => 1, sleep: async (ms: number) => void waits.push(ms) };

describe('a transaction of the ledger’s own', () => {
  let database: Awaited<ReturnType<typeof openSqlite>>;
  beforeEach(async () => {
    waits.length = 0;
    database = await openSqlite();
    await database.knex.schema.createTable('notes', (table) => table.integer('id'));
  });
  afterEach(() => database.close());

  /** Writes a note, then fails `times` times. */
  const failing = (times: number, error: object) => {
    let left = times;
    return knexTransactions(database.knex, database.schema, clock).run(async (trx) => {
      await trx('notes').insert({ id: 1 });
      if (left-- > 0) throw error;
      return 'done';
    });
  };
  const notes = async () => (await database.knex('notes')).length;

  it.each([
    ['PostgreSQL serialization failure', { code: '40001' }],
    ['PostgreSQL deadlock', { code: '40P01' }],
    ['MySQL deadlock', { code: 'ER_LOCK_DEADLOCK', errno: 1213 }],
    ['MySQL lock wait timeout', { code: 'ER_LOCK_WAIT_TIMEOUT', errno: 1205 }],
    ['MariaDB snapshot conflict', { code: 'ER_CHECKREAD', errno: 1020 }],
    ['SQLite busy', { code: 'SQLITE_BUSY' }],
    ['SQLite stale snapshot', { code: 'SQLITE_BUSY_SNAPSHOT' }],
  ])('is repeated whole after a %s', async (_, error) => {
    expect(await failing(2, Object.assign(new Error('lost'), error))).toBe('done');
    expect(await notes()).toBe(1);
    expect(waits).toEqual([20, 40]);
  });

  it('lets everybody else have a turn between the statements of a long chain', async () => {
    const { read, run } = knexTransactions(database.knex, database.schema);
    let turns = 0;
    let isOver = false;
    const count = () => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    for (const begun = performance.now(); performance.now() - begun < 100; ) {
      await read((db) => db('notes').select('id'));
      await run((trx) => trx('notes').insert({ id: 1 }));
    }
    isOver = true;
    expect(turns).toBeGreaterThan(2);
  });

  it('is given up after eight attempts', async () => {
    const error = Object.assign(new Error('busy'), { code: 'SQLITE_BUSY' });
    await expect(failing(99, error)).rejects.toBe(error);
    expect(waits).toHaveLength(7);
    expect(await notes()).toBe(0);
  });

  it('is not repeated after any other failure, above all not after a COMMIT of unknown outcome', async () => {
    const error = Object.assign(new Error('connection terminated'), { code: 'ECONNRESET' });
    await expect(failing(1, error)).rejects.toBe(error);
    expect(waits).toEqual([]);
    expect(await notes()).toBe(0);
  });
});
