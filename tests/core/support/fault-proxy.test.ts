import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Fault, type FaultProxy, s3Error, startFaultProxy } from '../../support/fault-proxy';

/** The bodies of the PUTs that the server has got. */
let stored: Buffer[];
let host: string | undefined;
let server: Server;
let proxy: FaultProxy;
const ANSWER = 'x'.repeat(100_000);

beforeAll(async () => {
  const store = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    host = incoming.headers.host;
    try {
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
    } catch {
      return; // the server does not apply a request that was cut off
    }
    if (incoming.method === 'PUT') stored.push(Buffer.concat(chunks));
    response.end(incoming.method === 'GET' ? ANSWER : 'ok');
  };
  server = createServer((incoming, response) => void store(incoming, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await startFaultProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
beforeEach(() => {
  stored = [];
  proxy.heal();
  proxy.forget();
});
afterAll(async () => {
  await proxy.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const put = (body = 'hello', ms = 5_000) => fetch(`${proxy.endpoint}/b/key?x=1`, { method: 'PUT', body, signal: AbortSignal.timeout(ms) });
const get = (ms = 5_000) => fetch(`${proxy.endpoint}/b/key`, { signal: AbortSignal.timeout(ms) });
const once = (fault: Fault) => proxy.on({ fault, times: 1 });

test('the fault proxy without a rule passes everything on, with the Host that the client signed', async () => {
  expect((await put()).status).toBe(200);
  expect(await (await get()).text()).toBe(ANSWER);
  expect(stored.map(String)).toEqual(['hello']);
  expect(host).toBe(`127.0.0.1:${proxy.port}`);
});

test('the fault proxy counts requests by method and path', async () => {
  await put();
  await get();
  await get();
  expect([proxy.count(), proxy.count('GET'), proxy.count('PUT', 'x=1'), proxy.count(undefined, /key$/)]).toEqual([3, 2, 1, 2]);
  expect(proxy.seen[0]).toMatchObject({ method: 'PUT', path: '/b/key?x=1' });
});

test('a rule applies to the requests that it matches, as often as it says', async () => {
  proxy.on({ fault: { kind: 'answer', answer: s3Error(503, 'SlowDown') }, when: ({ method }) => method === 'PUT', times: 1 });
  expect((await get()).status).toBe(200);
  const refused = await put();
  expect([refused.status, (await refused.text()).includes('<Code>SlowDown</Code>')]).toEqual([503, true]);
  expect((await put()).status).toBe(200);
});

test('a rule can be removed', async () => {
  const remove = proxy.on({ fault: { kind: 'reset' } });
  await expect(put()).rejects.toThrow();
  remove();
  expect((await put()).status).toBe(200);
});

test('a watcher sees every request, whatever the rules are, until it is told to stop', async () => {
  const methods: string[] = [];
  const unwatch = proxy.watch(({ method }) => methods.push(method));
  proxy.on({ fault: { kind: 'answer', answer: s3Error(503, 'SlowDown') } });
  await fetch(proxy.endpoint);
  proxy.heal();
  await fetch(proxy.endpoint, { method: 'HEAD' });
  unwatch();
  await fetch(proxy.endpoint);
  expect(methods).toEqual(['GET', 'HEAD']);
});

test('reset keeps the request from the server, and reset-after lets it through', async () => {
  once({ kind: 'reset' });
  await expect(put()).rejects.toThrow();
  expect(stored).toHaveLength(0);
  once({ kind: 'reset-after' });
  await expect(put()).rejects.toThrow();
  expect(stored).toHaveLength(1);
});

test.each(['blackhole', 'deaf'] as const)('%s gives no answer, and nothing reaches the server', async (kind) => {
  once({ kind });
  await expect(put('hello', 100)).rejects.toThrow(/timeout/);
  expect(stored).toHaveLength(0);
});

test('stall and truncate let the given number of bytes through', async () => {
  for (const kind of ['stall', 'truncate'] as const) {
    once({ kind, afterBytes: 1_000 });
    const answer = await get(300);
    let read = 0;
    const reading = (async () => {
      for await (const chunk of answer.body!) read += (chunk as Uint8Array).length;
    })();
    await expect(reading).rejects.toThrow();
    expect(read).toBe(1_000);
  }
});

test('corrupt changes one byte, on the way there or back', async () => {
  once({ kind: 'corrupt', what: 'request', atByte: 1 });
  await put();
  expect([...stored[0]!].map((byte, at) => byte === 'hello'.charCodeAt(at))).toEqual([true, false, true, true, true]);
  once({ kind: 'corrupt', what: 'answer', atByte: 50_000 });
  const bytes = Buffer.from(await (await get()).arrayBuffer());
  expect(bytes.length).toBe(ANSWER.length);
  expect(bytes.findIndex((byte) => byte !== 'x'.charCodeAt(0))).toBe(50_000);
});

test('latency delays a request by the given time', async () => {
  once({ kind: 'latency', ms: 150 });
  const startedAt = performance.now();
  await put();
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(140);
});

test('apply-late lets the request arrive after the client has gone', async () => {
  once({ kind: 'apply-late', ms: 200 });
  await expect(put('late', 50)).rejects.toThrow();
  expect(stored).toHaveLength(0);
  await proxy.settled();
  expect(stored.map(String)).toEqual(['late']);
});

test('the fault proxy refuses connections after refuse, and takes them again after accept', async () => {
  await proxy.refuse();
  await expect(put()).rejects.toThrow();
  expect(proxy.count()).toBe(0);
  await proxy.accept();
  expect((await put()).status).toBe(200);
});
