import createKnex, { type Knex } from 'knex';

import { knexTransactions } from '../../../server/src/adapters/database/transactions';
import { KnexSettingsRepository } from '../../../server/src/adapters/database/settings-repository';
import { EMPTY_ROW, type SettingsRow } from '../../../server/src/core/settings/ports';
import { up } from '../../../migrations/001-settings';

let knex: Knex;
let repository: KnexSettingsRepository;
const columns = () => knex('s3_storage_settings').first<Record<string, unknown>>();

beforeEach(async () => {
  knex = createKnex({ client: 'better-sqlite3', connection: { filename: ':memory:' }, useNullAsDefault: true, pool: { min: 1, max: 1 } });
  await up(knex);
  repository = new KnexSettingsRepository(knexTransactions(knex), { now: () => 1_764_000_000_000 });
});
afterEach(() => knex.destroy());

const withBucket = (bucket: string) => (row: SettingsRow) => ({ ...row, settings: { ...row.settings, bucket } });

test('an empty table is read as revision 0 without settings', async () => {
  expect(await repository.revision()).toBe(0);
  expect(await repository.read()).toEqual(EMPTY_ROW);
});

test('each write raises the revision by one, and keeps the values that it does not change', async () => {
  const target = { endpoint: null, bucket: 'a', accessKeyId: 'K' };
  await repository.update((row) => ({ ...row, settings: { bucket: 'a', newer: { field: 1 } }, secret: 'sealed', secretFor: target }));
  const row = await repository.update((current) => ({ ...current, settings: { ...current.settings, prefix: 'p/' } }));
  expect(row).toEqual({ revision: 2, settings: { bucket: 'a', newer: { field: 1 }, prefix: 'p/' }, secret: 'sealed', secretFor: target });
  expect(await repository.read()).toEqual(row);
  expect(await repository.revision()).toBe(2);
  expect(await columns()).toMatchObject({ id: 1, revision: 2, secret: 'sealed', updated_at: 1_764_000_000_000 });
});

test('settings in another schema than the connection’s own are read and written there', async () => {
  await knex.raw(`attach database ':memory:' as plugin`);
  await knex.schema.dropTable('s3_storage_settings');
  await up(knex, 'plugin');
  const elsewhere = new KnexSettingsRepository(knexTransactions(knex, 'plugin'), { now: () => 1 });
  // reads find the row either way, but a write without the schema would go to the table of that name in the connection’s own schema
  await up(knex);
  await elsewhere.update(withBucket('a'));
  expect([await elsewhere.revision(), (await elsewhere.read()).settings, await knex('s3_storage_settings').select()]).toEqual([1, { bucket: 'a' }, []]);
});

test('the sealed secret is not in the settings document', async () => {
  await repository.update((row) => ({ ...row, secret: 'sealed' }));
  expect((await columns())?.document).not.toContain('sealed');
});

test('an error in the change reaches the caller, and nothing is written', async () => {
  await repository.update(withBucket('a'));
  const before = await columns();
  await expect(repository.update(() => { throw new Error('no'); })).rejects.toThrow('no');
  expect(await columns()).toEqual(before);
});

test('four changes at once are all kept', async () => {
  const add = (name: string) => repository.update((row) => ({ ...row, settings: { ...row.settings, [name]: 1 } }));
  await Promise.all(['a', 'b', 'c', 'd'].map(add));
  expect(await repository.read()).toMatchObject({ revision: 4, settings: { a: 1, b: 1, c: 1, d: 1 } });
});

test('a change is made again on the new row when another process was faster', async () => {
  await repository.update(withBucket('a'));
  // the change starts from a row that is older than the present one, as with two transactions of one database
  const real = knexTransactions(knex);
  let rounds = 0;
  const racing = new KnexSettingsRepository(
    {
      read: real.read,
      table: real.table,
      run: (work) =>
        real.run(async (trx) => {
          rounds += 1;
          if (rounds > 1) return work(trx);
          const stale = Object.assign(
            (table: string) => {
              const query = trx(table);
              const where = query.where.bind(query);
              query.where = ((condition: { revision?: number }) =>
                where(condition.revision === undefined ? condition : { ...condition, revision: condition.revision - 1 })) as typeof query.where;
              return query;
            },
            trx,
          );
          return work(stale);
        }),
    },
    { now: () => 1 },
  );
  await expect(racing.update(withBucket('b'))).resolves.toMatchObject({ revision: 2, settings: { bucket: 'b' } });
  expect(rounds).toBe(2);
});

test.each(['', 'not json', '[]', '7', '{"settings":[]}', '{"settings":{},"secretFor":"x"}'])('a damaged document reads as no settings: %p', async (document) => {
  await knex('s3_storage_settings').insert({ id: 1, revision: 5, document, secret: 'sealed', updated_at: 0 });
  expect(await repository.read()).toEqual({ revision: 5, settings: {}, secretFor: null, secret: 'sealed' });
});
