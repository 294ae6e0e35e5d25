import type { Clock } from '../../clock';
import type { ObjectStore, RequestOptions } from '../object-store';
import type { CircuitBreaker } from './breaker';
import { layer } from './layer';
import type { ReadWatch } from './read-watch';
import { retry, type RetryPolicy } from './retry';

export interface ResilienceOptions {
  breaker: CircuitBreaker;
  policy: RetryPolicy;
  clock: Clock;
  /** The watch that learns whether objects can be read. Without it nobody learns that. */
  reads?: ReadWatch;
}

/**
 * Returns the store with everything around it that a request passes before it reaches a bucket:
 *
 * 1. the count of the run's requests, see {@link withCount}: only a job adds it, and a repeated request counts once
 * 2. the watch over reads, which sees how a `get` ended after all attempts
 * 3. the retries
 * 4. the breaker with the lane of uploads: each attempt passes it, and not only each call, so that the retries of one call can open it
 * 5. the telling of the request's end, see `tellingEnds`: whoever opens a bucket adds it
 * 6. the store, which sends one request to S3
 *
 * `presign` sends no request, and passes through.
 */
export function resilient(store: ObjectStore, { breaker, policy, clock, reads }: ResilienceOptions): ObjectStore {
  const repeated = withRetry(withBreaker(store, breaker), policy, clock);
  return reads ? reads.over(repeated) : repeated;
}

/** Lets every request pass the breaker, and tells the breaker how the request ended. */
export function withBreaker(inner: ObjectStore, breaker: CircuitBreaker): ObjectStore {
  return layer(inner, {
    put: (name, body, options) => breaker.runPut(name, body, () => inner.put(name, body, options)),
    head: (name, options) => breaker.run('head', name, () => inner.head(name, options)),
    get: (name, options) => breaker.run('get', name, () => inner.get(name, options)),
    delete: (name, options) => breaker.run('delete', name, () => inner.delete(name, options)),
    abortWrites: (name, options) => breaker.run('abort', name, () => inner.abortWrites(name, options)),
    list: (prefix, request) => breaker.run('list', prefix, () => inner.list(prefix, request)),
  });
}

/**
 * Repeats `head`, `get` (until S3 answers, but not the body), `delete`, `abortWrites` and `list` after failures that may pass by
 * themselves. It never repeats a `put`: a `put` whose outcome is unknown may still land, and its name must be written only once.
 * `send` in `core/buckets/send.ts` repeats it under another name.
 */
export function withRetry(inner: ObjectStore, policy: RetryPolicy, clock: Clock): ObjectStore {
  const again = <T>(options: RequestOptions = {}, call: (patience: { patienceMs: number }) => Promise<T>) =>
    retry(
      // a caller's own patience bounds all attempts together
      { ...policy, budgetMs: options.patienceMs ?? policy.budgetMs },
      clock,
      (_attempt, _signal, patienceMs) => call({ patienceMs }),
      { signal: options.signal },
    );
  return layer(inner, {
    head: (name, options) => again(options, (patience) => inner.head(name, { ...options, ...patience })),
    get: (name, options) => again(options, (patience) => inner.get(name, { ...options, ...patience })),
    delete: (name, options) => again(options, (patience) => inner.delete(name, { ...options, ...patience })),
    abortWrites: (name, options) => again(options, (patience) => inner.abortWrites(name, { ...options, ...patience })),
    // nobody waits for a listing: unless the caller limits its patience, each attempt has the store's own timeout
    list: (prefix, request) => again(request, (patience) => inner.list(prefix, request.patienceMs === undefined ? request : { ...request, ...patience })),
  });
}

/** The requests that are counted. `abortWrites` belongs to the removal of an object, and does not count by itself. */
export type CountedRequest = 'put' | 'head' | 'get' | 'delete' | 'list';

/** Calls `count` for every request before the request is sent. */
export function withCount(inner: ObjectStore, count: (request: CountedRequest) => void): ObjectStore {
  const counted = <A extends unknown[], R>(request: CountedRequest, send: (...args: A) => R) => (...args: A): R => {
    count(request);
    return send(...args);
  };
  return layer(inner, {
    put: counted('put', (name, body, options) => inner.put(name, body, options)),
    head: counted('head', (name, options) => inner.head(name, options)),
    get: counted('get', (name, options) => inner.get(name, options)),
    delete: counted('delete', (name, options) => inner.delete(name, options)),
    list: counted('list', (prefix, request) => inner.list(prefix, request)),
  });
}
