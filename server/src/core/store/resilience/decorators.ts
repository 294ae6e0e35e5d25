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
  /** Who is to learn whether objects can be read; nobody without it. */
  reads?: ReadWatch;
}

/**
 * Everything that a request passes on its way to a bucket:
 *
 * 1. (in a job only) the count of the run's requests, see {@link withCount}: a request that is repeated counts once
 * 2. the watch over reads, which sees how a `get` ended after all attempts
 * 3. the retries
 * 4. the breaker, and in it the lane of uploads: each attempt passes it, not each call, so that the retries of one call can open it
 * 5. the store, which asks S3 once
 *
 * `presign` asks nobody, and passes through.
 */
export function resilient(store: ObjectStore, { breaker, policy, clock, reads }: ResilienceOptions): ObjectStore {
  const repeated = withRetry(withBreaker(store, breaker), policy, clock);
  return reads ? reads.over(repeated) : repeated;
}

/** Every request passes the breaker, and tells it how it ended. */
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
 * Repeats `head`, `get` (until it answers, not the body), `delete`, `abortWrites` and `list` after failures that may pass. Never `put`: one
 * whose outcome is unknown may still land, under a name that must be written once; the media layer repeats it, with another name.
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
    // nobody waits for a listing: unless its caller says otherwise, each attempt has the store's own timeout
    list: (prefix, request) => again(request, (patience) => inner.list(prefix, request.patienceMs === undefined ? request : { ...request, ...patience })),
  });
}

/** The requests that are counted. What frees unfinished writes belongs to the removal of their object, and is none by itself. */
export type CountedRequest = 'put' | 'head' | 'get' | 'delete' | 'list';

/** Tells of every request, before it is sent. */
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
