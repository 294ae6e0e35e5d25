import { StorageError } from '../../../server/src/core/errors';
import { catchUp } from '../../../server/src/core/upkeep/catch-up';
import { mediaWorld, type MediaWorld } from '../../support/media-world';

const NAMES = ['a.txt', 'b.txt', 'c.txt', 'd.txt', 'e.txt', 'f.txt'];

let world: MediaWorld;
beforeEach(async () => {
  world = await mediaWorld();
  world.fault = (operation) =>
    operation === 'put' ? Promise.reject(new StorageError('ACCESS_DENIED', { status: 403, refused: true })) : undefined;
  for (const name of NAMES) await world.put(name, name);
});
afterEach(() => world.close());

const volume = async () => {
  const row = await world.ledger.find(world.key('a.txt'));
  if (row?.placement.state !== 'local') throw new Error('a.txt is not on disk');
  return row.placement.local.volume;
};
const due = async () => {
  const rows = await world.ledger.claim({ work: 'upload', volume: await volume(), origin: 'fallback', limit: 100 }, 1000);
  return rows.map(({ key }) => key as string).sort();
};

test('files that a stopped catch-up has not sent are due again at once', async () => {
  const ending = new AbortController();
  world.fault = (operation) => {
    if (operation !== 'put') return undefined;
    ending.abort();
    return Promise.reject(new StorageError('ABORTED'));
  };
  await catchUp(world.jobs, 2, ending.signal);
  expect(await due()).toEqual(NAMES);
});

test('files that a catch-up could not send in an outage are due again at once', async () => {
  world.fault = () => Promise.reject(new StorageError('UNREACHABLE', { refused: true }));
  await catchUp(world.jobs, 2, new AbortController().signal);
  expect(world.breaker.state.kind).toBe('open');
  expect(await due()).toEqual(NAMES);
});

test('files that another process has claimed are left to it until the claim ends', async () => {
  world.fault = undefined;
  await due();
  expect(await catchUp(world.jobs, 2, new AbortController().signal)).toEqual({ uploaded: 0, failed: 0 });
  world.state.now += 1000;
  expect(await catchUp(world.jobs, 2, new AbortController().signal)).toEqual({ uploaded: NAMES.length, failed: 0 });
});
