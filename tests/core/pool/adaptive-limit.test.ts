import { adaptiveLimit } from '../../../server/src/core/pool/adaptive-limit';
import { FakeClock, settle } from '../../support/fake-clock';

let clock: FakeClock;
let throttledAt: number;
beforeEach(() => {
  clock = new FakeClock();
  throttledAt = -Infinity;
});

/** A server that works on up to `able` requests at once, each of which takes 20 ms. */
function serverOf(able: number) {
  const seen = { now: 0, most: 0 };
  const queue: (() => void)[] = [];
  let busy = 0;
  const request = async (): Promise<void> => {
    seen.most = Math.max(seen.most, ++seen.now);
    if (busy < able) busy++;
    else await new Promise<void>((resolve) => queue.push(resolve));
    await clock.sleep(20);
    const next = queue.shift();
    if (next) next();
    else busy--;
    seen.now--;
  };
  return { seen, request };
}

function run(able: number, ceiling: number, each: (count: number) => void = () => undefined) {
  const { seen, request } = serverOf(able);
  const limited = adaptiveLimit({ clock, ceiling, throttledAt: () => throttledAt });
  let count = 0;
  const one = () =>
    limited(async () => {
      await request();
      each(++count);
    }).catch(() => undefined);
  const feed = (works: number) => void Array.from({ length: works }, one);
  /** The number of requests at once, some seconds later. */
  const after = async (seconds: number): Promise<number> => {
    await clock.advance(seconds * 1000);
    return seen.now;
  };
  return { feed, after, seen, ended: () => count };
}

test('the number of works starts at four and grows up to the ceiling, as long as the server takes more', async () => {
  const { feed, after, seen } = run(Infinity, 16);
  feed(20_000);
  await settle();
  expect(seen.now).toBe(4);
  expect(await after(2)).toBeGreaterThan(4);
  expect(await after(10)).toBe(16);
  expect(seen.most).toBe(16);
});

test('the number of works never exceeds a ceiling below four', async () => {
  const { feed, after, seen } = run(Infinity, 2);
  feed(2_000);
  await after(5);
  expect(seen.most).toBe(2);
});

test('more works that bring no gain are given up, and tried again only half a minute later', async () => {
  const { feed, after, seen } = run(4, 16);
  feed(20_000);
  expect(await after(5)).toBe(4);
  expect(seen.most).toBe(6);
  seen.most = 0;
  await after(20);
  expect(seen.most).toBe(4);
  await after(15);
  expect(seen.most).toBe(6);
});

test('a request to slow down halves the number at once, down to one, and it stays low for ten seconds', async () => {
  const { feed, after } = run(Infinity, 16);
  feed(20_000);
  expect(await after(12)).toBe(16);
  const numbers: number[] = [];
  for (let times = 0; times < 5; times++) {
    throttledAt = clock.elapsed() + 1;
    numbers.push(await after(0.5));
    // requests that were under way are refused as well: they change nothing
    throttledAt = clock.elapsed();
    await after(1);
  }
  expect(numbers).toEqual([8, 4, 2, 1, 1]);
  expect(await after(8)).toBe(1);
  expect(await after(15)).toBeGreaterThan(1);
});

test('the number does not grow while works fail', async () => {
  const { feed, after, seen } = run(Infinity, 16, (count) => {
    if (count % 10 === 0) throw new Error('refused');
  });
  feed(20_000);
  await after(10);
  expect(seen.most).toBe(4);
});

test('more works that bring failures are given up', async () => {
  const { feed, after, seen } = run(Infinity, 16, () => {
    if (seen.now > 4) throw new Error('refused');
  });
  feed(20_000);
  expect(await after(10)).toBe(4);
  expect(seen.most).toBe(6);
});

test('the number does not grow while no work waits', async () => {
  const { feed, after, seen } = run(Infinity, 16);
  for (let tenth = 0; tenth < 15; tenth++) {
    feed(4);
    await after(0.1);
  }
  feed(100);
  await settle();
  expect(seen.now).toBe(4);
});

test('the number grows although the works come in batches, between which none waits', async () => {
  const { feed, after, seen, ended } = run(Infinity, 16);
  for (let batch = 1; batch <= 100; batch++) {
    feed(100);
    while (ended() < 100 * batch) await after(0.02);
  }
  expect(seen.most).toBe(16);
});

test('works begin in the order in which they came, and none is lost', async () => {
  const limited = adaptiveLimit({ clock, ceiling: 8, throttledAt: () => throttledAt });
  const begun: number[] = [];
  const all = Array.from({ length: 1_000 }, (_, index) => limited(async () => {
    begun.push(index);
    if (index === 500) throttledAt = clock.elapsed();
    await clock.sleep(20);
  }));
  await clock.advance(60_000);
  await Promise.all(all);
  expect(begun).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
});
