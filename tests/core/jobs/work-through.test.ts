import { workOn, type WorkOptions } from '../../../server/src/core/jobs/work-through';
import type { ObjectKey } from '../../../server/src/core/keys';
import type { LedgerRow } from '../../../server/src/core/ledger/state';
import type { EngineParts } from '../../../server/src/core/media/deps';

const request = { work: 'cleanup', volume: 'disk-1' } as never;
let library: LedgerRow[];
let released: LedgerRow[];
let claims: number[];
let isClosed: boolean;
let ending: AbortController;

const rowOf = (index: number) => ({ key: `${index}.png` as ObjectKey }) as LedgerRow;
const breaker = { get state() { return { kind: isClosed ? 'closed' : 'open' }; } };

/** A ledger that gives out each row once. */
const deps = {
  ledger: {
    claim: async ({ limit }: { limit: number }) => {
      await Promise.resolve();
      const rows = library.splice(0, limit);
      claims.push(rows.length);
      return rows;
    },
    release: async (rows: LedgerRow[]) => void released.push(...rows),
  },
  buckets: { writable: { breaker } },
} as unknown as EngineParts;

beforeEach(() => {
  library = Array.from({ length: 25 }, (_, index) => rowOf(index));
  released = [];
  claims = [];
  isClosed = true;
  ending = new AbortController();
});

const pause = () => new Promise((resolve) => setImmediate(resolve));
const options = (more: Partial<WorkOptions> = {}): WorkOptions => ({ concurrency: 4, batchSize: 10, signal: ending.signal, ...more });

test('workOn works on each row once, 4 at a time, and no hand is idle between two batches', async () => {
  const seen: string[] = [];
  let inHand = 0;
  const hands: number[] = [];
  const result = await workOn(deps, request, options(), async ({ key }) => {
    hands.push(++inHand);
    seen.push(key);
    await pause();
    inHand--;
    return true;
  });
  expect(result).toEqual({ done: 25, failed: 0 });
  expect(new Set(seen).size).toBe(25);
  expect(Math.max(...hands)).toBe(4);
  // no hand is idle at the end of a batch: only the last rows have fewer beside them
  expect(hands.slice(4).filter((count) => count < 4)).toEqual([]);
  expect(released).toEqual([]);
});

test('workOn renews the claims of the rows that wait or are in hand, and no others, while the work lasts', async () => {
  jest.useFakeTimers();
  try {
    const renewed: string[][] = [];
    const renewClaims = async (rows: LedgerRow[], _forMs: number, by: string) => void renewed.push([by, ...rows.map(({ key }) => key)]);
    const renewing = { ...deps, holder: 'this', ledger: { ...deps.ledger, renewClaims } } as unknown as EngineParts;
    let letGo = () => undefined as unknown;
    const work = workOn(renewing, request, options({ concurrency: 1, batchSize: 3 }), ({ key }) =>
      key === '1.png' ? new Promise((resolve) => (letGo = () => resolve(true))) : Promise.resolve(true),
    );
    await jest.advanceTimersByTimeAsync(65_000);
    expect(renewed).toEqual([1, 2, 3].map(() => ['this', '1.png', '2.png']));
    letGo();
    await jest.advanceTimersByTimeAsync(1);
    expect((await work).done).toBe(25);
    await jest.advanceTimersByTimeAsync(65_000);
    expect(renewed).toHaveLength(3);
  } finally {
    jest.useRealTimers();
  }
});

test('workOn has no more rows in hand than a batch has, even with a higher concurrency', async () => {
  let inHand = 0;
  let most = 0;
  await workOn(deps, request, options({ concurrency: 50 }), async () => {
    most = Math.max(most, ++inHand);
    await pause();
    inHand--;
    return true;
  });
  expect(most).toBe(10);
});

test('workOn calls afterBatch after each 10 rows and at the end, never twice at a time', async () => {
  let told = 0;
  let telling = 0;
  let worked = 0;
  const workedWhenTold: number[] = [];
  const afterBatch = async () => {
    expect(++telling).toBe(1);
    workedWhenTold.push(worked);
    await pause();
    await pause();
    telling--;
    told++;
    return true;
  };
  await workOn(deps, request, options({ afterBatch }), async () => Boolean(++worked));
  expect(told).toBe(3);
  expect(workedWhenTold.at(-1)).toBe(25);
});

