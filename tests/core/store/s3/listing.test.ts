import type { S3Client } from '@aws-sdk/client-s3';
import type { Clock } from '../../../../server/src/core/clock';
import { StorageError } from '../../../../server/src/core/errors';
import { CircuitBreaker } from '../../../../server/src/core/store/resilience/breaker';
import { resilient } from '../../../../server/src/core/store/resilience/decorators';
import type { ListRequest } from '../../../../server/src/core/store/object-store';
import { MemoryObjectStore } from '../../../../server/src/core/memory/object-store';
import { layer } from '../../../../server/src/core/store/resilience/layer';
import { S3ObjectStore } from '../../../../server/src/core/store/s3/store';
import { FakeClock } from '../../../support/fake-clock';

const LISTING = { Name: 'media', IsTruncated: false };
const object = { Key: 'a.png', Size: 1, ETag: '"e"' };

/** A bucket whose server gives this answer. */
function answering(answer: object | Error) {
  const send = async () => {
    if (answer instanceof Error) throw answer;
    return { $metadata: { httpStatusCode: 200 }, ...answer };
  };
  return new S3ObjectStore({ client: { send } as unknown as S3Client, bucket: 'media', clock: new FakeClock(), timeoutMs: 1_000 });
}

const list = (answer: object | Error, request: Partial<ListRequest> = {}) => answering(answer).list('', { limit: 10, ...request });

test('list returns the objects of a page and the token for the next page', async () => {
  const answer = { ...LISTING, IsTruncated: true, NextContinuationToken: 'more', Contents: [object] };
  expect(await list(answer)).toEqual({ objects: [{ name: 'a.png', size: 1, etag: 'e' }], next: 'more' });
  expect(await list(LISTING)).toEqual({ objects: [], next: null });
});

test('the names of a page are decoded only when the answer says that they are encoded', async () => {
  const named = async (Key: string, EncodingType?: string) => (await list({ ...LISTING, EncodingType, Contents: [{ ...object, Key }] })).objects[0]?.name;
  expect(await named('a+b%2B%25.png', 'url')).toBe('a b+%.png');
  expect(await named('a+b%2B.png')).toBe('a+b%2B.png');
  expect(await named('%ff.png', 'url')).toBe('%ff.png');
});

const cut = { ...LISTING, IsTruncated: true };
test.each<[string, object, string, Partial<ListRequest>?]>([
  ['of another server', {}, 'NOT_S3'],
  ['with an object without a name', { ...LISTING, Contents: [{ Size: 1 }] }, 'NOT_S3'],
  ['with an object without a size', { ...LISTING, Contents: [{ Key: 'a.png' }] }, 'NOT_S3'],
  ['that goes on and does not say where', cut, 'UNSUPPORTED'],
  ['that goes on where it began', { ...cut, NextContinuationToken: 'here' }, 'UNSUPPORTED', { after: 'here' }],
])('a page %s is refused', async (_what, answer, code, request = {}) => {
  await expect(list(answer, request)).rejects.toMatchObject({ code, refused: true });
});

test('a page with names outside the prefix that was asked for is refused', async () => {
  const store = answering({ ...LISTING, Contents: [object] });
  await expect(store.list('media/', { limit: 10 })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
});

test('a listing that is answered by a bare 404 fails with NOT_S3', async () => {
  const store = list(Object.assign(new Error('not found'), { name: 'NotFound', $metadata: { httpStatusCode: 404 } }));
  await expect(store).rejects.toMatchObject({ code: 'NOT_S3' });
});

test('a page that fails once is asked for again, but not while the breaker is open', async () => {
  const clock: Clock = Object.assign(new FakeClock(), { sleep: async () => undefined });
  const breaker = new CircuitBreaker(clock);
  let calls = 0;
  let failures = 1;
  const flaky = layer(new MemoryObjectStore(), {
    list: async () => {
      calls++;
      if (failures-- > 0) throw new StorageError('SERVER_ERROR', { refused: true });
      return { objects: [], next: null };
    },
  });
  const store = resilient(flaky, { breaker, policy: { maxAttempts: 3, baseMs: 0 }, clock });
  await store.list('', { limit: 1 });
  expect(calls).toBe(2);
  failures = Infinity;
  await expect(store.list('', { limit: 1 })).rejects.toBeInstanceOf(StorageError);
  await expect(store.list('', { limit: 1 })).rejects.toBeInstanceOf(StorageError);
  calls = 0;
  await expect(store.list('', { limit: 1 })).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' });
  expect(calls).toBe(0);
});
