import { parsePatch, settingsPatchSchema, type SettingName, settingSchemas } from '../../../server/src/contracts/schemas';
import type { PublicSettings } from '../../../server/src/contracts/settings';

const faults = (body: unknown) => {
  const parsed = parsePatch(body);
  return parsed.ok ? [] : parsed.fields.map(({ path }) => path);
};
const value = (name: SettingName, given: unknown) => {
  const parsed = parsePatch({ [name]: given });
  return parsed.ok ? parsed.value[name] : 'refused';
};

test('every setting of the API has a schema, and no other', () => {
  const shown: Record<Exclude<keyof PublicSettings, 'secretAccessKeySet'>, true> = {
    provider: true, bucket: true, region: true, endpoint: true, forcePathStyle: true, accessKeyId: true, prefix: true,
    productionOnly: true, maxAttempts: true, timeoutMs: true, connectTimeoutMs: true, cacheControl: true, concurrency: true, onOutage: true, batchSize: true, migrationMaxId: true,
    cleanupGraceDays: true, uploadSchedule: true, uploadScheduleEnabled: true, cleanupSchedule: true, cleanupScheduleEnabled: true, leaving: true,
  };
  const names = [...Object.keys(shown), 'secretAccessKey'].sort();
  expect(Object.keys(settingSchemas).sort()).toEqual(names);
  expect(Object.keys(settingsPatchSchema.shape).sort()).toEqual(names);
});

test('a body that is no object is refused as a whole', () => {
  for (const body of [[], 'text', 7, true]) expect(faults(body)).toEqual(['']);
  expect(faults(undefined)).toEqual([]);
});

test('each bad field is named, the unknown ones too', () => {
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
  ['maxAttempts', 10, 10],
  ['timeoutMs', 500, 500],
  ['connectTimeoutMs', 10_000, 10_000],
  ['concurrency', 64, 64],
  ['onOutage', 'reject', 'reject'],
  ['cacheControl', 'public, max-age=31536000', 'public, max-age=31536000'],
] as const)('%s %p is taken as %p', (name, given, taken) => expect(value(name, given)).toBe(taken));

test.each([
  ['provider', 'azure'],
  ['bucket', 'a/b'], ['bucket', 'a\\b'], ['bucket', 'a b'], ['bucket', '..'], ['bucket', 'a..b'], ['bucket', 'a\u0000b'], ['bucket', '-x'],
  ['bucket', 'x?y'], ['bucket', 'x#y'], ['bucket', 'x@y'], ['bucket', 'x%2fy'], ['bucket', 'x'.repeat(256)], ['bucket', 7], ['bucket', ['x']],
  ['region', 'evil.example/'], ['region', 'a.b'], ['region', 'x'.repeat(64)],
  ['accessKeyId', 'a b'], ['accessKeyId', 'a/b'], ['accessKeyId', 'a\nb'], ['accessKeyId', 'x'.repeat(257)],
  ['secretAccessKey', ''], ['secretAccessKey', '   '], ['secretAccessKey', 'a\r\nb'], ['secretAccessKey', 1],
  ['prefix', '/media'], ['prefix', '/'], ['prefix', 'a//b'], ['prefix', 'a//'], ['prefix', '..'], ['prefix', 'a/../b'], ['prefix', '.hidden'],
  ['prefix', 'a/.b'], ['prefix', 'a\\b'], ['prefix', 'a\u0000'], ['prefix', 'a%2Fb'], ['prefix', 'é'.repeat(256)], ['prefix', 'x'.repeat(512)],
  ['prefix', '\ud800'],
  ['maxAttempts', 0], ['maxAttempts', 11], ['maxAttempts', 1.5], ['maxAttempts', '3'], ['maxAttempts', Number.NaN],
  ['timeoutMs', 499], ['timeoutMs', 120_001], ['connectTimeoutMs', 99], ['connectTimeoutMs', 10_001], ['concurrency', 0], ['concurrency', 65],
  ['cacheControl', 'a\r\nx: y'], ['onOutage', 'keep'], ['onOutage', false],
  ['forcePathStyle', 'true'], ['productionOnly', 1],
] as const)('%s %p is refused', (name, given) => expect(faults({ [name]: given })).toEqual([name]));
