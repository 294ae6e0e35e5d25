import { isStorageError, isTransient, type StorageError } from '../../errors';

/** What the breaker knows. `since` is a time to show, in milliseconds since the epoch; `probes` counts those that failed. */
export type BreakerState =
  | { readonly kind: 'closed'; readonly failures: number; readonly lostMs: number }
  | { readonly kind: 'open'; readonly since: number; readonly probes: number; readonly cause: StorageError }
  | { readonly kind: 'half-open'; readonly since: number; readonly probes: number; readonly cause: StorageError };

/** When to open, and how long to stay so. */
export interface BreakerPolicy {
  /** Failures in a row that open it. */
  readonly failures: number;
  /**
   * Milliseconds that timeouts in a row may cost before they open it, however few they are: otherwise an endpoint that
   * takes connections and never answers would cost as many uploads their whole patience as there are failures needed.
   */
  readonly lostMs: number;
  /** Milliseconds before the first probe; doubles with each that fails. */
  readonly firstOpenMs: number;
  readonly maxOpenMs: number;
}

export const DEFAULT_BREAKER_POLICY: BreakerPolicy = { failures: 3, lostMs: 3_500, firstOpenMs: 1_000, maxOpenMs: 30_000 };

export const CLOSED: BreakerState = { kind: 'closed', failures: 0, lostMs: 0 };

/** A failure of the endpoint rather than of the request. Being asked to slow down is an answer, and no outage. */
export function isOutage(error: unknown): error is StorageError {
  return isTransient(error) && error.code !== 'THROTTLED';
}

/** A failure that shows that S3 is there: it answered, for good. */
export function isAnswer(error: unknown): boolean {
  return isStorageError(error) && error.status !== undefined && error.code !== 'NOT_S3' && !isTransient(error);
}

/** The state after a request that was let through has ended with `error`, or well (undefined), after `tookMs`. */
export function afterRequest(
  state: BreakerState,
  policy: BreakerPolicy,
  now: number,
  error: unknown,
  tookMs: number,
): BreakerState {
  // a request that began before it opened changes nothing: only the probe closes
  if (state.kind !== 'closed') return state;
  if (error === undefined || isAnswer(error)) return CLOSED;
  if (!isOutage(error)) return state;
  const failures = state.failures + 1;
  const lostMs = state.lostMs + (error.code === 'TIMEOUT' ? tookMs : 0);
  if (failures < policy.failures && lostMs < policy.lostMs) return { kind: 'closed', failures, lostMs };
  return { kind: 'open', since: now, probes: 0, cause: error };
}

/** The state while a probe runs. */
export function probing(state: BreakerState): BreakerState {
  return state.kind === 'open' ? { ...state, kind: 'half-open' } : state;
}

/** The state after a probe has ended with `error`, or well (undefined). */
export function afterProbe(state: BreakerState, error: unknown): BreakerState {
  if (state.kind !== 'half-open') return state;
  if (error === undefined || isAnswer(error)) return CLOSED;
  return { ...state, kind: 'open', probes: state.probes + 1 };
}

/**
 * Milliseconds until the next probe, after so many that failed; `random` in [0, 1) spreads the probes of many processes over the
 * second half.
 */
export function openMs({ firstOpenMs, maxOpenMs }: BreakerPolicy, probes: number, random: number): number {
  return Math.min(maxOpenMs, firstOpenMs * 2 ** Math.max(0, probes - 1)) * (0.5 + random / 2);
}
