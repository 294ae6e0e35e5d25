import { systemClock } from '../../../server/src/core/clock';
import { isStorageError, StorageError } from '../../../server/src/core/errors';
import { CircuitBreaker } from '../../../server/src/core/store/resilience/breaker';
import { resilient } from '../../../server/src/core/store/resilience/decorators';
import { retry } from '../../../server/src/core/store/resilience/retry';
import type { Body, ObjectStore } from '../../../server/src/core/store/object-store';
import { bodyOf, bytesOf, failingBody, someBytes } from '../../support/bodies';
import { type FaultProxy, s3Error, startFaultProxy } from '../../support/fault-proxy';
import { startS3, type S3Server } from '../../support/s3';
import { testS3Store } from '../../support/s3-store';

const policy = { maxAttempts: 3 };
let server: S3Server;
let proxy: FaultProxy;
let bucket: string;
let breaker: CircuitBreaker;
let store: ObjectStore;
let destroy: () => void;
let names = 0;
const aName = () => `outage-${(names += 1)}`;

beforeAll(async () => {
  server = await startS3();
  bucket = await server.createBucket();
  proxy = await startFaultProxy(server.endpoint);
}, 120_000);
beforeEach(() => {
  const { region, accessKeyId, secretAccessKey } = server;
  const s3 = testS3Store({ endpoint: proxy.endpoint, bucket, region, credentials: { accessKeyId, secretAccessKey }, timeoutMs: 30_000 });
  destroy = s3.destroy;
  breaker = new CircuitBreaker(systemClock);
  store = resilient(s3.store, { breaker, policy, clock: systemClock });
  proxy.heal();
  proxy.forget();
});
afterEach(async () => {
  breaker.stop();
  destroy();
});
afterAll(async () => {
  await proxy.close();
  await server.stop();
}, 60_000);

/** Retries a PUT as the media layer does, and draws a new name unless S3 refused. */
async function putWithRetry(body: Body): Promise<{ name: string; attempts: number }> {
  let name = aName();
  let attempts = 0;
  await retry(
    policy,
    systemClock,
    async (_attempt, signal, patienceMs) => {
      attempts += 1;
      try {
        await store.put(name, body, { signal, patienceMs });
      } catch (error) {
        if (!(error instanceof StorageError && error.refused)) name = aName();
        throw error;
      }
    },
    { isRetryable: (error) => isStorageError(error, 'UNREACHABLE', 'SERVER_ERROR', 'THROTTLED', 'BODY_FAILED') },
  );
  return { name, attempts };
}

async function timed(work: () => Promise<unknown>): Promise<{ ms: number; code: string }> {
  const startedAt = performance.now();
  const code = await work().then(
    () => 'resolved',
    (error: unknown) => (error as StorageError).code,
  );
  return { ms: performance.now() - startedAt, code };
}

test('an upload whose stream fails after 120 bytes is sent again whole, from a fresh stream', async () => {
  const bytes = someBytes(300_000);
  const body = failingBody(bytes, 120, 1);
  const { name, attempts } = await putWithRetry(body);
  expect({ attempts, opened: body.opened }).toEqual({ attempts: 2, opened: 2 });
  expect((await bytesOf((await store.get(name)).body)).equals(bytes)).toBe(true);
});

test('an upload whose connection breaks in the middle is sent again, whole', async () => {
  const bytes = someBytes(2_000_000);
  proxy.on({ fault: { kind: 'reset', afterBytes: 500_000 }, when: ({ method }) => method === 'PUT', times: 2 });
  const { name, attempts } = await putWithRetry(bodyOf(bytes));
  expect(attempts).toBe(3);
  expect((await bytesOf((await store.get(name)).body)).equals(bytes)).toBe(true);
});

test.each(['head', 'get', 'delete'] as const)('a failing %s sends 3 requests in all', async (operation) => {
  proxy.on({ fault: { kind: 'answer', answer: s3Error(500, 'InternalError') } });
  await expect(store[operation](aName())).rejects.toMatchObject({ code: 'SERVER_ERROR' });
  expect(proxy.count()).toBe(3);
});

