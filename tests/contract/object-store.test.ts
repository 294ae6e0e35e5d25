import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../server/src/core/clock';
import { CircuitBreaker } from '../../server/src/core/store/resilience/breaker';
import { resilient, withBreaker, withCount, withRetry } from '../../server/src/core/store/resilience/decorators';
import { LocalObjectStore } from '../../server/src/core/store/local/local-object-store';
import { MemoryObjectStore } from '../../server/src/core/memory/object-store';
import { objectListingContract } from './object-listing';
import { objectStoreContract } from './object-store';

objectStoreContract('memory', () => new MemoryObjectStore());

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 's3-storage-contract-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
objectStoreContract('local', () => new LocalObjectStore(folder));

const policy = { maxAttempts: 3 };
objectStoreContract('with a breaker', () => withBreaker(new MemoryObjectStore(), new CircuitBreaker(systemClock)));
objectStoreContract('with retries', () => withRetry(new MemoryObjectStore(), policy, systemClock));
objectStoreContract('with a count', () => withCount(new MemoryObjectStore(), () => undefined));
objectStoreContract('resilient', () =>
  resilient(new MemoryObjectStore(), { breaker: new CircuitBreaker(systemClock), policy, clock: systemClock }),
);

objectListingContract('memory', () => new MemoryObjectStore());
objectListingContract('resilient', () => resilient(new MemoryObjectStore(), { breaker: new CircuitBreaker(systemClock), policy, clock: systemClock }));

test('a store without presigned URLs answers null for one, also through the decorators', async () => {
  const store = resilient(new MemoryObjectStore(), { breaker: new CircuitBreaker(systemClock), policy, clock: systemClock });
  await expect(store.presign('a.png', { expiresInSeconds: 60 })).resolves.toBeNull();
  await expect(store.presign('../a.png', { expiresInSeconds: 60 })).rejects.toMatchObject({ code: 'INVALID_KEY' });
});
