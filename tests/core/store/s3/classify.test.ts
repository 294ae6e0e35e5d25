import { createServer } from 'node:net';
import type { ErrorCode } from '../../../../server/src/contracts/errors';
import { StorageError } from '../../../../server/src/core/errors';
import type { S3ObjectStore } from '../../../../server/src/core/store/s3/store';
import { bodyOf } from '../../../support/bodies';
import { type CannedAnswer, htmlPage, s3Error } from '../../../support/canned-answers';
import { type FaultProxy, startFaultProxy } from '../../../support/fault-proxy';
import { testS3Store } from '../../../support/s3-store';

let proxy: FaultProxy;
let store: S3ObjectStore;
let destroy: () => void;

beforeAll(async () => {
  proxy = await startFaultProxy('http://127.0.0.1:9'); // nothing of these tests reaches a server
  ({ store, destroy } = testS3Store({ endpoint: proxy.endpoint, bucket: 'bucket' }));
});
afterEach(() => {
  proxy.heal();
  proxy.forget();
});
afterAll(async () => {
  destroy();
  await proxy.close();
});

type Operation = 'put' | 'head' | 'get' | 'delete';

async function failure(operation: Operation, on: S3ObjectStore = store): Promise<StorageError> {
  const work = operation === 'put' ? on.put('name', bodyOf('bytes')) : on[operation]('name');
  const error: unknown = await (work as Promise<unknown>).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof StorageError)) throw new Error(`no StorageError: ${String(error)}`);
  return error;
}

const skewed = { date: new Date(Date.now() - 3_600_000).toUTCString() };
const TABLE: [what: string, Operation, CannedAnswer, ErrorCode, refused: boolean][] = [
  ['a missing bucket', 'put', s3Error(404, 'NoSuchBucket'), 'BUCKET_NOT_FOUND', true],
  ['a missing bucket', 'get', s3Error(404, 'NoSuchBucket'), 'BUCKET_NOT_FOUND', true],
  ['a 404 without a reason', 'put', { status: 404 }, 'BUCKET_NOT_FOUND', true],
  ['a missing key', 'get', s3Error(404, 'NoSuchKey'), 'OBJECT_NOT_FOUND', true],
  ['a 404', 'head', { status: 404 }, 'OBJECT_NOT_FOUND', true],
  ['MinIO’s header for a missing bucket', 'head', { status: 404, headers: { 'x-minio-error-code': 'NoSuchBucket' } }, 'BUCKET_NOT_FOUND', true],
  ['a 403', 'head', { status: 403 }, 'ACCESS_DENIED', true],
  ['AccessDenied', 'put', s3Error(403, 'AccessDenied'), 'ACCESS_DENIED', true],
  ['an unknown key', 'put', s3Error(403, 'InvalidAccessKeyId'), 'INVALID_ACCESS_KEY', true],
  ['an unknown key, elsewhere', 'put', s3Error(401, 'Unauthorized'), 'INVALID_ACCESS_KEY', true],
  ['a wrong secret', 'get', s3Error(403, 'SignatureDoesNotMatch'), 'SIGNATURE_MISMATCH', true],
  ['an expired session', 'put', s3Error(400, 'ExpiredToken'), 'CREDENTIALS_EXPIRED', true],
  ['a session that is to be renewed', 'get', s3Error(400, 'TokenRefreshRequired'), 'CREDENTIALS_EXPIRED', true],
  ['a session that never was', 'delete', s3Error(400, 'InvalidToken'), 'CREDENTIALS_EXPIRED', true],
  ['an expired session', 'head', { status: 400, headers: { 'x-minio-error-code': 'ExpiredToken' } }, 'CREDENTIALS_EXPIRED', true],
  ['a wrong clock', 'put', s3Error(403, 'RequestTimeTooSkewed'), 'CLOCK_SKEW', true],
  ['a wrong clock', 'head', { status: 403, headers: skewed }, 'CLOCK_SKEW', true],
  ['Amazon’s SlowDown', 'put', s3Error(503, 'SlowDown'), 'THROTTLED', true],
  ['MinIO’s SlowDownWrite', 'put', s3Error(503, 'SlowDownWrite'), 'THROTTLED', true],
  ['SeaweedFS’ ErrTooManyRequest', 'put', s3Error(503, 'ErrTooManyRequest'), 'THROTTLED', true],
  ['R2’s 429', 'put', s3Error(429, 'TooManyRequests'), 'THROTTLED', true],
  ['a bare 429', 'head', { status: 429 }, 'THROTTLED', true],
  ['Wasabi’s 403', 'put', s3Error(403, 'RequestRateLimitExceeded'), 'THROTTLED', true],
  ['Amazon’s SlowDown', 'get', s3Error(503, 'SlowDown'), 'THROTTLED', true],
  ['a bare 429', 'get', { status: 429 }, 'THROTTLED', true],
  ['a 404 without a reason', 'get', { status: 404 }, 'OBJECT_NOT_FOUND', true],
  ['a wrong clock', 'get', s3Error(403, 'RequestTimeTooSkewed'), 'CLOCK_SKEW', true],
  ['an archived object', 'get', s3Error(403, 'InvalidObjectState'), 'OBJECT_ARCHIVED', true],
  ['InternalError', 'get', s3Error(500, 'InternalError'), 'SERVER_ERROR', false],
  ['another region', 'get', s3Error(301, 'PermanentRedirect'), 'WRONG_REGION', true],
  ['a 503', 'head', { status: 503 }, 'SERVER_ERROR', false],
  ['ServiceUnavailable', 'put', s3Error(503, 'ServiceUnavailable'), 'SERVER_ERROR', false],
  ['InternalError', 'put', s3Error(500, 'InternalError'), 'SERVER_ERROR', false],
  ['a gateway’s 502 page', 'put', htmlPage(502), 'SERVER_ERROR', false],
  ['a gateway’s 504 page', 'get', htmlPage(504), 'SERVER_ERROR', false],
  ['an empty 502', 'put', { status: 502 }, 'SERVER_ERROR', false],
  ['a web console', 'put', htmlPage(200), 'NOT_S3', true],
  ['a web console', 'get', htmlPage(200), 'NOT_S3', true],
  ['a web console', 'head', htmlPage(200), 'NOT_S3', true],
  ['a web console', 'delete', htmlPage(200), 'NOT_S3', true],
  ['a login page', 'get', htmlPage(403), 'NOT_S3', true],
  ['a page that is not there', 'get', htmlPage(404), 'NOT_S3', true],
  ['another region', 'put', s3Error(301, 'PermanentRedirect'), 'WRONG_REGION', true],
  ['another region', 'head', { status: 301 }, 'WRONG_REGION', true],
  ['a signature for another region', 'put', s3Error(400, 'AuthorizationHeaderMalformed'), 'WRONG_REGION', true],
  ['a bare 400 that names a region', 'head', { status: 400, headers: { 'x-amz-bucket-region': 'eu-west-1' } }, 'WRONG_REGION', true],
  ['a 501', 'put', s3Error(501, 'NotImplemented'), 'UNSUPPORTED', true],
  ['a bare 501', 'head', { status: 501 }, 'UNSUPPORTED', true],
  ['BadDigest', 'put', s3Error(400, 'BadDigest'), 'INTEGRITY', true],
  ['a body that S3 waited for', 'put', s3Error(400, 'RequestTimeout'), 'TIMEOUT', true],
  ['InvalidArgument', 'put', s3Error(400, 'InvalidArgument'), 'REJECTED', true],
  ['EntityTooLarge', 'put', s3Error(413, 'EntityTooLarge'), 'TOO_LARGE', true],
  ['S3’s own limit', 'put', s3Error(400, 'EntityTooLarge'), 'TOO_LARGE', true],
  ['a proxy’s limit', 'put', htmlPage(413), 'TOO_LARGE', true],
  ['a proxy’s limit, without a word', 'put', { status: 413 }, 'TOO_LARGE', true],
];

