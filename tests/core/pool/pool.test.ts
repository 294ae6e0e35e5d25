import { forEach } from '../../../server/src/core/pool/for-each';
import { limit } from '../../../server/src/core/pool/limit';
import { together } from '../../../server/src/core/pool/together';
import { FakeClock, settle } from '../../support/fake-clock';

let clock: FakeClock;
let groups: number[][];
beforeEach(() => {
  clock = new FakeClock();
  groups = [];
});

/** Doubles numbers. Odd ones above 90 make it fail. */
const doubling = async (numbers: readonly number[]): Promise<number[]> => {
  groups.push([...numbers]);
  if (numbers.some((number) => number > 90)) throw new Error('too large');
  return numbers.map((number) => 2 * number);
};

describe('requests that are taken together', () => {
  const double = (atMost = 4) => together(doubling, { clock, lingerMs: 10, atMost });

  test('share a group when they come shortly after one another, and each gets its own answer', async () => {
    const one = double();
    const first = one(1);
    await clock.advance(9);
    const second = one(2);
    expect(groups).toEqual([]);
    await clock.advance(1);
    expect(await Promise.all([first, second])).toEqual([2, 4]);
    expect(groups).toEqual([[1, 2]]);
    const third = one(3);
    await clock.advance(10);
    expect(await third).toBe(6);
  });

  test('do not wait once their group is full, and no group has more than that', async () => {
    const one = double();
    const answers = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(one);
    await settle();
    expect(groups).toEqual([[1, 2, 3, 4], [5, 6, 7, 8]]);
    await clock.advance(10);
    expect(await Promise.all(answers)).toEqual([2, 4, 6, 8, 10, 12, 14, 16, 18]);
    expect(groups).toHaveLength(3);
    expect(clock.sleeping).toBe(0);
  });

  test('stop waiting as soon as another request fills their group', async () => {
    const one = double(2);
    const first = one(1);
    await settle();
    const second = one(2);
    expect(await Promise.all([first, second])).toEqual([2, 4]);
  });

  test('fail when their group fails, and a later group does not', async () => {
    const one = double();
    const failing = Promise.allSettled([one(1), one(91)]);
    await clock.advance(10);
    expect((await failing).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const later = one(2);
    await clock.advance(10);
    expect(await later).toBe(4);
  });
});

describe('limit', () => {
  test('lets 2 works run at once, and begins the others in the order in which they came', async () => {
    const inTurn = limit(2);
    const order: number[] = [];
    const ends: (() => void)[] = [];
    const work = (index: number) => inTurn(() => new Promise<number>((resolve) => (order.push(index), ends.push(() => resolve(index)))));
    const all = [0, 1, 2, 3].map(work);
    await settle();
    expect(order).toEqual([0, 1]);
    ends[1]?.();
    await settle();
    expect(order).toEqual([0, 1, 2]);
    ends[0]?.();
    ends[2]?.();
    await settle();
    ends[3]?.();
    expect(await Promise.all(all)).toEqual([0, 1, 2, 3]);
  });

  test('begins the next work after one that failed', async () => {
    const inTurn = limit(1);
    await expect(inTurn(() => Promise.reject(new Error('of its own')))).rejects.toThrow('of its own');
    expect(await inTurn(async () => 'next')).toBe('next');
  });
});

describe('forEach', () => {
  const pause = () => new Promise((resolve) => setImmediate(resolve));
  async function* numbers(count: number, taken: number[] = []) {
    for (let number = 0; number < count; number++) {
      await pause();
      taken.push(number);
      yield number;
    }
  }

  test.each([
    ['a list', () => [0, 1, 2, 3, 4]],
    ['an async generator', () => numbers(5)],
  ])('works on every item of %s once, 2 at a time', async (_, items) => {
    const seen: number[] = [];
    let [inHand, most] = [0, 0];
    await forEach(items(), 2, async (item) => {
      most = Math.max(most, ++inHand);
      seen.push(item);
      await pause();
      await pause();
      inHand--;
    });
    expect(seen).toEqual([0, 1, 2, 3, 4]);
    expect(most).toBe(2);
  });

  test('begins no further item after a failure, and rejects once the items in hand have ended', async () => {
    const begun: number[] = [];
    let ended = 0;
    const work = forEach([0, 1, 2, 3], 2, async (item) => {
      begun.push(item);
      if (item === 0) throw new Error('the first');
      await pause();
      ended++;
    });
    await expect(work).rejects.toThrow('the first');
    expect([begun, ended]).toEqual([[0, 1], 1]);
  });

  test('rejects when the source of the items fails', async () => {
    const items = async function* () {
      yield 1;
      throw new Error('no more of them');
    };
    await expect(forEach(items(), 2, async () => undefined)).rejects.toThrow('no more of them');
  });

  test('begins no further item once its signal aborts; every item that was taken has been worked on', async () => {
    const ending = new AbortController();
    const [taken, seen]: [number[], number[]] = [[], []];
    const work = async (item: number) => {
      seen.push(item);
      if (item === 2) ending.abort();
    };
    await forEach(numbers(10, taken), 2, work, { signal: ending.signal });
    expect(seen.length).toBeLessThan(5);
    expect(seen).toEqual(taken);
  });
});
