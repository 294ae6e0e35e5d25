import { migrate } from '../../server/src/adapters/database/migrate';
import { knexTransactions } from '../../server/src/adapters/database/transactions';
import { knexLeases } from '../../server/src/adapters/database/leases';
import type { Leases } from '../../server/src/core/leases/leases';
import { MemoryLeases } from '../../server/src/core/memory/leases';
import { emptyTables, shiftTimes, testDatabases, type TestDatabase } from '../support/sql';

const MINUTE = 60_000;

interface LeasesUnderTest {
  readonly leases: Leases;
  /** Lets time pass. */
  advance(ms: number): Promise<void>;
}

function leasesContract(name: string, make: () => Promise<LeasesUnderTest>): void {
  describe(`${name} keep the leases' contract`, () => {
    let leases: Leases;
    let advance: LeasesUnderTest['advance'];
    beforeEach(async () => {
      ({ leases, advance } = await make());
    });

    it('a lease has one holder at a time, whoever holds another lease', async () => {
      expect(await leases.acquire('upload', 'a', MINUTE)).toBe(true);
      expect(await leases.acquire('upload', 'b', MINUTE)).toBe(false);
      expect(await leases.acquire('cleanup', 'b', MINUTE)).toBe(true);
    });

    it('exactly one of several that come at once gets a lease, also when it has just expired', async () => {
      const all = () => Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((holder) => leases.acquire('upload', holder, MINUTE)));
      expect((await all()).filter(Boolean)).toHaveLength(1);
      await advance(2 * MINUTE);
      expect((await all()).filter(Boolean)).toHaveLength(1);
    });

    it('a holder can renew its lease', async () => {
      await leases.acquire('upload', 'a', 10 * MINUTE);
      await advance(9 * MINUTE);
      expect(await leases.acquire('upload', 'a', 10 * MINUTE)).toBe(true);
      await advance(9 * MINUTE);
      expect(await leases.acquire('upload', 'b', MINUTE)).toBe(false);
    });

    it('an expired lease can be taken over, and its first holder no longer has it', async () => {
      await leases.acquire('upload', 'a', MINUTE);
      await advance(2 * MINUTE);
      expect(await leases.acquire('upload', 'b', 10 * MINUTE)).toBe(true);
      expect(await leases.acquire('upload', 'a', MINUTE)).toBe(false);
    });

    it('holders lists who has a lease that has not ended, and releaseAll releases all leases of one holder', async () => {
      await leases.acquire('upload', 'a', MINUTE);
      await leases.acquire('cleanup', 'a', 10 * MINUTE);
      await leases.acquire('restore', 'b', 10 * MINUTE);
      expect((await leases.holders()).sort()).toEqual(['a', 'b']);
      await leases.releaseAll('a');
      expect(await leases.holders()).toEqual(['b']);
      expect(await leases.acquire('cleanup', 'c', MINUTE)).toBe(true);
      await advance(2 * MINUTE);
      expect(await leases.holders()).toEqual(['b']);
      await leases.forgetEnded();
      expect(await leases.acquire('restore', 'c', MINUTE)).toBe(false);
      expect(await leases.acquire('cleanup', 'd', MINUTE)).toBe(true);
    });

    it('a released lease is free, and only its holder can release it', async () => {
      await leases.acquire('upload', 'a', 10 * MINUTE);
      await leases.release('upload', 'b');
      expect(await leases.acquire('upload', 'b', MINUTE)).toBe(false);
      await leases.release('upload', 'a');
      expect(await leases.acquire('upload', 'b', MINUTE)).toBe(true);
      await leases.release('never taken', 'a');
    });
  });
}

leasesContract('in memory', async () => {
  let now = 1_000_000;
  return {
    leases: new MemoryLeases({ now: () => now }),
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

  leasesContract(`knex on ${kind.name}`, async () => {
    await emptyTables(database);
    return { leases: knexLeases(knexTransactions(database.knex, database.schema)), advance: (ms) => shiftTimes(database, ms) };
  });
});