test.each(TABLE)('%s, in answer to a %s, gets the code and the status of the table, and the SDK repeats nothing', async (_what, operation, answer, code, refused) => {
  proxy.on({ fault: { kind: 'answer', answer } });
  const error = await failure(operation);
  expect({ code: error.code, refused: error.refused, status: error.status }).toEqual({ code, refused, status: answer.status });
  expect(error).toMatchObject({ operation, subject: 'name' });
  // the SDK repeats nothing; where its middleware may help, it sends the same GET once
  expect(proxy.count()).toBe(operation === 'get' && !isFinal(answer) ? 2 : 1);
});

/** Whether the SDK could do nothing about this answer to a GET. */
function isFinal({ status, body }: CannedAnswer): boolean {
  return status >= 500 || status === 429 || (status === 404 && String(body).includes('<Code>'));
}

test.each(TABLE.filter(([, operation]) => operation === 'get'))('%s, in answer to a %s of the SDK, gets the same code', async (_what, operation, answer, code, refused) => {
  const bySdk = testS3Store({ endpoint: proxy.endpoint, bucket: 'bucket', getsBySdk: true });
  proxy.on({ fault: { kind: 'answer', answer } });
  const error = await failure(operation, bySdk.store);
  expect({ code: error.code, refused: error.refused, status: error.status }).toEqual({ code, refused, status: answer.status });
  expect(proxy.count()).toBe(1);
  bySdk.destroy();
});

