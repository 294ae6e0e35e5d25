import { parsePatch } from '../../../server/src/contracts/schemas';
import type { SettingName } from '../../../server/src/contracts/settings';

const faults = (body: unknown) => {
  const parsed = parsePatch(body);
  return parsed.ok ? [] : parsed.fields.map(({ path }) => path);
};
const value = (name: SettingName, given: unknown) => {
  const parsed = parsePatch({ [name]: given });
  return parsed.ok ? parsed.value[name] : 'refused';
};

test('a body that is no object is refused as a whole', () => {
  for (const body of [[], 'text', 7, true]) expect(faults(body)).toEqual(['']);
  expect(faults(undefined)).toEqual([]);
});

test('each bad field of a body is named, and so is each unknown field', () => {
  expect(faults({ bucket: 'a/b', maxAttempts: 0, surprise: 1, productionOnly: 'yes' }).sort()).toEqual([
    'bucket', 'maxAttempts', 'productionOnly', 'surprise',
  ]);
  expect(faults({ secretAccessKeySet: true })).toEqual(['secretAccessKeySet']);
  expect(faults(JSON.parse('{"__proto__": {"bucket": "x"}}'))).not.toContain('bucket');
});

test.each([
  ['bucket', ' media ', 'media'],
  ['bucket', 'My_Old.Bucket-1', 'My_Old.Bucket-1'],
  ['bucket', 'tenant:bucket', 'tenant:bucket'],
  ['bucket', '', null],
  ['bucket', null, null],
  ['region', ' fra1 ', 'fra1'],
  ['endpoint', '  ', null],
  ['secretAccessKey', ' s3cret+/= ', 's3cret+/='],
  ['secretAccessKey', null, null],
  ['prefix', '', ''],
  ['prefix', 'media', 'media/'],
  ['prefix', 'a/b/', 'a/b/'],
  ['prefix', 'Büro/2026', 'Büro/2026/'],
  ['cacheControl', 'public, max-age=31536000', 'public, max-age=31536000'],
] as const)('the setting %s takes %p as %p', (name, given, taken) => expect(value(name, given)).toBe(taken));

test.each([
  ['bucket', 'a/b'], ['bucket', 'a\\b'], ['bucket', 'a b'], ['bucket', '..'], ['bucket', 'a..b'], ['bucket', 'a\u0000b'], ['bucket', '-x'],
  ['bucket', 'x?y'], ['bucket', 'x#y'], ['bucket', 'x@y'], ['bucket', 'x%2fy'], ['bucket', 'x'.repeat(256)], ['bucket', 7], ['bucket', ['x']],
  ['region', 'evil.example/'], ['region', 'a.b'], ['region', 'x'.repeat(64)],
  ['accessKeyId', 'a b'], ['accessKeyId', 'a/b'], ['accessKeyId', 'a\nb'], ['accessKeyId', 'x'.repeat(257)],
  ['secretAccessKey', ''], ['secretAccessKey', '   '], ['secretAccessKey', 'a\r\nb'], ['secretAccessKey', 1],
  ['prefix', '/media'], ['prefix', '/'], ['prefix', 'a//b'], ['prefix', 'a//'], ['prefix', '..'], ['prefix', 'a/../b'], ['prefix', '.hidden'],
  ['prefix', 'a/.b'], ['prefix', 'a\\b'], ['prefix', 'a\u0000'], ['prefix', 'a%2Fb'], ['prefix', 'é'.repeat(256)], ['prefix', 'x'.repeat(512)],
  ['prefix', '\ud800'],
  ['maxAttempts', 1.5], ['maxAttempts', '3'], ['maxAttempts', Number.NaN],
  ['cacheControl', 'a\r\nx: y'], ['onOutage', false],
  ['forcePathStyle', 'true'],
] as const)('the setting %s refuses %p', (name, given) => expect(faults({ [name]: given })).toEqual([name]));
