import type { Clock } from '../../clock';
import type { BucketStore, ListableStore } from '../listable-store';
import type { ObjectStore } from '../object-store';
import type { Patience, PatientStore } from '../patience';
import type { CircuitBreaker } from './breaker';
import { retry, type RetryPolicy } from './retry';

/** Every request passes the breaker, and tells it how it ended. */
export function withBreaker(store: ObjectStore, breaker: CircuitBreaker): PatientStore {
  const inner: PatientStore = store;
  return {
    put: (name, body, options) => breaker.runPut(name, body, () => inner.put(name, body, options)),
    head: (name, options) => breaker.run('head', name, () => inner.head(name, options)),
    get: (name, options) => breaker.run('get', name, () => inner.get(name, options)),
    delete: (name, options) => breaker.run('delete', name, () => inner.delete(name, options)),
    abortWrites: (name, options) => breaker.run('abort', name, () => inner.abortWrites(name, options)),
  };
}

/**
 * Repeats `head`, `get` (until it answers, not the body), `delete` and `abortWrites` after failures that may pass. Never `put`: one whose
 * outcome is unknown may still land, under a name that must be written once; the media layer repeats it, with another name.
 */
export function withRetry(store: ObjectStore, policy: RetryPolicy, clock: Clock): PatientStore {
  const inner: PatientStore = store;
  const again = <T>(options: ({ signal?: AbortSignal } & Patience) | undefined, call: (patience: Patience) => Promise<T>) =>
    retry(
      // a caller's own patience bounds all attempts together
      { ...policy, budgetMs: options?.patienceMs ?? policy.budgetMs },
      clock,
      (_attempt, _signal, patienceMs) => call({ patienceMs }),
      { signal: options?.signal },
    );
  return {
    put: (name, body, options) => inner.put(name, body, options),
    head: (name, options) => again(options, (patience) => inner.head(name, { ...options, ...patience })),
    get: (name, options) => again(options, (patience) => inner.get(name, { ...options, ...patience })),
    delete: (name, options) => again(options, (patience) => inner.delete(name, { ...options, ...patience })),
    abortWrites: (name, options) => again(options, (patience) => inner.abortWrites(name, { ...options, ...patience })),
  };
}

export interface ResilienceOptions {
  breaker: CircuitBreaker;
  policy: RetryPolicy;
  clock: Clock;
}

/** The whole chain: each attempt, not each call, passes the breaker, so that one call's retries can open it. */
export function resilient(store: ObjectStore, { breaker, policy, clock }: ResilienceOptions): PatientStore {
  return withRetry(withBreaker(store, breaker), policy, clock);
}

/** The same for listings, of which a page asked for again is the same page. */
export function resilientListing(store: ListableStore, { breaker, policy, clock }: ResilienceOptions): ListableStore {
  return {
    list: (prefix, request) =>
      retry(policy, clock, () => breaker.run('list', prefix, () => store.list(prefix, request)), { signal: request.signal }),
  };
}

export function resilientBucket(store: BucketStore, options: ResilienceOptions): BucketStore {
  return { ...resilient(store, options), ...resilientListing(store, options) };
}
