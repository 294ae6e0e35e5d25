import { isStorageError, isTransient, type StorageError } from '../../errors';

/**
 * The state of the breaker. `since` is a time to show, in milliseconds since the epoch. `probes` counts the failed probes. `failures` counts
 * the failures in a row, and `lostMs` is the time that the timeouts among them have cost, in milliseconds.
 */
export type BreakerState =
  | { readonly kind: 'closed'; readonly failures: number; readonly lostMs: number }
  | { readonly kind: 'open'; readonly since: number; readonly probes: number; readonly cause: StorageError }
  | { readonly kind: 'half-open'; readonly since: number; readonly probes: number; readonly cause: StorageError };

/** Says when the breaker opens, and for how long. */
export interface BreakerPolicy {
  /** Number of failures in a row that open it. */
  readonly failures: number;
  /**
   * Time that timeouts in a row may cost before they open the breaker, however few they are, in milliseconds. Without this limit, an
   * endpoint that takes connections and never answers would let {@link failures} uploads wait for their whole patience.
   */
  readonly lostMs: number;
  /** Delay before the first probe, in milliseconds. It doubles with each failed probe. */
  readonly firstOpenMs: number;
  /** Longest delay before a probe, in milliseconds. */
  readonly maxOpenMs: number;
}

export const DEFAULT_BREAKER_POLICY: BreakerPolicy = { failures: 3, lostMs: 3_500, firstOpenMs: 1_000, maxOpenMs: 30_000 };

export const CLOSED: BreakerState = { kind: 'closed', failures: 0, lostMs: 0 };

/** Whether the endpoint failed, and not only the request. A request of S3 to slow down is an answer, and no outage. */
export function isOutage(error: unknown): error is StorageError {
  return isTransient(error) && error.code !== 'THROTTLED';
}

/** Whether a failure shows that S3 is there: it has given an answer that will not change by itself. */
export function isAnswer(error: unknown): boolean {
  return isStorageError(error) && error.status !== undefined && error.code !== 'NOT_S3' && !isTransient(error);
}

/** Returns the state after a request that the breaker let through has failed with `error`, or succeeded (undefined), in `tookMs` milliseconds. */
export function afterRequest(
  state: BreakerState,
  policy: BreakerPolicy,
  now: number,
  error: unknown,
  tookMs: number,
): BreakerState {
  // a request that began before the breaker opened changes nothing: only the probe closes it
  if (state.kind !== 'closed') return state;
  if (error === undefined || isAnswer(error)) return CLOSED;
  if (!isOutage(error)) return state;
  const failures = state.failures + 1;
  const lostMs = state.lostMs + (error.code === 'TIMEOUT' ? tookMs : 0);
  if (failures < policy.failures && lostMs < policy.lostMs) return { kind: 'closed', failures, lostMs };
  return { kind: 'open', since: now, probes: 0, cause: error };
}

/** Returns the state while a probe runs. */
export function probing(state: BreakerState): BreakerState {
  return state.kind === 'open' ? { ...state, kind: 'half-open' } : state;
}

/** Returns the state after a probe has failed with `error`, or succeeded (undefined). */
export function afterProbe(state: BreakerState, error: unknown): BreakerState {
  if (state.kind !== 'half-open') return state;
  if (error === undefined || isAnswer(error)) return CLOSED;
  return { ...state, kind: 'open', probes: state.probes + 1 };
}

/**
 * Returns the delay until the next probe after `probes` failed ones, in milliseconds. `random` in [0, 1) spreads the probes of many
 * processes over the second half of the delay.
 */
export function openMs({ firstOpenMs, maxOpenMs }: BreakerPolicy, probes: number, random: number): number {
  return Math.min(maxOpenMs, firstOpenMs * 2 ** Math.max(0, probes - 1)) * (0.5 + random / 2);
}
