import { htmlPage, s3Error } from '../support/fault-proxy';
import { textFile } from '../support/images';
import { freePort } from '../support/process';
import { openStage, type Stage } from '../support/stage';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
}, 300_000);

afterAll(() => stage?.close(), 60_000);

afterEach(() => stage.proxy.heal());

interface TestBody {
  ok: boolean;
  steps: { name: string; ok: boolean; code: string | null; message: string; hint: string | null }[];
}

const tryOut = async (patch: Record<string, unknown>) => {
  const { status, body } = await stage.strapi.api<TestBody>('POST', '/s3-storage/settings/test', { ...stage.settings, ...patch });
  expect(status).toBe(200);
  return body;
};

const finding = (body: TestBody) => body.steps.find((step) => !step.ok);

test('the connection test of good settings passes every step, and saves nothing', async () => {
  const body = await tryOut({});
  expect(body.steps.filter((step) => !step.ok)).toEqual([]);
  expect(body.steps.map((step) => step.name)).toEqual(['endpoint', 'credentials', 'read', 'write', 'verify', 'delete', 'public']);
  expect(await stage.bucket.keys()).toEqual([]);
  const { body: saved } = await stage.strapi.api<{ mode: string; settings: { bucket: string | null } }>('GET', '/s3-storage/settings');
  expect(saved).toMatchObject({ mode: 'off', settings: { bucket: null } });
});

test.each([
  ['a bucket that does not exist', { bucket: 'no-such-bucket-anywhere' }, ['BUCKET_NOT_FOUND']],
  ['an endpoint on a port nobody listens on', async () => ({ endpoint: `http://127.0.0.1:${await freePort()}` }), ['UNREACHABLE']],
  ['an endpoint that is link-local', { endpoint: 'http://169.254.169.254' }, ['ENDPOINT_FORBIDDEN']],
  ['an endpoint that is Strapi itself, not S3', async () => ({ endpoint: stage.strapi.url }), ['NOT_S3', 'BUCKET_NOT_FOUND', 'ACCESS_DENIED']],
])('the connection test names %s', async (_what, patch, codes) => {
  const body = await tryOut(typeof patch === 'function' ? await patch() : patch);
  expect(body.ok).toBe(false);
  expect(codes).toContain(finding(body)?.code);
  expect(finding(body)?.hint).toBeTruthy();
});

test('an endpoint that is no URL is refused with the name of its field', async () => {
  const answer = await stage.strapi.api<{ error: { details: { fields: { path: string }[] } } }>('PUT', '/s3-storage/settings', {
    ...stage.settings,
    endpoint: 'not a URL',
  });
  expect(answer.status).toBe(400);
  expect(answer.body.error.details.fields.map((field) => field.path)).toEqual(['endpoint']);
});

test.each([
  ['HTML instead of S3', () => stage.proxy.on({ fault: { kind: 'answer', answer: htmlPage(200) } }), 'NOT_S3'],
  ['a wrong access key', () => stage.proxy.on({ fault: { kind: 'answer', answer: s3Error(403, 'InvalidAccessKeyId') } }), 'INVALID_ACCESS_KEY'],
  ['a wrong secret', () => stage.proxy.on({ fault: { kind: 'answer', answer: s3Error(403, 'SignatureDoesNotMatch') } }), 'SIGNATURE_MISMATCH'],
  ['a wrong region', () => stage.proxy.on({ fault: { kind: 'answer', answer: s3Error(400, 'AuthorizationHeaderMalformed') } }), 'WRONG_REGION'],
  ['a wrong clock', () => stage.proxy.on({ fault: { kind: 'answer', answer: s3Error(403, 'RequestTimeTooSkewed') } }), 'CLOCK_SKEW'],
  ['no right to write', () => stage.proxy.on({ fault: { kind: 'answer', answer: s3Error(403, 'AccessDenied') }, when: ({ method }) => method === 'PUT' }), 'ACCESS_DENIED'],
  ['no answer', () => stage.proxy.on({ fault: { kind: 'blackhole' } }), 'TIMEOUT'],
] as const)('the connection test recognises %s', async (_what, arrange, code) => {
  arrange();
  const body = await tryOut({});
  expect(finding(body)).toMatchObject({ code, hint: expect.any(String) });
}, 40_000);

test('the secret is in no answer and not in the log, and stays when a change leaves it out', async () => {
  expect(await stage.configure()).toBe('read-write');
  const stored = await stage.strapi.api<{ settings: Record<string, unknown> }>('GET', '/s3-storage/settings');
  expect(JSON.stringify(stored.body)).not.toContain(stage.s3.secretAccessKey);
  expect(stored.body.settings).toMatchObject({ secretAccessKeySet: true, bucket: stage.bucket.bucket });
  expect(await stage.configure({ maxAttempts: 2 })).toBe('read-write');
  expect(stage.strapi.logs()).not.toContain(stage.s3.secretAccessKey);
});

test('another endpoint or bucket is refused until the secret is entered again', async () => {
  for (const patch of [{ endpoint: 'http://127.0.0.1:9' }, { bucket: 'elsewhere' }]) {
    for (const [method, path] of [['PUT', '/s3-storage/settings'], ['POST', '/s3-storage/settings/test']] as const) {
      const { status, body } = await stage.strapi.api<{ error: { details: { code: string } } }>(method, path, patch);
      expect([status, body.error.details.code]).toEqual([400, 'SECRET_REQUIRED']);
    }
  }
});

test('settings with bad fields are refused with the name of each', async () => {
  const { status, body } = await stage.strapi.api<{ error: { details: { fields: { path: string }[] } } }>('PUT', '/s3-storage/settings', {
    maxAttempts: 99,
    prefix: '../up',
    nonsense: true,
  });
  expect(status).toBe(400);
  expect(body.error.details.fields.map((field) => field.path).sort()).toEqual(['maxAttempts', 'nonsense', 'prefix']);
});

test('a request for settings or status without a token gets 401', async () => {
  for (const [method, path] of [['GET', 'settings'], ['PUT', 'settings'], ['POST', 'settings/test'], ['GET', 'status']] as const) {
    const answer = await fetch(`${stage.strapi.url}/s3-storage/${path}`, { method });
    expect([path, answer.status]).toEqual([path, 401]);
  }
});

test('a changed prefix applies to new files without a restart, and the old files are still read', async () => {
  const [before] = await stage.strapi.upload(textFile('before.txt', 'before'));
  await stage.configure({ prefix: 'media/' });
  const [after] = await stage.strapi.upload(textFile('after.txt', 'after'));
  const files = (await stage.bucket.keys()).filter((name) => !name.endsWith('.s3-storage-owner.json'));
  expect(files).toEqual([before!.hash + '.txt', `media/${after!.hash}.txt`].sort());
  expect((await stage.strapi.read(before!.url)).bytes.toString()).toBe('before');
  expect((await stage.strapi.read(after!.url)).bytes.toString()).toBe('after');
});

test('Strapi boots with a wrong encryption key, S3 is off with the reason, and uploads go to the disk', async () => {
  await stage.strapi.restart({ ENCRYPTION_KEY: 'another key of another server, 32 ch' });
  const { body } = await stage.strapi.api<{ mode: string; reason: { code: string; hint: string } }>('GET', '/s3-storage/settings');
  expect(body).toMatchObject({ mode: 'off', reason: { code: 'SECRET_UNREADABLE' } });
  const [file] = await stage.strapi.upload(textFile('meanwhile.txt', 'on disk'));
  expect((await stage.strapi.read(file!.url)).bytes.toString()).toBe('on disk');
}, 120_000);
