import { migrate } from '../../server/src/adapters/database/migrate';
import { knexTransactions } from '../../server/src/adapters/database/transactions';
import { volumeRegistry } from '../../server/src/adapters/database/volumes';
import { knexWatches } from '../../server/src/adapters/database/watches';
import type { VolumeId } from '../../server/src/core/keys';
import { MemoryWatches } from '../../server/src/core/memory/watches';
import type { Watches } from '../../server/src/core/volumes/watches';
import { emptyTables, shiftTimes, testDatabases, type TestDatabase } from '../support/sql';

const A = 'volume-a' as VolumeId;
const B = 'volume-b' as VolumeId;
const C = 'volume-c' as VolumeId;
const MINUTE = 60_000;
const EXTENT = { lastId: 7, files: 5 };

interface WatchesUnderTest {
  readonly watches: Watches;
  /** A process serves from the volume. */
  beat(volume: VolumeId): Promise<void>;
  advance(ms: number): Promise<void>;
}

function watchesContract(make: () => Promise<WatchesUnderTest>): void {
  let hand: WatchesUnderTest;
  beforeEach(async () => {
    hand = await make();
  });
  /** The last look in whole minutes, and what the library had then. */
  const last = async (volume: VolumeId) => {
    const watch = await hand.watches.last(volume);
    return watch && [Math.round(watch.unwatchedMs / MINUTE), watch.extent];
  };

  it('know nothing before the plugin has run', async () => {
    expect(await last(A)).toBeUndefined();
  });

  it('know the last look at each volume, by the database’s clock', async () => {
    await hand.watches.note(A, 2 * MINUTE, EXTENT);
    await hand.advance(10 * MINUTE);
    await hand.watches.note(B, 0, { lastId: 9, files: 0 });
    expect([await last(A), await last(B)]).toEqual([[12, EXTENT], [0, { lastId: 9, files: 0 }]]);
    await hand.watches.note(A, 3 * MINUTE, { lastId: 8, files: 6 });
    expect(await last(A)).toEqual([3, { lastId: 8, files: 6 }]);
  });

  it('a sign of life counts for a volume that was never looked at, and no longer once it was', async () => {
    await hand.watches.note(B, 0, EXTENT);
    await hand.beat(A);
    await hand.advance(10 * MINUTE);
    expect(await last(A)).toEqual([10, null]);
    await hand.watches.note(A, 0, EXTENT);
    await hand.advance(5 * MINUTE);
    // an earlier version of the plugin serves, and looks at nothing
    await hand.beat(A);
    expect(await last(A)).toEqual([5, EXTENT]);
  });

  it('for a volume that was never seen, the latest look at any other counts, or else the latest sign', async () => {
    await hand.beat(A);
    await hand.advance(3 * MINUTE);
    await hand.beat(B);
    await hand.advance(MINUTE);
    expect(await last(C)).toEqual([1, null]);
    await hand.watches.note(A, 30 * MINUTE, { lastId: 1, files: 1 });
    await hand.watches.note(B, 20 * MINUTE, EXTENT);
    expect(await last(C)).toEqual([20, EXTENT]);
  });
}

describe('watches in memory', () => {
  watchesContract(async () => {
    let now = 1_000_000;
    const watches = new MemoryWatches({ now: () => now });
    return { watches, beat: async (volume) => void watches.seen.set(volume, now), advance: async (ms) => void (now += ms) };
  });
});

describe.each(testDatabases())('watches on $name', (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await kind.open();
    await migrate(database.knex, { schema: database.schema });
  });
  afterAll(() => database.close());

  watchesContract(async () => {
    await emptyTables(database);
    const transactions = knexTransactions(database.knex, database.schema);
    return { watches: knexWatches(transactions), beat: (volume) => volumeRegistry(transactions).beat(volume), advance: (ms) => shiftTimes(database, ms) };
  });
});
