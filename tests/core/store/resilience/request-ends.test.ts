import { buffer } from 'node:stream/consumers';
import { setImmediate as immediate } from 'node:timers/promises';
import { StorageError } from '../../../../server/src/core/errors';
import { Events, type CoreEvents } from '../../../../server/src/core/events';
import { MemoryObjectStore } from '../../../../server/src/core/memory/object-store';
import type { ObjectStore } from '../../../../server/src/core/store/object-store';
import { CircuitBreaker } from '../../../../server/src/core/store/resilience/breaker';
import { resilient } from '../../../../server/src/core/store/resilience/decorators';
import { layer } from '../../../../server/src/core/store/resilience/layer';
import { tellingEnds } from '../../../../server/src/core/store/resilience/request-ends';
import { bodyOf } from '../../../support/bodies';
import { FakeClock } from '../../../support/fake-clock';

let clock: FakeClock;
let ended: CoreEvents['requestEnded'][];
let memory: MemoryObjectStore;
let events: Events;
beforeEach(async () => {
  clock = new FakeClock();
  ended = [];
  events = new Events({ debug: fail, info: fail, warn: fail, error: fail });
  events.on('requestEnded', (fact) => void ended.push(fact));
  memory = new MemoryObjectStore();
  await memory.put('a.txt', bodyOf(Buffer.from('hello')));
});
const fail = (line: string) => {
  throw new Error(line);
};
const told = (inner: ObjectStore = memory) => tellingEnds(inner, clock, events);
const failing = (code: 'TIMEOUT' | 'ACCESS_DENIED') => async (): Promise<never> => {
  await clock.advance(1_500.4);
  throw new StorageError(code);
};

test('every request of the port tells once how it ended, and a signature without a request tells nothing', async () => {
  const store = told();
  await store.put('b.txt', bodyOf(Buffer.from('b')));
  await store.head('b.txt');
  await buffer((await store.get('b.txt')).body);
  await store.list('', { limit: 10 });
  await store.abortWrites('b.txt');
  await store.delete('b.txt');
  await store.presign('a.txt', { expiresInSeconds: 60 });
  expect(ended).toEqual(['put', 'head', 'get', 'list', 'abort', 'delete'].map((operation) => ({ operation, ms: 0, code: null })));
});

test.each(['put', 'head', 'get', 'delete', 'abortWrites', 'list'] as const)('a %s that fails tells its code and its length in whole milliseconds, and its caller gets the error', async (request) => {
  const store = told(layer(memory, { [request]: failing('TIMEOUT') }));
  const send = { put: () => store.put('b.txt', bodyOf(Buffer.from('b'))), head: () => store.head('a.txt'), get: () => store.get('a.txt'), delete: () => store.delete('a.txt'), abortWrites: () => store.abortWrites('a.txt'), list: () => store.list('', { limit: 1 }) };
  await expect(send[request]()).rejects.toMatchObject({ code: 'TIMEOUT' });
  expect(ended).toEqual([{ operation: request === 'abortWrites' ? 'abort' : request, ms: 1_500, code: 'TIMEOUT' }]);
});

test('a get ends with its body: when it was read, when the reader gives it up, and when it breaks', async () => {
  const read = await told().get('a.txt');
  await clock.advance(700);
  expect(ended).toEqual([]);
  await buffer(read.body);
  const givenUp = await told().get('a.txt');
  givenUp.body.destroy();
  await immediate();
  const broken = await told().get('a.txt');
  broken.body.on('error', () => undefined).destroy(new StorageError('INTEGRITY'));
  await immediate();
  expect(ended).toEqual([
    { operation: 'get', ms: 700, code: null },
    { operation: 'get', ms: 0, code: null },
    { operation: 'get', ms: 0, code: 'INTEGRITY' },
  ]);
});

test('each attempt counts, and a request that the breaker holds back does not', async () => {
  const atOnce = async () => {
    throw new StorageError('TIMEOUT');
  };
  const breaker = new CircuitBreaker(clock);
  const store = resilient(told(layer(memory, { head: atOnce })), { breaker, policy: { maxAttempts: 2 }, clock });
  const first = store.head('a.txt').catch(() => undefined);
  await clock.advance(30_000);
  await first;
  expect(ended).toHaveLength(2);
  while (breaker.state.kind === 'closed') await breaker.run('head', 'a.txt', atOnce).catch(() => undefined);
  await expect(store.head('a.txt')).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' });
  expect(ended).toHaveLength(2);
});