test('the provider’s words are kept without control characters, so that they cannot forge a log line', async () => {
  proxy.on({ fault: { kind: 'answer', answer: s3Error(400, 'Inval&#10;idThing') } });
  const { detail } = await failure('put');
  expect(detail).toContain('canned');
  expect(detail).not.toMatch(/\p{Cc}/u);
});

test('a stored HTML document is not taken for a web console', async () => {
  const page = htmlPage(200);
  proxy.on({ fault: { kind: 'answer', answer: { ...page, headers: { ...page.headers, etag: '"0123456789abcdef0123456789abcdef"' } } } });
  expect((await store.head('page.html')).md5).toBe('0123456789abcdef0123456789abcdef');
});

test('a tag that is not the MD5 of the bytes, or that an object encrypted with KMS has, counts as no MD5', async () => {
  proxy.on({ fault: { kind: 'answer', answer: { status: 200, headers: { etag: '"0123456789abcdef0123456789abcdef"' } } } });
  expect(await store.put('name', bodyOf('bytes'))).toEqual({ size: 5, etag: '0123456789abcdef0123456789abcdef', md5: null });
  proxy.heal();
  const kms = { 'x-amz-server-side-encryption-aws-kms-key-id': 'k', etag: '"0123456789abcdef0123456789abcdef"' };
  proxy.on({ fault: { kind: 'answer', answer: { status: 200, headers: kms } } });
  expect((await store.head('name')).md5).toBeNull();
});

test('S3’s redirect to another region is followed, and the second PUT is signed for that region', async () => {
  const redirect = s3Error(301, 'PermanentRedirect', { 'x-amz-bucket-region': 'eu-west-1' });
  const stored = { status: 200, headers: { etag: '"4b3a6218bb3e3a7303e8a171a60fcf92"' } };
  proxy.on({ fault: { kind: 'answer', answer: redirect }, times: 1 });
  proxy.on({ fault: { kind: 'answer', answer: stored } });
  expect((await store.put('name', bodyOf('bytes'))).md5).toBe('4b3a6218bb3e3a7303e8a171a60fcf92');
  expect(proxy.seen[1]?.headers.authorization).toContain('/eu-west-1/s3/');
});

describe('a request without an S3 answer', () => {
  const to = async (endpoint: string, operation: Operation = 'put', more = {}) => {
    const other = testS3Store({ endpoint, bucket: 'bucket', ...more });
    try {
      const { code, refused } = await failure(operation, other.store);
      return { code, refused };
    } finally {
      other.destroy();
    }
  };

  test('is UNREACHABLE and refused when nobody listens at the port', async () => {
    expect(await to('http://127.0.0.1:1')).toEqual({ code: 'UNREACHABLE', refused: true });
  });
  test('is UNREACHABLE and refused when the host does not exist', async () => {
    expect(await to('http://no-such-host.invalid')).toEqual({ code: 'UNREACHABLE', refused: true });
  });
  test('is TLS_FAILED and refused when an https port speaks http', async () => {
    expect(await to(proxy.endpoint.replace('http:', 'https:'))).toEqual({ code: 'TLS_FAILED', refused: true });
  });
  test('is NOT_S3 when the server speaks another protocol', async () => {
    const server = createServer((socket) => void socket.end('SSH-2.0-OpenSSH_9.2p1\r\n')).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const { code } = await to(`http://127.0.0.1:${port}`, 'get');
    server.close();
    expect(code).toBe('NOT_S3');
  });
  test('is NO_CREDENTIALS and refused when the machine has no credentials', async () => {
    const keys = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE', 'AWS_EC2_METADATA_DISABLED', 'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'];
    const before = Object.fromEntries(keys.map((key) => [key, process.env[key]]));
    for (const key of keys) delete process.env[key];
    Object.assign(process.env, { AWS_EC2_METADATA_DISABLED: 'true', AWS_CONFIG_FILE: '/none', AWS_SHARED_CREDENTIALS_FILE: '/none' });
    expect(await to(proxy.endpoint, 'put', { credentials: undefined, timeoutMs: 5_000 })).toEqual({ code: 'NO_CREDENTIALS', refused: true });
    for (const key of keys) {
      if (before[key] === undefined) delete process.env[key];
      else process.env[key] = before[key];
    }
  });
  test('is UNREACHABLE and not refused when the connection breaks before an answer', async () => {
    proxy.on({ fault: { kind: 'reset' } });
    expect(await to(proxy.endpoint)).toEqual({ code: 'UNREACHABLE', refused: false });
  });
  test('is TIMEOUT and not refused when no answer comes in time', async () => {
    proxy.on({ fault: { kind: 'blackhole' } });
    expect(await to(proxy.endpoint)).toEqual({ code: 'TIMEOUT', refused: false });
    expect(await to(proxy.endpoint, 'get')).toEqual({ code: 'TIMEOUT', refused: false });
  });
});
