import { s3Error } from '../../../support/canned-answers';
import { type FaultProxy, type SeenRequest, startFaultProxy } from '../../../support/fault-proxy';
import { rawBucket } from '../../../support/raw-s3';
import { startS3, type S3Server } from '../../../support/s3';
import { story, testReal } from './support';

let server: S3Server;
let proxy: FaultProxy;
let bucket: string;
let settings: Record<string, unknown>;

beforeAll(async () => {
  server = await startS3();
  proxy = await startFaultProxy(server.endpoint);
  bucket = await server.createBucket();
  const { region, accessKeyId, secretAccessKey } = server;
  settings = { endpoint: proxy.endpoint, region, accessKeyId, secretAccessKey, bucket, forcePathStyle: true, prefix: 'media' };
}, 120_000);
afterEach(async () => {
  proxy.heal();
  proxy.forget();
  const raw = rawBucket(server, bucket);
  expect(await raw.keys()).toEqual([]);
  raw.close();
});
afterAll(async () => {
  await proxy.close();
  await server.stop();
}, 60_000);

const codes = ({ notes }: Awaited<ReturnType<typeof testReal>>) => notes?.map(({ code }) => code);
const denied = s3Error(403, 'AccessDenied');

test('a proxy that drops the length from the answers to HEAD is noted, and all steps pass', async () => {
  proxy.on({ fault: { kind: 'header', name: 'content-length' }, when: ({ method }) => method === 'HEAD' });
  const answer = await testReal(settings);
  expect([answer.ok, codes(answer)]).toEqual([true, ['HEAD_WITHOUT_LENGTH']]);
});

test('a policy that demands an encryption header is told apart from missing rights', async () => {
  const isPlain = ({ method, headers }: SeenRequest) => method === 'PUT' && headers['x-amz-server-side-encryption'] === undefined;
  proxy.on({ fault: { kind: 'answer', answer: denied }, when: isPlain });
  // not every server knows the header, so the fault makes a server that stores requests with it
  proxy.on({ fault: { kind: 'answer', answer: { status: 200, headers: { etag: '"a"' } } }, when: ({ method }) => method === 'PUT' });
  const answer = await testReal(settings);
  expect(story(answer)).toEqual(['endpoint', 'credentials', 'read', 'write:ENCRYPTION_DEMANDED']);
  expect(answer.steps.at(-1)?.hint).toContain('default encryption');
  // the connection test deletes the object that it stored
  expect(proxy.count('DELETE')).toBe(1);
});

test('a policy that demands encryption by a KMS key is told apart from missing rights', async () => {
  const isByKms = ({ method, headers }: SeenRequest) => method === 'PUT' && headers['x-amz-server-side-encryption'] === 'aws:kms';
  proxy.on({ fault: { kind: 'answer', answer: { status: 200, headers: { etag: '"a"' } } }, when: isByKms });
  proxy.on({ fault: { kind: 'answer', answer: denied }, when: ({ method }) => method === 'PUT' });
  expect(story(await testReal(settings))).toEqual(['endpoint', 'credentials', 'read', 'write:ENCRYPTION_DEMANDED']);
});

test('a PUT that is refused with each kind of encryption is reported as ACCESS_DENIED', async () => {
  proxy.on({ fault: { kind: 'answer', answer: denied }, when: ({ method }) => method === 'PUT' });
  expect(story(await testReal(settings))).toEqual(['endpoint', 'credentials', 'read', 'write:ACCESS_DENIED']);
});

describe('without a key, on a machine without a role', () => {
  const NONE = { AWS_EC2_METADATA_DISABLED: 'true', AWS_CONFIG_FILE: '/none', AWS_SHARED_CREDENTIALS_FILE: '/none' };
  const KEYS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE', ...Object.keys(NONE)];
  const before = new Map(KEYS.map((key) => [key, process.env[key]]));
  beforeEach(() => {
    for (const key of KEYS) delete process.env[key];
    Object.assign(process.env, NONE);
  });
  afterEach(() => {
    for (const [key, value] of before) {
      if (value === undefined) delete process.env[key];
      else process.env[key] = value;
    }
  });
  const withoutKey = () => ({ ...settings, accessKeyId: undefined, secretAccessKey: undefined });

  test('the connection test asks the endpoint by one request without a signature', async () => {
    proxy.on({ fault: { kind: 'answer', answer: denied } });
    expect(story(await testReal(withoutKey()))).toEqual(['endpoint', 'credentials:NO_CREDENTIALS']);
    expect(proxy.seen).toMatchObject([{ method: 'GET' }]);
    expect(proxy.seen[0]?.headers.authorization).toBeUndefined();
  });

  test('a server that is not S3 is reported instead of the missing key', async () => {
    proxy.on({ fault: { kind: 'answer', answer: { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>console</html>' } } });
    expect(story(await testReal(withoutKey()))).toEqual(['endpoint:NOT_S3']);
  });

  test('a port where nobody listens is reported instead of the missing key', async () => {
    expect(story(await testReal({ ...withoutKey(), endpoint: 'http://127.0.0.1:1' }))).toEqual(['endpoint:UNREACHABLE']);
  });
});
