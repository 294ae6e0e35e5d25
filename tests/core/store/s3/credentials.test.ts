import { S3Client } from '@aws-sdk/client-s3';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Clock, systemClock } from '../../../../server/src/core/clock';
import { S3ObjectStore } from '../../../../server/src/core/store/s3/store';
import { bodyOf, someBytes } from '../../../support/bodies';
import { type FaultProxy, s3Error, type SeenRequest, startFaultProxy } from '../../../support/fault-proxy';
import { startS3, type S3Server } from '../../../support/s3';
import { testS3Store } from '../../../support/s3-store';

let server: S3Server;
let proxy: FaultProxy;
let bucket: string;

beforeAll(async () => {
  server = await startS3();
  proxy = await startFaultProxy(server.endpoint);
  bucket = await server.createBucket();
}, 120_000);
beforeEach(() => proxy.forget());
afterAll(async () => {
  await proxy.close();
  await server.stop();
}, 60_000);

/** The variables at which the SDK's chain looks before it comes to a container's role. */
const VARIABLES = [
  'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE', 'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI', 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_ROLE_ARN',
];

/** Runs `work` on a machine whose container hands out a role's credentials at `uri`. */
async function withRoleAt<T>(uri: string, work: () => Promise<T>): Promise<T> {
  const before = VARIABLES.map((name) => [name, process.env[name]] as const);
  for (const name of VARIABLES) delete process.env[name];
  Object.assign(process.env, { AWS_CONFIG_FILE: '/none', AWS_SHARED_CREDENTIALS_FILE: '/none', AWS_CONTAINER_CREDENTIALS_FULL_URI: uri });
  try {
    return await work();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('requests without a stored key are signed with the role of the machine, which is asked for once', async () => {
  const { accessKeyId, secretAccessKey, region } = server;
  let asked = 0;
  const role = createHttpServer((_request, response) => {
    asked += 1;
    const expires = new Date(Date.now() + 3_600_000).toISOString();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: 'a-session', Expiration: expires }));
  });
  const uri = await listening(role);
  const { store, destroy } = testS3Store({ endpoint: proxy.endpoint, bucket, region, credentials: undefined, timeoutMs: 5_000 });
  try {
    await withRoleAt(uri, async () => {
      // this server does not know the token, and its answer does not matter
      await store.head('nothing').catch(() => undefined);
      await store.head('nothing').catch(() => undefined);
    });
    expect(proxy.seen).toHaveLength(2);
    expect(proxy.seen[1]?.headers).toMatchObject({ authorization: expect.stringContaining(`Credential=${accessKeyId}/`) as string, 'x-amz-security-token': 'a-session' });
    expect(asked).toBe(1);
  } finally {
    destroy();
    role.close();
  }
});

test('a silent source of credentials makes requests fail with NO_CREDENTIALS, and S3 gets none of them', async () => {
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => void sockets.add(socket.on('error', () => undefined)));
  const uri = await listening(silent);
  const { store, destroy } = testS3Store({ endpoint: proxy.endpoint, bucket, credentials: undefined, timeoutMs: 10_000 });
  try {
    await withRoleAt(uri, async () => {
      await expect(store.put('role', bodyOf('bytes'))).rejects.toMatchObject({ code: 'NO_CREDENTIALS', refused: true });
      await expect(store.head('role')).rejects.toMatchObject({ code: 'NO_CREDENTIALS' });
    });
    expect(proxy.seen).toHaveLength(0);
  } finally {
    destroy();
    for (const socket of sockets) socket.destroy();
    silent.close();
  }
});

describe('keys in a shared file', () => {
  let folder: string;
  const write = (key: string) => writeFile(path.join(folder, 'credentials'), `[default]\naws_access_key_id = ${key}\naws_secret_access_key = secret\n`);
  const signedWith = () => proxy.seen.map(({ headers }) => /Credential=(\w+)/.exec(headers.authorization ?? '')?.[1]);
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 's3-keys-'));
    await write('FIRST');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** Runs `work` on a machine that has the keys, and whose clock `forward` moves. */
  async function withKeys(work: (store: S3ObjectStore, forward: (ms: number) => void) => Promise<void>): Promise<void> {
    proxy.on({ fault: { kind: 'answer', answer: { status: 204 } } });
    let ahead = 0;
    const clock: Clock = { ...systemClock, elapsed: () => systemClock.elapsed() + ahead };
    const { store, destroy } = testS3Store({ endpoint: proxy.endpoint, bucket, credentials: undefined, timeoutMs: 5_000, clock });
    try {
      await withRoleAt('', async () => {
        delete process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'];
        process.env['AWS_SHARED_CREDENTIALS_FILE'] = path.join(folder, 'credentials');
        await work(store, (ms) => void (ahead += ms));
      });
    } finally {
      destroy();
      proxy.heal();
    }
  }

  test('are read again after a minute', async () => {
    await withKeys(async (store, forward) => {
      await store.delete('a');
      await write('SECOND');
      forward(59_000);
      await store.delete('a');
      forward(2_000);
      await store.delete('a');
    });
    expect(signedWith()).toEqual(['FIRST', 'FIRST', 'SECOND']);
  });

  test('are read again when S3 does not know them any more', async () => {
    const isFirst = ({ headers }: SeenRequest) => headers.authorization?.includes('FIRST') === true;
    proxy.on({ fault: { kind: 'answer', answer: s3Error(403, 'InvalidAccessKeyId') }, when: isFirst });
    await withKeys(async (store, forward) => {
      await expect(store.delete('a')).rejects.toMatchObject({ code: 'INVALID_ACCESS_KEY' });
      await write('SECOND');
      forward(6_000);
      await expect(store.delete('a')).rejects.toMatchObject({ code: 'INVALID_ACCESS_KEY' });
      await store.delete('a');
    });
    expect(signedWith()).toEqual(['FIRST', 'FIRST', 'SECOND']);
  });
});

describe('a request whose credentials never come', () => {
  const client = new S3Client({ region: 'us-east-1', endpoint: 'http://127.0.0.1:1', credentials: () => new Promise(() => undefined) });
  const common = { client, bucket: 'bucket', clock: systemClock, timeoutMs: 100 };
  const store = new S3ObjectStore(common);
  const inParts = new S3ObjectStore({ ...common, multipartAbove: 0 });
  afterAll(() => client.destroy());

  test.each([
    ['put', () => store.put('a', bodyOf('bytes')), { code: 'TIMEOUT', refused: true }],
    ['put in parts', () => inParts.put('a', bodyOf(someBytes(100))), { code: 'TIMEOUT', refused: true }],
    ['head', () => store.head('a'), { code: 'TIMEOUT' }],
    ['get', () => store.get('a'), { code: 'TIMEOUT' }],
    ['delete', () => store.delete('a'), { code: 'TIMEOUT' }],
    ['list', () => store.list('', { limit: 1 }), { code: 'TIMEOUT' }],
  ])('ends with TIMEOUT: %s', async (_what, request, expected) => {
    await expect(request()).rejects.toMatchObject(expected);
  });

  test('ends with ABORTED when its caller gives up', async () => {
    const caller = new AbortController();
    const asking = store.get('a', { signal: caller.signal });
    caller.abort();
    await expect(asking).rejects.toMatchObject({ code: 'ABORTED' });
  });
});
