import dns, { type LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { codeOf } from '../../../../server/src/core/errors';
import { createS3Client } from '../../../../server/src/core/store/s3/client';
import { SignedGets } from '../../../../server/src/core/store/s3/signed-gets';
import { S3ObjectStore } from '../../../../server/src/core/store/s3/store';
import { FakeClock } from '../../../support/fake-clock';
import { s3Error } from '../../../support/canned-answers';

interface Asked {
  path: string;
  range: string | undefined;
  authorization: string;
  date: string;
  bySdk: boolean;
}

const MINUTE = 60_000;
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A server with objects, which tells what it was asked. */
async function server(answer: (response: ServerResponse, request: IncomingMessage, number: number) => void = (response) => object(response, 'the bytes')) {
  const asked: Asked[] = [];
  const http = createServer((request, response) => {
    const { authorization = '', range, 'user-agent': agent = '' } = request.headers;
    asked.push({ path: request.url ?? '', range, authorization, date: String(request.headers['x-amz-date']), bySdk: agent.startsWith('aws-sdk-js') });
    answer(response, request, asked.length);
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  ends.push(() => new Promise((resolve) => (http.close(resolve), http.closeAllConnections())));
  const connections = () => new Promise<number>((resolve, reject) => http.getConnections((error, count) => (error ? reject(error) : resolve(count))));
  return { endpoint: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, asked, connections };
}

function object(response: ServerResponse, content: string, headers: Record<string, string> = {}) {
  response.writeHead(200, { 'content-length': Buffer.byteLength(content), etag: '"tag"', ...headers });
  response.end(content);
}

function refuse(response: ServerResponse, status: number, code: string) {
  const { headers, body } = s3Error(status, code);
  response.writeHead(status, headers).end(body);
}

function storeAt(endpoint: string, { clock = new FakeClock(Date.now()), key = () => 'KEY' }: { clock?: FakeClock; key?: () => string } = {}) {
  const config = { endpoint, region: 'eu-west-1', forcePathStyle: true, connectTimeoutMs: 1_000, timeoutMs: 1_000 };
  // a provider whose credentials have expired is asked each time
  const credentials = () => Promise.resolve({ accessKeyId: key(), secretAccessKey: 'SECRET', expiration: new Date(0) });
  const client = createS3Client({ ...config, credentials: credentials as never }, clock);
  ends.push(() => client.destroy());
  const signedGets = new SignedGets({ client, bucket: 'bucket', clock, connectTimeoutMs: 1_000 });
  return new S3ObjectStore({ client, signedGets, bucket: 'bucket', clock, timeoutMs: 1_000 });
}

const read = async (store: S3ObjectStore, name = 'a.txt') => text((await store.get(name)).body);

test('one signature serves for an object and its ranges, and another object gets another one', async () => {
  const { endpoint, asked } = await server((response, { headers }) => {
    if (!headers.range) return object(response, 'the bytes');
    response.writeHead(206, { 'content-length': 3, 'content-range': 'bytes 4-6/9', etag: '"tag"' }).end('byt');
  });
  const store = storeAt(endpoint);
  expect(await read(store)).toBe('the bytes');
  const part = await store.get('a.txt', { range: { start: 4, end: 6 } });
  expect([part.facts.size, await text(part.body)]).toEqual([9, 'byt']);
  await read(store, 'b.txt');
  expect(asked.map(({ path, range }) => [path, range])).toEqual([['/bucket/a.txt', undefined], ['/bucket/a.txt', 'bytes=4-6'], ['/bucket/b.txt', undefined]]);
  expect(new Set(asked.map(({ authorization }) => authorization)).size).toBe(2);
  expect(asked.some(({ bySdk }) => bySdk)).toBe(false);
});

test('a signature serves for five minutes', async () => {
  const { endpoint, asked } = await server();
  const clock = new FakeClock(Date.UTC(2026, 10, 30, 12));
  const store = storeAt(endpoint, { clock });
  for (const minutes of [0, 4, 2]) {
    await clock.advance(minutes * MINUTE);
    await read(store);
  }
  expect(asked.map(({ date }) => date)).toEqual(['20261130T120000Z', '20261130T120000Z', '20261130T120600Z']);
});

test('other credentials sign anew at once', async () => {
  const { endpoint, asked } = await server();
  let key = 'FIRST';
  const store = storeAt(endpoint, { key: () => key });
  await read(store);
  key = 'SECOND';
  await read(store);
  expect(asked.map(({ authorization }) => /Credential=(\w+)/.exec(authorization)?.[1])).toEqual(['FIRST', 'SECOND']);
});

test('what S3 refuses, the SDK asks for once more, and sends all requests for ten minutes where that helps', async () => {
  const { endpoint, asked } = await server((response, { headers }) => ((headers['user-agent'] ?? '').startsWith('aws-sdk-js') ? object(response, 'the bytes') : refuse(response, 403, 'AccessDenied')));
  const clock = new FakeClock(Date.now());
  const store = storeAt(endpoint, { clock });
  for (const minutes of [0, 9, 2]) {
    await clock.advance(minutes * MINUTE);
    expect(await read(store)).toBe('the bytes');
  }
  expect(asked.map(({ bySdk }) => bySdk)).toEqual([false, true, true, false, true]);
});

test('a signature that S3 refuses is not used again', async () => {
  const { endpoint, asked } = await server((response, _request, number) => (number <= 2 ? refuse(response, 403, 'RequestTimeTooSkewed') : object(response, 'the bytes')));
  const clock = new FakeClock(Date.now());
  const store = storeAt(endpoint, { clock });
  expect(await read(store).catch(codeOf)).toBe('CLOCK_SKEW');
  await clock.advance(5_000);
  expect(await read(store)).toBe('the bytes');
  expect(asked.map(({ bySdk }) => bySdk)).toEqual([false, true, false]);
  expect(asked[2]?.date).not.toBe(asked[0]?.date);
});

test('a signature that became too old while the machine stood still costs one request of the SDK', async () => {
  const { endpoint, asked } = await server((response, _request, number) => (number === 2 ? refuse(response, 403, 'RequestTimeTooSkewed') : object(response, 'the bytes')));
  const store = storeAt(endpoint);
  for (let time = 0; time < 3; time++) expect(await read(store)).toBe('the bytes');
  expect(asked.map(({ bySdk }) => bySdk)).toEqual([false, false, true, false]);
});

test('names are escaped as the SDK escapes them', async () => {
  const { endpoint, asked } = await server((response, { headers }, number) => (number % 2 === 1 && !headers['user-agent'] ? refuse(response, 403, 'AccessDenied') : object(response, 'the bytes')));
  const name = 'fo o/ä+(x)*\'!~,=&%41#?.png';
  await read(storeAt(endpoint), name);
  expect(asked.map(({ bySdk }) => bySdk)).toEqual([false, true]);
  expect(asked[0]?.path).toBe(asked[1]?.path.replace('?x-id=GetObject', ''));
});

test('bodies that nobody reads to the end give their connections back, and end nothing else', async () => {
  let ended = 0;
  const { endpoint, connections } = await server((response) => {
    response.writeHead(200, { 'content-length': 50_000_000, etag: '"tag"' });
    response.write(Buffer.alloc(1_000_000));
    response.on('close', () => void ended++);
  });
  const store = storeAt(endpoint);
  const opened = await Promise.all(Array.from({ length: 20 }, (_, number) => store.get(`${number}.bin`)));
  expect([await connections(), ended]).toEqual([20, 0]);
  for (const { body } of opened) body.destroy();
  const until = async (isSo: () => boolean | Promise<boolean>, ms: number) => {
    for (const deadline = Date.now() + ms; !(await isSo()) && Date.now() < deadline; ) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  await until(() => ended === 20, 2_000);
  expect(ended).toBe(20);
  // undici opens an idle connection in the place of each, which closes after some seconds
  await until(async () => (await connections()) === 0, 12_000);
  expect(await connections()).toBe(0);
}, 20_000);

test('a connection serves one object after the other', async () => {
  const { endpoint, asked, connections } = await server();
  const store = storeAt(endpoint);
  for (let number = 0; number < 20; number++) await read(store, `${number}.txt`);
  expect(asked.length).toBe(20);
  // the end of a body is told a moment before its connection is free
  expect(await connections()).toBeLessThanOrEqual(2);
});

test('a body whose connection breaks half-way fails as UNREACHABLE', async () => {
  const { endpoint } = await server((response) => {
    response.writeHead(200, { 'content-length': 100, etag: '"tag"' });
    response.write('half of it');
    setTimeout(() => response.destroy(), 20);
  });
  expect(await read(storeAt(endpoint)).catch(codeOf)).toBe('UNREACHABLE');
});

test('a name that resolves to a forbidden address is refused at the connection, and nothing is sent there', async () => {
  const { endpoint, asked } = await server();
  const answer = (_name: string, _options: unknown, callback: (error: Error | null, found: LookupAddress[]) => void) => callback(null, [{ address: '169.254.169.254', family: 4 }]);
  const lookup = jest.spyOn(dns, 'lookup').mockImplementation(answer as unknown as typeof dns.lookup);
  ends.push(() => lookup.mockRestore());
  expect(await read(storeAt(endpoint.replace('127.0.0.1', 'rebind.example'))).catch(codeOf)).toBe('ENDPOINT_FORBIDDEN');
  expect(asked).toEqual([]);
});

test('a server that takes no connection, and one that breaks it before it answers, are UNREACHABLE', async () => {
  expect(await read(storeAt('http://127.0.0.1:9')).catch(codeOf)).toBe('UNREACHABLE');
  const { endpoint } = await server((response) => void response.destroy());
  expect(await read(storeAt(endpoint)).catch(codeOf)).toBe('UNREACHABLE');
});

test('a server that takes the request and never answers is TIMEOUT', async () => {
  const { endpoint, connections } = await server(() => undefined);
  const clock = new FakeClock(Date.now());
  const reading = read(storeAt(endpoint, { clock })).catch(codeOf);
  while ((await connections()) === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  await clock.advance(1_001);
  expect(await reading).toBe('TIMEOUT');
});
