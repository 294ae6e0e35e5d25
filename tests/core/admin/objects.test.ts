import { ERRORS } from '../../../server/src/contracts/errors';
import type { LocalName, VolumeId } from '../../../server/src/core/keys';
import { parseKey } from '../../../server/src/core/keys';
import { MemoryLedger } from '../../../server/src/core/memory/ledger';
import { ObjectsApi } from '../../../server/src/core/admin/objects';
import type { KnownVolume } from '../../../server/src/core/volumes/registry';
import { strandedOn } from '../../../server/src/core/volumes/stranded';

const HERE = 'here' as VolumeId;
const THERE = 'there' as VolumeId;
const LOST = 'lost' as VolumeId;
const UNHEARD = 'unheard' as VolumeId;

const lastSeen = new Date('2026-01-01T00:00:00Z');
const known = (id: VolumeId, vanished: boolean): KnownVolume => ({ id, firstSeen: lastSeen, lastSeen, vanished });
const registry = { list: async () => [known(HERE, false), known(THERE, false), known(LOST, true)] };

let ledger: MemoryLedger;
beforeEach(async () => {
  ledger = new MemoryLedger({ now: () => 1_000_000, random: Math.random });
  for (const [name, volume] of [['a.txt', HERE], ['b.txt', THERE], ['c.txt', LOST], ['d.txt', LOST], ['e.txt', UNHEARD]] as const) {
    const key = parseKey(name);
    await ledger.bury(key, { purgeAfterMs: 0, found: { volume, localName: name as string as LocalName, size: 10 } });
    await ledger.purge((await ledger.find(key))!, { referenced: true, condemnObjects: true });
  }
});

const page = (query: Record<string, string> = {}) => new ObjectsApi({ ledger, registry, volume: { id: HERE }, rows: { forget: () => undefined }, onChange: () => undefined }).page(query);
const keys = async (query: Record<string, string>) => (await page(query)).results.map(({ key }) => key);

test('a failed file is shown with its state, size, volume, attempts and last error', async () => {
  await ledger.recordFailure((await ledger.find(parseKey('a.txt')))!, 'DISK_ERROR', 1000);
  expect((await page({ failed: 'true' })).results).toEqual([
    {
      key: 'a.txt', state: 'local', origin: 'library', size: 10, mime: null, attempts: 1, volume: HERE, stranded: false,
      lastError: { code: 'DISK_ERROR', ...ERRORS.DISK_ERROR }, rev: expect.any(Number),
    },
  ]);
});

test('a file is stranded when its only copy is on a volume that has vanished or that nobody has heard of', async () => {
  expect(await keys({ stranded: 'true' })).toEqual(['c.txt', 'd.txt', 'e.txt']);
  expect((await page()).results.map(({ stranded }) => stranded)).toEqual([false, false, true, true, true]);
  const volumes = strandedOn((await ledger.tallies()).onlyOn, await registry.list(), HERE);
  expect(volumes).toEqual([
    { id: LOST, lastSeen, count: 2, bytes: 20 },
    { id: UNHEARD, lastSeen: null, count: 1, bytes: 10 },
  ]);
});

test('files on this process’s own volume are not stranded, even when the registry says that it has vanished', async () => {
  const { onlyOn } = await ledger.tallies();
  expect(strandedOn(onlyOn, [known(HERE, true), known(THERE, false)], HERE).map(({ id }) => id)).toEqual([LOST, UNHEARD]);
});

test('a deleted file is listed as trash and not as stranded', async () => {
  await ledger.bury(parseKey('c.txt'), { purgeAfterMs: 1000 });
  expect(await keys({ stranded: 'true' })).toEqual(['d.txt', 'e.txt']);
  expect((await page({ state: 'trash' })).results).toMatchObject([{ key: 'c.txt', state: 'trash', stranded: false }]);
});

test('the list comes in pages, each with the total beside it', async () => {
  expect(await page({ page: '2', pageSize: '2' })).toMatchObject({ results: [{ key: 'c.txt' }, { key: 'd.txt' }], pagination: { page: 2, pageSize: 2, total: 5 } });
  expect(await page({ page: '3', pageSize: '2' })).toMatchObject({ results: [{ key: 'e.txt' }], pagination: { total: 5 } });
  expect((await page({ page: '1000000' })).results).toEqual([]);
});

test.each<Record<string, string>>([{}, { state: 'local' }, { state: 'remote' }, { state: 'trash' }, { failed: 'true' }, { stranded: 'true' }, { stranded: 'true', failed: 'true' }])(
  'the total for the query %j is the number of files in the list',
  async (query) => {
    await ledger.bury(parseKey('b.txt'), { purgeAfterMs: 1000 });
    await ledger.recordFailure((await ledger.find(parseKey('c.txt')))!, 'DISK_ERROR', 1000);
    const { results, pagination } = await page({ ...query, pageSize: '100' });
    expect(pagination.total).toBe(results.length);
  },
);

test('the list takes the totals that the tallies hold, and asks the ledger for no count', async () => {
  const count = jest.spyOn(ledger, 'count');
  for (const query of [{}, { state: 'local' }, { failed: 'true' }, { stranded: 'true' }]) await page(query as Record<string, string>);
  expect(count).not.toHaveBeenCalled();
});

test.each([
  [{ state: 'odd' }, ['state']],
  [{ failed: 'yes' }, ['failed']],
  [{ stranded: '1' }, ['stranded']],
  [{ page: '0' }, ['page']],
  [{ page: '1.5' }, ['page']],
  [{ page: '-1' }, ['page']],
  [{ page: '99999999999999999999' }, ['page']],
  [{ pageSize: '101' }, ['pageSize']],
  [{ pageSize: '' }, ['pageSize']],
  [{ surprise: 'x', page: 'x' }, ['page', 'surprise']],
  [{ state: ['local', 'both'] }, ['state']],
])('the list refuses the query %j, and names the bad fields', async (query, paths) => {
  const refused: { fields: { path: string }[] } = await new ObjectsApi({ ledger, registry, volume: { id: HERE }, rows: { forget: () => undefined }, onChange: () => undefined }).page(query).then(
    () => Promise.reject(new Error('accepted')),
    (error: unknown) => error as never,
  );
  expect(refused).toMatchObject({ code: 'INVALID_QUERY' });
  expect(refused.fields.map(({ path }) => path).sort()).toEqual(paths);
});
