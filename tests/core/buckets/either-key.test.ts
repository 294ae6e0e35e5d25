import type { ErrorCode } from '../../../server/src/contracts/errors';
import { StorageError } from '../../../server/src/core/errors';
import { eitherKey } from '../../../server/src/core/buckets/either-key';
import { MemoryObjectStore } from '../../../server/src/core/memory/object-store';
import type { ObjectStore } from '../../../server/src/core/store/object-store';
import { bodyOf } from '../../support/bodies';

/** A store in which every request ends with this code. */
const failing = (code: ErrorCode) => new Proxy({}, { get: () => async () => Promise.reject(new StorageError(code)) }) as ObjectStore;

async function full() {
  const store = new MemoryObjectStore();
  await store.put('a.txt', bodyOf('bytes'));
  return store;
}

test.each(['ACCESS_DENIED', 'INVALID_ACCESS_KEY', 'SIGNATURE_MISMATCH'] as const)('after %s the next key is used', async (code) => {
  const store = eitherKey([failing(code), failing(code), await full()]);
  expect((await store.head('a.txt')).size).toBe(5);
  (await store.get('a.txt')).body.destroy();
  expect((await store.list('', { limit: 5 })).objects.map(({ name }) => name)).toEqual(['a.txt']);
  await store.abortWrites('a.txt');
  await store.delete('a.txt');
  await expect(store.head('a.txt')).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
});

test.each(['OBJECT_NOT_FOUND', 'TIMEOUT', 'CIRCUIT_OPEN', 'BUCKET_NOT_FOUND'] as const)('after %s no other key is used', async (code) => {
  const store = eitherKey([failing(code), await full()]);
  await expect(store.head('a.txt')).rejects.toMatchObject({ code });
});

test('a write is never sent with another key, and the last refusal counts where every key is refused', async () => {
  const last = await full();
  await expect(eitherKey([failing('ACCESS_DENIED'), last]).put('b.txt', bodyOf('b'))).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
  await expect(last.head('b.txt')).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
  await expect(eitherKey([failing('ACCESS_DENIED'), failing('SIGNATURE_MISMATCH')]).head('a.txt')).rejects.toMatchObject({ code: 'SIGNATURE_MISMATCH' });
});
