import { parseKey } from '../../../server/src/core/keys';
import type { LedgerRow } from '../../../server/src/core/ledger/state';
import { RowCache } from '../../../server/src/core/media/row-cache';

const key = parseKey('a.png');
const rowAt = (rev: number) => ({ key, rev }) as unknown as LedgerRow;

function setup() {
  let now = 0;
  let rev = 1;
  let gate: Promise<void> | undefined;
  const load = jest.fn(async () => {
    const row = rowAt(rev);
    await gate;
    return row;
  });
  const cache = new RowCache(load, () => now, 2000);
  return { cache, load, tick: (ms: number) => (now += ms), change: () => rev++, hold: (until: Promise<void> | undefined) => void (gate = until) };
}

test('a row is remembered for two seconds and not longer', async () => {
  const { cache, load, tick, change } = setup();
  expect((await cache.get(key))?.rev).toBe(1);
  change();
  tick(1999);
  expect((await cache.get(key))?.rev).toBe(1);
  tick(1);
  expect((await cache.get(key))?.rev).toBe(2);
  expect(load).toHaveBeenCalledTimes(2);
});

test('the two seconds of a row count from the beginning of the query, not from its answer', async () => {
  const { cache, tick, change, hold } = setup();
  let open: () => void = () => undefined;
  hold(new Promise((resolve) => (open = resolve)));
  const first = cache.get(key);
  change();
  tick(1500);
  open();
  expect((await first)?.rev).toBe(1);
  hold(undefined);
  tick(500);
  expect((await cache.get(key))?.rev).toBe(2);
});

test('a row whose query is under way when its key is forgotten is not remembered afterwards', async () => {
  const { cache, change, hold } = setup();
  let open: () => void = () => undefined;
  hold(new Promise((resolve) => (open = resolve)));
  const slow = cache.get(key);
  change();
  cache.forget([key]);
  open();
  expect((await slow)?.rev).toBe(1);
  hold(undefined);
  expect((await cache.get(key))?.rev).toBe(2);
});

test('`fresh` reads a row again although it is remembered', async () => {
  const { cache, change } = setup();
  await cache.get(key);
  change();
  expect((await cache.get(key, { fresh: true }))?.rev).toBe(2);
});
