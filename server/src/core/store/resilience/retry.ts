import type { Clock } from '../../clock';
import { isStorageError, isTransient, StorageError } from '../../errors';

export interface RetryPolicy {
  /** Largest number of attempts, including the first. */
  readonly maxAttempts: number;
  /** Upper bound of the first wait, in milliseconds. It doubles with every further wait. */
  readonly baseMs?: number;
  /** Upper bound of every wait, in milliseconds. */
  readonly capMs?: number;
  /**
   * Time from the start after which no new attempt begins, in milliseconds. No attempt waits longer than this for an answer either. It
   * bounds the time that a silent endpoint costs; an attempt whose bytes move may take longer. Jobs, for which nobody waits, use
   * Infinity, so that each attempt has the store's own timeout.
   */
  readonly budgetMs?: number;
}

export interface RetryOptions {
  signal?: AbortSignal;
  /** Decides whether another attempt is worth while. The default is {@link isRetryable}. */
  isRetryable?: (error: unknown) => boolean;
}

/**
 * Makes one attempt. It opens everything that it reads afresh.
 * @param attempt number of the attempt, from 1
 * @param signal the signal that the caller gave to `retry`
 * @param patienceMs longest wait for an answer, in milliseconds; the attempt hands it to the store
 */
export type Attempt<T> = (attempt: number, signal: AbortSignal | undefined, patienceMs: number) => Promise<T>;

/** Default of {@link RetryPolicy.baseMs}, in milliseconds. */
const BASE_MS = 100;
/** Default of {@link RetryPolicy.capMs}, in milliseconds. */
const CAP_MS = 2_000;
/** Budget of a call for which somebody waits, in milliseconds. */
export const DEFAULT_BUDGET_MS = 4_000;

/** Whether a failure may pass by itself. A wrong clock may: the SDK learns the server's time from the refusal. */
export function isRetryable(error: unknown): boolean {
  return isTransient(error) || isStorageError(error, 'CLOCK_SKEW');
}

/**
 * Calls `operation` until it succeeds or fails for good, or until the attempts or the budget are used up. Between two attempts it waits
 * for a random time (full jitter), so that many clients that failed together do not come back together.
 * @throws the error of the last attempt; StorageError ABORTED when `signal` aborts, and no attempt begins after that.
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

/** Returns the wait after a number of failures, in milliseconds: uniform between zero and the bound, which doubles with each failure. */
function backoff({ baseMs = BASE_MS, capMs = CAP_MS }: RetryPolicy, failures: number, clock: Clock): number {
  return clock.random() * Math.min(capMs, baseMs * 2 ** (failures - 1));
}

function aborted(cause: unknown): StorageError {
  return new StorageError('ABORTED', { operation: 'retry', refused: false, cause });
}