test('throttling is retried, and does not open the breaker', async () => {
  proxy.on({ fault: { kind: 'answer', answer: s3Error(503, 'SlowDown') } });
  await expect(store.get(aName())).rejects.toMatchObject({ code: 'THROTTLED' });
  expect(proxy.count()).toBe(3);
  expect(breaker.state.kind).toBe('closed');
});

test('the store does not repeat a PUT', async () => {
  proxy.on({ fault: { kind: 'reset' } });
  await expect(store.put(aName(), bodyOf('x'))).rejects.toMatchObject({ code: 'UNREACHABLE', refused: false });
  expect(proxy.count('PUT')).toBe(1);
});

test.each([
  [403, 'AccessDenied', 'ACCESS_DENIED'],
  [401, 'Unauthorized', 'INVALID_ACCESS_KEY'],
  [404, 'NoSuchBucket', 'BUCKET_NOT_FOUND'],
] as const)('the answer %i %s is final: no PUT is sent again, and a GET at most once more, with the SDK', async (status, code, expected) => {
  proxy.on({ fault: { kind: 'answer', answer: s3Error(status, code) } });
  await expect(putWithRetry(bodyOf('x'))).rejects.toMatchObject({ code: expected });
  await expect(store.get(aName())).rejects.toMatchObject({ code: expected });
  expect(proxy.count()).toBe(status === 404 ? 2 : 3);
});

describe('an endpoint that does not answer', () => {
  const pays = async (upload: () => Promise<unknown>, codes: string[]) => {
    const first = await timed(upload);
    expect(codes).toContain(first.code);
    expect(first.ms).toBeLessThan(5_000);
    expect(breaker.state.kind).toBe('open');
    for (let time = 0; time < 5; time += 1) {
      const next = await timed(upload);
      expect(next.code).toBe('CIRCUIT_OPEN');
      expect(next.ms).toBeLessThan(100);
    }
    return first.ms;
  };

  test('costs only the first upload time, 5 s at most, when it takes requests and is silent', async () => {
    proxy.on({ fault: { kind: 'blackhole' } });
    expect(await pays(() => putWithRetry(bodyOf('x')), ['TIMEOUT'])).toBeGreaterThan(3_500);
  });
  test('costs only the first upload time, 5 s at most, when it stops reading in the middle of a large body', async () => {
    proxy.on({ fault: { kind: 'deaf' } });
    const large = bodyOf(someBytes(30_000_000));
    await pays(() => putWithRetry(large), ['TIMEOUT']);
  });
  test('costs only the first upload time, 1.5 s at most, when nobody listens', async () => {
    await proxy.refuse();
    expect(await pays(() => putWithRetry(bodyOf('x')), ['UNREACHABLE'])).toBeLessThan(1_500);
    await proxy.accept();
  });
  test('costs only the first upload time, 5 s at most, when no packet comes back', async () => {
    destroy();
    // this address is in TEST-NET-1, which leads nowhere, unless a sandbox refuses it at once
    const nowhere = testS3Store({ endpoint: 'http://192.0.2.1:9000', bucket, timeoutMs: 30_000 });
    destroy = nowhere.destroy;
    store = resilient(nowhere.store, { breaker, policy, clock: systemClock });
    await pays(() => putWithRetry(bodyOf('x')), ['UNREACHABLE', 'TIMEOUT']);
  });
  test('costs only the first read time, 5 s at most, when it takes requests and is silent', async () => {
    proxy.on({ fault: { kind: 'blackhole' } });
    await pays(() => store.get(aName()), ['TIMEOUT']);
  });
});

test('after an outage the probe closes the breaker, and uploads reach S3 again', async () => {
  const { region, accessKeyId, secretAccessKey } = server;
  const raw = testS3Store({ endpoint: proxy.endpoint, bucket, region, credentials: { accessKeyId, secretAccessKey } });
  breaker.probeWith(async (signal) => void (await raw.store.head('.probe', { signal })));
  await proxy.refuse();
  // the probe may have been faster than the last attempt
  await expect(putWithRetry(bodyOf('x'))).rejects.toBeInstanceOf(StorageError);
  await proxy.accept();
  proxy.forget();
  await breaker.forceProbe();
  expect(breaker.state.kind).toBe('closed');
  expect(proxy.count('HEAD', '.probe')).toBe(1);
  expect((await putWithRetry(bodyOf('x'))).attempts).toBe(1);
  raw.destroy();
});
