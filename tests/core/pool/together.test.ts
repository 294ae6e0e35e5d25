import { lanes } from '../../../server/src/core/pool/lanes';
import { together } from '../../../server/src/core/pool/together';
import { FakeClock, settle } from '../../support/fake-clock';

let clock: FakeClock;
let groups: number[][];
beforeEach(() => {
  clock = new FakeClock();
  groups = [];
});

/** Doubles numbers; odd ones above 90 fail it. */
const doubling = async (numbers: readonly number[]): Promise<number[]> => {
  groups.push([...numbers]);
  if (numbers.some((number) => number > 90)) throw new Error('too large');
  return numbers.map((number) => 2 * number);
};

describe('requests of one step', () => {
  const double = (atMost = 4) => together(doubling, { clock, lingerMs: 10, atMost });

  test('that come shortly after one another are taken together, and each has its own answer', async () => {
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

  test('do not wait when they are enough, and never are more than that', async () => {
    const one = double();
    const answers = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(one);
    await settle();
    expect(groups).toEqual([[1, 2, 3, 4], [5, 6, 7, 8]]);
    await clock.advance(10);
    expect(await Promise.all(answers)).toEqual([2, 4, 6, 8, 10, 12, 14, 16, 18]);
    expect(groups).toHaveLength(3);
    expect(clock.sleeping).toBe(0);
  });

  test('that wait are taken as soon as another makes them enough', async () => {
    const one = double(2);
    const first = one(1);
    await settle();
    const second = one(2);
    expect(await Promise.all([first, second])).toEqual([2, 4]);
  });

  test('fail together, and no others with them', async () => {
    const one = double();
    const failing = Promise.allSettled([one(1), one(91)]);
    await clock.advance(10);
    expect((await failing).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const later = one(2);
    await clock.advance(10);
    expect(await later).toBe(4);
  });
});

describe('lanes', () => {
  test('let so many works run at once, and the others in the order they came', async () => {
    const inLane = lanes(2);
    const order: number[] = [];
    const ends: (() => void)[] = [];
    const work = (index: number) => inLane(() => new Promise<number>((resolve) => (order.push(index), ends.push(() => resolve(index)))));
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

  test('are free again after a work that failed', async () => {
    const inLane = lanes(1);
    await expect(inLane(() => Promise.reject(new Error('of its own')))).rejects.toThrow('of its own');
    expect(await inLane(async () => 'next')).toBe('next');
  });
});
