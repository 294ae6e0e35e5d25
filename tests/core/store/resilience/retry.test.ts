import { StorageError } from '../../../../server/src/core/errors';
import { retry, type RetryPolicy } from '../../../../server/src/core/store/resilience/retry';
import { FakeClock, settle } from '../../../support/fake-clock';

const down = () => new StorageError('UNREACHABLE', { operation: 'head' });
const policy: RetryPolicy = { maxAttempts: 3 };

/** Fails `failures` times, then answers the number of the attempt. */
function failing(failures: number, error: () => unknown = down) {
  const attempts: { attempt: number; patienceMs: number }[] = [];
  const operation = async (attempt: number, _signal: AbortSignal | undefined, patienceMs: number): Promise<number> => {
    attempts.push({ attempt, patienceMs });
    if (attempt <= failures) throw error();
    return attempt;
  };
  return { attempts, operation };
}

test('the first attempt that succeeds is the last one', async () => {
  const clock = new FakeClock();
  const { attempts, operation } = failing(1);
  const work = retry(policy, clock, operation);
  await clock.advance(100);
  expect(await work).toBe(2);
  expect(attempts).toHaveLength(2);
});

test('maxAttempts counts all attempts, and the last error is thrown', async () => {
  const clock = new FakeClock();
  const { attempts, operation } = failing(9);
  const work = expect(retry(policy, clock, operation)).rejects.toMatchObject({ code: 'UNREACHABLE' });
  await clock.advance(10_000);
  await work;
  expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
});

test('the waits between attempts double up to 2 seconds, with full jitter', async () => {
  const clock = new FakeClock(0, [0.999_999]);
  const work = retry({ maxAttempts: 8, budgetMs: Infinity }, clock, failing(7).operation);
  await clock.advance(60_000);
  await work;
  expect(clock.sleeps.map(Math.round)).toEqual([100, 200, 400, 800, 1600, 2000, 2000]);
  const impatient = new FakeClock(0, [0]);
  await Promise.all([retry(policy, impatient, failing(2).operation), impatient.advance(0)]);
  expect(impatient.sleeps).toEqual([0, 0]);
});

test.each(['ACCESS_DENIED', 'BUCKET_NOT_FOUND', 'INVALID_ACCESS_KEY', 'OBJECT_NOT_FOUND', 'CIRCUIT_OPEN'] as const)(
  '%s is not worth another attempt',
  async (code) => {
    const { attempts, operation } = failing(1, () => new StorageError(code));
    await expect(retry(policy, new FakeClock(), operation)).rejects.toMatchObject({ code });
    expect(attempts).toHaveLength(1);
  },
);

test('the caller can say which errors are worth another attempt', async () => {
  const clock = new FakeClock(0, [0]);
  const work = retry(policy, clock, failing(1, () => new Error('odd')).operation, { isRetryable: () => true });
  await clock.advance(0);
  expect(await work).toBe(2);
});

describe('the budget', () => {
  /** Each attempt takes `ms` and fails. */
  const slow = (clock: FakeClock, ms: number, seen: number[]) => async (_attempt: number, _signal: unknown, patienceMs: number) => {
    seen.push(patienceMs);
    await clock.sleep(Math.min(ms, patienceMs));
    throw new StorageError('TIMEOUT');
  };

  test('tells each attempt how much time is left, and lets none begin without any', async () => {
    const clock = new FakeClock(0, [0.5]);
    const seen: number[] = [];
    const work = expect(retry(policy, clock, slow(clock, 1_750, seen))).rejects.toMatchObject({ code: 'TIMEOUT' });
    await clock.advance(20_000);
    await work;
    expect(seen).toEqual([4_000, 2_200, 350]);
  });

  test('ends a single attempt that waits in vain, and lets no second one begin', async () => {
    const clock = new FakeClock(0);
    const seen: number[] = [];
    const work = expect(retry(policy, clock, slow(clock, 60_000, seen))).rejects.toMatchObject({ code: 'TIMEOUT' });
    await clock.advance(4_000);
    await work;
    expect(seen).toEqual([4_000]);
  });

  test('can be infinite, as jobs need it', async () => {
    const { attempts, operation } = failing(0);
    await retry({ maxAttempts: 1, budgetMs: Infinity }, new FakeClock(), operation);
    expect(attempts[0]?.patienceMs).toBe(Infinity);
  });
});

describe('an abort', () => {
  test('before the first attempt prevents every call', async () => {
    const { attempts, operation } = failing(0);
    await expect(retry(policy, new FakeClock(), operation, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
    expect(attempts).toHaveLength(0);
  });

  test('during a wait ends the wait at once and prevents every further attempt', async () => {
    const clock = new FakeClock();
    const aborting = new AbortController();
    const { attempts, operation } = failing(9);
    const work = expect(retry(policy, clock, operation, { signal: aborting.signal })).rejects.toMatchObject({ code: 'ABORTED' });
    await settle();
    expect(clock.sleeping).toBe(1);
    aborting.abort();
    await work;
    expect(clock.sleeping).toBe(0);
    await clock.advance(60_000);
    expect(attempts).toHaveLength(1);
  });

  test('during an attempt, which then fails, prevents another attempt', async () => {
    const aborting = new AbortController();
    const { attempts, operation } = failing(9, () => {
      aborting.abort();
      return down();
    });
    await expect(retry(policy, new FakeClock(), operation, { signal: aborting.signal })).rejects.toMatchObject({ code: 'ABORTED' });
    expect(attempts).toHaveLength(1);
  });
});
