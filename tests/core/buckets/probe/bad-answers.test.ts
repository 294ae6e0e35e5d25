import { createServer, type Server, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';

import { FULL, story, testReal } from './support';

const xml = (code: string, extra = '') => `<?xml version="1.0"?><Error><Code>${code}</Code><Message>says ${code}</Message>${extra}</Error>`;

let server: Server;
let answer: (response: ServerResponse) => void = () => undefined;
let endpoint = '';

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume();
    answer(response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

const respond = (status: number, body: string, type: string, headers: Record<string, string> = {}) => {
  answer = (response) => response.writeHead(status, { 'content-type': type, ...headers }).end(body);
};
const run = () => testReal({ ...FULL, endpoint, timeoutMs: 500 });

test.each([
  [403, 'InvalidAccessKeyId', ['endpoint', 'credentials:INVALID_ACCESS_KEY']],
  [403, 'SignatureDoesNotMatch', ['endpoint', 'credentials:SIGNATURE_MISMATCH']],
  [403, 'RequestTimeTooSkewed', ['endpoint', 'credentials:CLOCK_SKEW']],
  [400, 'AuthorizationHeaderMalformed', ['endpoint', 'credentials:WRONG_REGION']],
  [404, 'NoSuchBucket', ['endpoint', 'credentials', 'read:BUCKET_NOT_FOUND']],
  [403, 'AccessDenied', ['endpoint', 'credentials', 'read:ACCESS_DENIED']],
  [501, 'NotImplemented', ['endpoint', 'credentials:UNSUPPORTED']],
  [503, 'SlowDown', ['endpoint:THROTTLED']],
  [500, 'InternalError', ['endpoint:SERVER_ERROR']],
])('the answer %d %s leads to the steps %j', async (status, code, expected) => {
  respond(status, xml(code), 'application/xml');
  expect(story(await run())).toEqual(expected);
});

test('a listing without pages and prefixes counts as an answer of S3', async () => {
  const listing = '<ListBucketResult><Name>media</Name><IsTruncated>true</IsTruncated><Contents><Key>other.png</Key><Size>1</Size></Contents></ListBucketResult>';
  answer = (response) => response.writeHead(response.req.method === 'GET' ? 200 : 404, { 'content-type': 'application/xml' }).end(listing);
  expect(story(await run()).slice(0, 3)).toEqual(['endpoint', 'credentials', 'read']);
});

describe('servers that are not S3', () => {
  const SECRET_PAGE = 'internal-page-content';
  test.each([
    [200, `<html><body>${SECRET_PAGE}</body></html>`, 'text/html'],
    [404, `<html><body>${SECRET_PAGE}</body></html>`, 'text/html; charset=utf-8'],
    [200, `{"page":"${SECRET_PAGE}"}`, 'application/json'],
    [200, `<page><Secret>${SECRET_PAGE}</Secret></page>`, 'application/xml'],
    [200, '', 'text/plain'],
    [404, `{"message":"${SECRET_PAGE}"}`, 'application/json'],
  ])('are reported as NOT_S3 when they answer %d %s, and nothing of that is repeated', async (status, body, type) => {
    respond(status, body, type);
    const result = await run();
    expect(story(result)).toEqual(['endpoint:NOT_S3']);
    expect(JSON.stringify(result)).not.toContain(SECRET_PAGE);
  });

  test.each([
    [400, `{"message":"${SECRET_PAGE}"}`, 'application/json'],
    [400, `${SECRET_PAGE}: HTTP request sent to an HTTPS server`, 'text/plain'],
    [401, `{"Code":"${SECRET_PAGE}","message":"${SECRET_PAGE}"}`, 'application/json'],
    [403, `<Error><Code>AccessDenied</Code>${SECRET_PAGE}`, 'application/xml'],
    [405, SECRET_PAGE, 'text/plain'],
    [502, `<html>${SECRET_PAGE}</html>`, 'text/html'],
  ])('fail the connection test when they answer %d %s, and nothing of that is repeated', async (status, body, type) => {
    respond(status, body, type);
    const result = await run();
    expect(result.ok).toBe(false);
    expect(JSON.stringify(result)).not.toContain(SECRET_PAGE);
  });
});

describe('the server’s own words', () => {
  const SECRET = 'internal-words';
  const denied = (code: string) => `<Error><Code>${code}</Code><Message>${SECRET}</Message></Error>`;
  const messageOf = async () => (await run()).steps.at(-1)?.message;

  test('are quoted in full when the answer has a request id of S3', async () => {
    respond(403, denied('AccessDenied'), 'application/xml', { 'x-amz-request-id': '1' });
    expect(await messageOf()).toContain(`(AccessDenied: ${SECRET})`);
  });

  test('are cut to S3’s code when the answer has no request id of S3', async () => {
    respond(403, denied('AccessDenied'), 'application/xml', { 'x-minio-error-desc': SECRET });
    expect(await messageOf()).toMatch(/\(AccessDenied\)$/);
  });

  test('are not repeated when S3 has no such code', async () => {
    respond(403, denied(`No${SECRET}`), 'application/xml', { 'x-minio-error-code': SECRET });
    expect(await messageOf()).not.toContain(SECRET);
  });

  test('give way to the error’s code, without an address, when nobody listens', async () => {
    const answer = await testReal({ ...FULL, endpoint: 'http://localhost:1' });
    expect(answer.steps[0]?.message).toMatch(/\(ECONNREFUSED\)$/);
    expect(JSON.stringify(answer.steps)).not.toMatch(/127\.0\.0\.1|::1/);
  });
});

describe('a redirect', () => {
  const redirect = (status: number, location: string, headers: Record<string, string> = {}) => {
    let requests = 0;
    answer = (response) => {
      requests += 1;
      response.writeHead(status, { location, 'content-type': 'text/html', ...headers }).end('<html>moved</html>');
    };
    return () => requests;
  };

  test.each([301, 302, 303, 307, 308])('with status %d to another host is reported without the host’s name, and is not followed', async (status) => {
    const requests = redirect(status, 'https://sso.internal.example/login');
    const result = await run();
    expect(story(result)).toEqual(['endpoint:ENDPOINT_REDIRECTS']);
    expect(result.steps[0]).toMatchObject({ message: expect.stringMatching(/\(to another host\)$/) as string, hint: expect.stringContaining('redirect') as string });
    expect(JSON.stringify(result)).not.toContain('sso.internal');
    expect(requests()).toBe(1);
  });

  test('to the same host by https is reported with its address', async () => {
    redirect(308, 'https://127.0.0.1:9443/bucket');
    expect((await run()).steps[0]?.message).toContain('(to https://127.0.0.1:9443)');
  });

  test('by S3 itself, as for a new bucket, counts as an error of S3', async () => {
    redirect(307, 'https://bucket.s3-eu-west-1.amazonaws.com/', { 'x-amz-request-id': '1', 'content-type': 'application/xml' });
    expect(story(await run())).toEqual(['endpoint:SERVER_ERROR']);
  });
});

test('a redirect to the metadata service is not followed', async () => {
  let requests = 0;
  answer = (response) => {
    requests += 1;
    response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end();
  };
  expect((await run()).ok).toBe(false);
  expect(requests).toBeLessThanOrEqual(2);
});

test('a port where nobody listens is UNREACHABLE', async () => {
  const closed = createServer();
  await new Promise<void>((done) => closed.listen(0, '127.0.0.1', done));
  const { port } = closed.address() as AddressInfo;
  await new Promise((done) => closed.close(done));
  expect(story(await testReal({ ...FULL, endpoint: `http://127.0.0.1:${port}` }))).toEqual(['endpoint:UNREACHABLE']);
});

test('a name that does not resolve is UNREACHABLE', async () => {
  expect(story(await testReal({ ...FULL, endpoint: 'http://s3.invalid' }))).toEqual(['endpoint:UNREACHABLE']);
});

/** A TCP server that keeps no test process alive. It reads all bytes, so that it sees the other side close. */
async function tcpServer(onSocket: (socket: Socket) => void): Promise<{ url: string; close(): void }> {
  const tcp = createTcpServer((socket) => {
    socket.on('error', () => undefined).resume().unref();
    onSocket(socket);
  });
  await new Promise<void>((done) => tcp.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${(tcp.address() as AddressInfo).port}`, close: () => tcp.close() };
}

test('a server that accepts the connection and says nothing is a TIMEOUT', async () => {
  const silent = await tcpServer(() => undefined);
  expect(story(await testReal({ ...FULL, endpoint: silent.url, timeoutMs: 500 }))).toEqual(['endpoint:TIMEOUT']);
  silent.close();
});

test('a server that switches to another protocol fails the first step within 8 seconds', async () => {
  const switching = await tcpServer((socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'));
  const result = await testReal({ ...FULL, endpoint: switching.url, timeoutMs: 500 });
  expect(result.steps).toMatchObject([{ name: 'endpoint', ok: false }]);
  expect(result.steps[0]?.ms).toBeLessThan(8_000);
  switching.close();
});

test('a server that does not speak HTTP is NOT_S3', async () => {
  const ssh = await tcpServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
  expect(story(await testReal({ ...FULL, endpoint: ssh.url }))).toEqual(['endpoint:NOT_S3']);
  ssh.close();
});

test('a server that speaks http at an https endpoint is TLS_FAILED', async () => {
  expect(story(await testReal({ ...FULL, endpoint: endpoint.replace('http', 'https') }))).toEqual(['endpoint:TLS_FAILED']);
});
