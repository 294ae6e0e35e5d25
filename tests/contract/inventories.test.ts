import { knexLedger } from '../../server/src/adapters/database/knex-ledger';
import { migrate } from '../../server/src/adapters/database/migrate';
import { knexTransactions } from '../../server/src/adapters/database/transactions';
import { knexInventories } from '../../server/src/adapters/database/inventories';
import { NO_INVENTORY, UNLIMITED, type Inventories } from '../../server/src/core/ledger/inventories';
import type { VolumeId } from '../../server/src/core/keys';
import type { Ledger } from '../../server/src/core/ledger/ledger';
import { MemoryLedger } from '../../server/src/core/memory/ledger';
import { emptyTables, testDatabases, type TestDatabase } from '../support/sql';
import { key, VOLUME } from './ledger/harness';

interface Parts {
  inventories: Inventories;
  ledger: Ledger;
}

function inventoriesContract(make: () => Promise<Parts>): void {
  const OTHER = 'volume-2' as VolumeId;
  const half = { ...NO_INVENTORY, position: 500, otherProviders: 3, missing: 1 };
  let parts: Parts;
  beforeEach(async () => {
    parts = await make();
  });

  it('keep how far the inventory of each volume is', async () => {
    const { inventories } = parts;
    expect(await inventories.of(VOLUME)).toEqual(NO_INVENTORY);
    expect(await inventories.save(VOLUME, half)).toBe(true);
    const whole = { ...half, position: 700, completedTo: UNLIMITED };
    expect(await inventories.save(OTHER, whole)).toBe(true);
    expect(await inventories.of(VOLUME)).toEqual(half);
    expect(await inventories.of(OTHER)).toEqual(whole);
  });

  it('begin anew on every volume when a missing file is retried, also while they are under way', async () => {
    const { inventories, ledger } = parts;
    for (const volume of [VOLUME, OTHER]) await inventories.save(volume, half);
    await ledger.recordMissing([key('a.png')], 'NOT_ON_DISK');
    await ledger.retry([key('a.png')]);
    for (const volume of [VOLUME, OTHER]) {
      expect(await inventories.save(volume, { ...half, position: 1000 })).toBe(false);
      expect(await inventories.of(volume)).toMatchObject({ position: 0, completedTo: null });
      expect(await inventories.save(volume, { ...(await inventories.of(volume)), position: 1 })).toBe(true);
    }
  });

  it('go on where they are when a file that is not missing is retried', async () => {
    const { inventories, ledger } = parts;
    await inventories.save(VOLUME, half);
    await ledger.record([{ key: key('a.png'), local: { volume: VOLUME, localName: 'a.png' as never }, size: 1 }]);
    await ledger.recordFailure((await ledger.find(key('a.png')))!, 'DISK_ERROR', null);
    expect(await ledger.retry('all')).toBe(1);
    expect(await inventories.of(VOLUME)).toEqual(half);
  });
}

describe('inventories in memory', () => {
  inventoriesContract(async () => {
    const ledger = new MemoryLedger({ now: () => 1, random: Math.random });
    return { ledger, inventories: ledger.inventories };
  });
});

describe.each(testDatabases())('inventories on $name', (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await kind.open();
    await migrate(database.knex, { schema: database.schema });
  });
  afterAll(() => database.close());

  inventoriesContract(async () => {
    await emptyTables(database);
    const transactions = knexTransactions(database.knex, database.schema);
    return { ledger: knexLedger(transactions), inventories: knexInventories(transactions) };
  });
});