test('workOn ends when as many rows as a batch has did not move on, and gives back the rows not begun', async () => {
  let tried = 0;
  const result = await workOn(deps, request, options(), async () => {
    tried++;
    await pause();
    return false;
  });
  expect(result).toEqual({ done: 0, failed: tried });
  // the run finished the files that it had begun when the tenth failed
  expect(tried).toBeGreaterThanOrEqual(10);
  expect(tried).toBeLessThan(14);
  expect(tried + released.length + library.length).toBe(25);
});

test('workOn goes on to the end while one row in ten moves on', async () => {
  const result = await workOn(deps, request, options(), async ({ key }) => Number.parseInt(key) % 10 === 0);
  expect(result).toEqual({ done: 3, failed: 22 });
});

test.each([
  ['that is stopped', () => ending.abort()],
  ['whose afterBatch says that it must not go on', undefined],
  ['whose breaker opens', () => void (isClosed = false)],
])('workOn %s finishes the rows in hand and gives back the rest', async (_, end) => {
  let done = 0;
  const afterBatch = async () => end !== undefined;
  const result = await workOn(deps, request, options({ afterBatch }), async () => {
    await pause();
    if (++done === 10) end?.();
    return true;
  });
  expect(result.done).toBe(done);
  expect(done).toBeGreaterThanOrEqual(10);
  expect(done).toBeLessThan(20);
  expect(done + released.length + library.length).toBe(25);
});

test.each([
  ['work', async () => true],
  ['a claim', async () => true],
  ['afterBatch', () => Promise.reject(new Error('the database is gone'))],
])('the failure of %s rejects workOn once the rows in hand have ended, and the rest is given back', async (what, afterBatch) => {
  let inHand = 0;
  let worked = 0;
  const failing = { ...deps, ledger: { ...deps.ledger } };
  if (what === 'a claim') failing.ledger.claim = (...of) => (claims.length > 0 ? Promise.reject(new Error('the database is gone')) : deps.ledger.claim(...of));
  const work = workOn(failing, request, options({ afterBatch }), async () => {
    inHand++;
    worked++;
    await pause();
    inHand--;
    if (what === 'work' && worked === 7) throw new Error('the database is gone');
    return true;
  });
  await expect(work).rejects.toThrow('the database is gone');
  expect(inHand).toBe(0);
  expect(worked).toBeLessThan(25);
  expect(worked + released.length + library.length).toBe(25);
});

describe('workOn with batches that the caller finds', () => {
  async function* found(size: number, asked: number[] = []) {
    for (let from = 0; from < 25; from += size) {
      asked.push(inHand);
      yield library.slice(from, from + size);
    }
  }
  let inHand: number;
  beforeEach(() => void (inHand = 0));
  const work = async () => {
    inHand++;
    await pause();
    inHand--;
    return true;
  };

  test('asks for a batch when the one before has ended, works on each row, and claims and gives back nothing', async () => {
    const asked: number[] = [];
    let told = 0;
    const afterBatch = async () => Boolean(++told);
    expect(await workOn(deps, found(10, asked), options({ afterBatch }), work)).toEqual({ done: 25, failed: 0 });
    expect([asked, told]).toEqual([[0, 0, 0], 3]);
    expect([claims, released]).toEqual([[], []]);
  });

  test('ends at a batch that does not fit', async () => {
    const fits = async (rows: readonly LedgerRow[]) => rows[0] !== library[10];
    expect(await workOn(deps, found(5), options({ fits }), work)).toEqual({ done: 10, failed: 0 });
  });
});

test('workOn ends at a claimed batch that does not fit, and gives it back', async () => {
  const fits = async (rows: readonly LedgerRow[]) => rows[0]!.key !== '10.png';
  const result = await workOn(deps, request, options({ fits }), async () => true);
  expect(result).toEqual({ done: 10, failed: 0 });
  expect(released).toHaveLength(10);
});

test('workOn does not ask the ledger to release rows when none is left', async () => {
  const release = jest.fn();
  await workOn({ ...deps, ledger: { ...deps.ledger, release } }, request, options(), async () => true);
  expect(release).not.toHaveBeenCalled();
});
