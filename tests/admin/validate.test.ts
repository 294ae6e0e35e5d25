import { touchesConnection, validate } from '../../admin/src/utils/validate';
import { toPatch } from '../../admin/src/utils/patch';
import { parsePatch } from '../../server/src/contracts/schemas';
import { FRESH, STORED, formAfter, sourcesOf } from './support';
import type { FormAction } from '../../admin/src/utils/formState';

const DATABASE = sourcesOf('database');
const keysOf = (problems: ReturnType<typeof validate>) =>
  Object.fromEntries(Object.entries(problems).map(([path, problem]) => [path, problem?.key]));

const after = (...actions: FormAction[]) => keysOf(validate(formAfter(STORED, ...actions), DATABASE, true));
const change = (values: Extract<FormAction, { type: 'changed' }>['values']): FormAction => ({ type: 'changed', values });

test('stored settings have no problem', () => {
  expect(after()).toEqual({});
});

test('an empty form requires bucket and region only when the connection is concerned', () => {
  const fresh = formAfter(FRESH);
  expect(touchesConnection(fresh)).toBe(false);
  expect(validate(fresh, sourcesOf('default'), false)).toEqual({});
  expect(keysOf(validate(fresh, sourcesOf('default'), true))).toEqual({
    bucket: 'invalid.bucket.required',
    region: 'invalid.region.required',
  });
  expect(touchesConnection(formAfter(FRESH, change({ concurrency: '2' })))).toBe(false);
  expect(touchesConnection(formAfter(FRESH, change({ bucket: 'b' })))).toBe(true);
});

test.each([
  ['a..b', 'invalid.bucket.format'],
  ['has space', 'invalid.bucket.format'],
  ['-begins', 'invalid.bucket.format'],
  ['fine.name-1', undefined],
])('the problem with the bucket %j is %s', (bucket, key) => {
  expect(after(change({ bucket })).bucket).toBe(key);
});

test.each([
  ['localhost:9000', 'invalid.endpoint.url'],
  ['ftp://s3.example.com', 'invalid.endpoint.url'],
  ['https://user:pw@s3.example.com', 'invalid.endpoint.credentials'],
  ['https://s3.example.com/?a=b', 'invalid.endpoint.query'],
  ['https://<account>.r2.cloudflarestorage.com', 'invalid.endpoint.placeholder'],
  ['', 'invalid.endpoint.required'],
  ['http://localhost:9000', undefined],
])('the problem with the endpoint %j is %s', (endpoint, key) => {
  expect(after(change({ endpoint })).endpoint).toBe(key);
});

test.each([
  ['../up', 'invalid.prefix.format'],
  ['a//b', 'invalid.prefix.format'],
  ['a\\b', 'invalid.prefix.format'],
  ['site/media', undefined],
  ['.hidden', 'invalid.prefix.format'],
  ['a%2fb', 'invalid.prefix.format'],
])('the problem with the prefix %j is %s', (prefix, key) => {
  expect(after(change({ prefix })).prefix).toBe(key);
});

test.each(['', '0', '-1', '1.5', 'ten', '99999999'])('the text %j is refused as a number', (maxAttempts) => {
  expect(after(change({ maxAttempts })).maxAttempts).toBe('invalid.number');
});

test('another bucket requires the secret again, unless it is entered', () => {
  expect(after(change({ bucket: 'another' }))).toEqual({ secretAccessKey: 'invalid.secret.again' });
  expect(after(change({ bucket: 'another' }), { type: 'secret', edit: { kind: 'replace', value: 'new' } })).toEqual({});
});

test('a new key ID requires its secret, also when the old pair came from the environment', () => {
  const state = formAfter(STORED, change({ accessKeyId: 'OTHER' }));
  expect(keysOf(validate(state, sourcesOf('environment'), true))).toEqual({ secretAccessKey: 'invalid.secret.again' });
});

test('a key ID without a secret and a secret without a key ID are refused; leaving out both is allowed', () => {
  const bucket = change({ bucket: 'media', region: 'eu-central-1' });
  const keyOnly = formAfter(FRESH, bucket, change({ accessKeyId: 'KEY' }));
  const secretOnly = formAfter(FRESH, bucket, { type: 'secret', edit: { kind: 'replace', value: 's' } });
  expect(keysOf(validate(keyOnly, DATABASE, true))).toEqual({ secretAccessKey: 'invalid.secret.required' });
  expect(keysOf(validate(secretOnly, DATABASE, true))).toEqual({ accessKeyId: 'invalid.accessKeyId.required' });
  expect(validate(formAfter(FRESH, bucket), DATABASE, true)).toEqual({});
});

test('a field that is to be reset is not validated', () => {
  expect(after(change({ bucket: '!' }), { type: 'reset', name: 'bucket' })).toEqual({});
});

test('the first bucket does not require the secret again', () => {
  const state = formAfter({ ...STORED, bucket: null }, change({ bucket: 'first' }));
  expect(validate(state, DATABASE, true)).toEqual({});
});

describe('panel and server', () => {
  const agreed = (path: string, values: Parameters<typeof change>[0]) => {
    const state = formAfter({ ...FRESH, provider: 'minio', endpoint: 'http://s3', maxAttempts: 2 }, change(values));
    const server = parsePatch(toPatch(state));
    const refused = server.ok ? [] : server.fields.map((field) => field.path);
    expect([path, JSON.stringify(values), Object.keys(validate(state, sourcesOf('default'), false)).includes(path)]).toEqual([
      path,
      JSON.stringify(values),
      refused.includes(path),
    ]);
  };

  const SAMPLES = {
    bucket: ['b', 'old_Bucket', 'tenant:bucket', 'a..b', '.a', 'a/b', 'ä', 'x'.repeat(255), 'x'.repeat(256)],
    region: ['auto', 'us_1', 'eu central', '-x', 'x'.repeat(63), 'x'.repeat(64)],
    prefix: ['a', 'a/b/', 'a//b', './a', 'a/.b', 'a\\b', 'a%2Fb', 'ä ö', 'x'.repeat(600)],
    accessKeyId: ['AKIA-x_y.z', 'a b', 'a,b', 'a/b', 'ä', 'x'.repeat(257)],
    cacheControl: ['public, max-age=1', 'ä', 'x'.repeat(257)],
  };

  test.each(Object.entries(SAMPLES))('agree on which values of %s are valid', (name, samples) => {
    for (const sample of samples) agreed(name, { [name]: sample });
  });
});
