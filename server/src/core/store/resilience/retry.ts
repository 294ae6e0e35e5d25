import type { Clock } from '../../clock';
import { isStorageError, isTransient, StorageError } from '../../errors';

export interface RetryPolicy {
  /** Attempts in all, the first included. */
  readonly maxAttempts: number;
  /** Upper bound of the first wait, in milliseconds; it doubles with every further one. */
  readonly baseMs?: number;
  /** Upper bound of every wait, in milliseconds. */
  readonly capMs?: number;
  /**
   * Milliseconds from the start after which no new attempt begins, and which no attempt's wait for an answer may exceed.
   * It bounds what an endpoint that does not answer costs; an attempt whose bytes move may take longer. Infinity, for
   * jobs that nobody waits for, gives each attempt the store's own timeout.
   */
  readonly budgetMs?: number;
}

export interface RetryOptions {
  signal?: AbortSignal;
  /** Default: {@link isRetryable}. */
  isRetryable?: (error: unknown) => boolean;
}

/**
 * One attempt, with everything it reads opened afresh.
 * @param attempt from 1
 * @param signal the caller's, as given to `retry`
 * @param patienceMs how long it may wait for an answer; to be handed to the store
 */
export type Attempt<T> = (attempt: number, signal: AbortSignal | undefined, patienceMs: number) => Promise<T>;

const BASE_MS = 100;
const CAP_MS = 2_000;
/** Of a call that somebody waits for, in milliseconds. */
export const DEFAULT_BUDGET_MS = 4_000;

/** Failures that may pass by themselves. A wrong clock is among them: the SDK learns the server's from the refusal. */
export function isRetryable(error: unknown): boolean {
  return isTransient(error) || isStorageError(error, 'CLOCK_SKEW');
}

/**
 * Calls `operation` until it succeeds, fails for good, or attempts or budget are used up; between the attempts waits a
 * random time (full jitter), so that many clients that failed together do not come back together.
 * @throws what the last attempt threw; StorageError ABORTED when `signal` aborts, and no attempt begins after that.
 */
export async function retry<T>(policy: RetryPolicy, clock: Clock, operation: Attempt<T>, options: RetryOptions = {}): Promise<T> {
  const { signal } = options;
  const worthAnother = options.isRetryable ?? isRetryable;
  const budgetMs = policy.budgetMs ?? DEFAULT_BUDGET_MS;
  const startedAt = clock.elapsed();
  const leftMs = () => budgetMs - (clock.elapsed() - startedAt);
  if (signal?.aborted) throw aborted(signal.reason);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await operation(attempt, signal, Math.max(leftMs(), 1));
    } catch (error) {
      if (signal?.aborted) throw isStorageError(error, 'ABORTED') ? error : aborted(error);
      const waitMs = backoff(policy, attempt, clock);
      if (attempt >= policy.maxAttempts || !worthAnother(error) || waitMs >= leftMs()) throw error;
      await clock.sleep(waitMs, signal).catch((reason: unknown) => {
        throw aborted(reason);
      });
    }
  }
}

/** Milliseconds, uniform between nothing and the doubled bound. */
function backoff({ baseMs = BASE_MS, capMs = CAP_MS }: RetryPolicy, failures: number, clock: Clock): number {
  return clock.random() * Math.min(capMs, baseMs * 2 ** (failures - 1));
}

function aborted(cause: unknown): StorageError {
  return new StorageError('ABORTED', { operation: 'retry', refused: false, cause });
}
