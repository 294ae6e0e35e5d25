import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../server/src/core/clock';
import { CircuitBreaker } from '../../server/src/core/store/resilience/breaker';
import { resilient, resilientBucket, withBreaker, withRetry } from '../../server/src/core/store/resilience/decorators';
import { LocalObjectStore } from '../../server/src/core/store/local/local-object-store';
import { MemoryObjectStore } from '../../server/src/core/memory/object-store';
import { listableStoreContract } from './listable-store';
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
objectStoreContract('resilient', () =>
  resilient(new MemoryObjectStore(), { breaker: new CircuitBreaker(systemClock), policy, clock: systemClock }),
);

listableStoreContract('memory', () => new MemoryObjectStore());
listableStoreContract('resilient', () => resilientBucket(new MemoryObjectStore(), { breaker: new CircuitBreaker(systemClock), policy, clock: systemClock }));
