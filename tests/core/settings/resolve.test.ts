import { publicSettings, resolve } from '../../../server/src/core/settings/resolve';
import type { SecretTarget } from '../../../server/src/core/settings/types';
import { stored } from './support';

const from = (database: Record<string, unknown> = {}, configFile: unknown = null, variables: Record<string, string> = {}) =>
  resolve({ database: stored(database), configFile, variables });

test('settings that no source has get their defaults, and the chain of the SDK gives the credentials', () => {
  const { settings, sources, problems, blocked } = from();
  expect(settings).toMatchObject({ prefix: '', maxAttempts: 3, onOutage: 'local', provider: 'aws', bucket: null, region: null, endpoint: null, forcePathStyle: false, signingRegion: 'us-east-1' });
  expect(settings.credentials).toEqual({ kind: 'chain' });
  expect(new Set(Object.values(sources))).toEqual(new Set(['default']));
  expect([problems, blocked]).toEqual([[], null]);
});

describe('the sources of the settings', () => {
  const environment = { S3_STORAGE_BUCKET: 'from-env', S3_STORAGE_MAX_ATTEMPTS: '5', S3_STORAGE_PRODUCTION_ONLY: 'true', S3_STORAGE_PREFIX: 'env' };
  const config = { bucket: 'from-config', maxAttempts: '4' };

  test.each([
    [{ bucket: 'from-db' }, 'from-db', 'database'],
    [{}, 'from-config', 'config'],
  ])('rank database, config file, environment, default for each value, with the database %p', (database, bucket, source) => {
    const { settings, sources } = from(database, config, environment);
    expect([settings.bucket, sources.bucket]).toEqual([bucket, source]);
    expect([settings.maxAttempts, sources.maxAttempts]).toEqual([4, 'config']);
    expect([settings.productionOnly, sources.productionOnly]).toEqual([true, 'environment']);
    expect([settings.prefix, sources.prefix]).toEqual(['env/', 'environment']);
    expect([settings.concurrency, sources.concurrency]).toEqual([16, 'default']);
  });

  test('give way to a false value in the database', () => {
    const { settings, sources } = from({ productionOnly: false }, null, environment);
    expect([settings.productionOnly, sources.productionOnly]).toEqual([false, 'database']);
  });

  test.each([['TRUE', true], ['1', true], ['on', true], ['0', false], ['No', false]])('give the flag %s of the environment as %p', (text, flag) => {
    expect(from({}, null, { S3_STORAGE_FORCE_PATH_STYLE: text }).settings.forcePathStyle).toBe(flag);
  });
});

describe('the credentials', () => {
  const pair = (who: string) => ({ accessKeyId: `${who}-key`, secretAccessKey: `${who}-secret` });
  const envPair = { S3_STORAGE_ACCESS_KEY_ID: 'env-key', S3_STORAGE_SECRET_ACCESS_KEY: 'env-secret' };
  const found = (kind: string, accessKeyId?: string | null, source?: string) => ({ kind, accessKeyId, source });
  const unreadable = { accessKeyId: 'db-key', secretAccessKey: null };

  test.each([
    ['a pair in each source', pair('db'), pair('config'), envPair, found('static', 'db-key', 'database')],
    ['a pair in the config file and in the environment', {}, pair('config'), envPair, found('static', 'config-key', 'config')],
    ['a pair in the environment', {}, null, envPair, found('static', 'env-key', 'environment')],
    ['half a pair in the database and a whole one in the environment', { accessKeyId: 'db-key' }, null, envPair, found('static', 'env-key', 'environment')],
    ['a key in the database and a secret in the environment', { accessKeyId: 'db-key' }, null, { S3_STORAGE_SECRET_ACCESS_KEY: 's' }, found('incomplete', 'db-key', 'database')],
    ['only a secret, in the config file', {}, { secretAccessKey: 's' }, {}, found('incomplete', null, 'config')],
    ['an unreadable secret in the database and a pair in the environment', unreadable, null, envPair, found('static', 'env-key', 'environment')],
    ['an unreadable secret in the database and nothing else', unreadable, null, {}, found('unreadable', 'db-key')],
    ['an unreadable secret in the database and half a pair in the config file', unreadable, { accessKeyId: 'x' }, {}, found('unreadable', 'db-key')],
    ['a bad key in the environment', {}, null, { ...envPair, S3_STORAGE_ACCESS_KEY_ID: 'a b' }, found('incomplete', null, 'environment')],
    ['no pair in any source', {}, null, {}, found('chain')],
  ])('come as one group from one source: %s', (_title, database, config, variables, expected) => {
    const { settings, sources } = from(database, config, variables);
    expect(settings.credentials).toMatchObject(JSON.parse(JSON.stringify(expected)));
    expect(sources.accessKeyId).toBe(sources.secretAccessKey);
    expect(publicSettings(settings).secretAccessKeySet).toBe(expected.kind === 'static');
  });

  describe('from a pair of the database', () => {
    const target = { endpoint: 'https://a.example', bucket: 'media', accessKeyId: 'db-key' };
    const meeting = (variables: Record<string, string>, entered: SecretTarget | null = target) =>
      resolve({ database: stored(pair('db'), entered), configFile: null, variables: { S3_STORAGE_ENDPOINT: 'https://a.example', S3_STORAGE_BUCKET: 'media', ...variables } });

    test.each([
      ['count at the target that the pair was entered for', {}, target, 'static'],
      ['do not count at another endpoint', { S3_STORAGE_ENDPOINT: 'https://b.example' }, target, 'elsewhere'],
      ['do not count in another bucket', { S3_STORAGE_BUCKET: 'other' }, target, 'elsewhere'],
      ['count in the first bucket after the pair was entered without one', {}, { ...target, bucket: null }, 'static'],
      ['count when nobody knows which target the pair was entered for', { S3_STORAGE_ENDPOINT: 'https://b.example' }, null, 'static'],
    ])('%s', (_title, variables, entered, kind) => {
      const { settings } = meeting(variables, entered);
      expect(settings.credentials).toMatchObject({ kind, accessKeyId: 'db-key' });
      expect(publicSettings(settings).secretAccessKeySet).toBe(kind === 'static');
    });

    test('give way at another target to the pair of that target', () => {
      expect(meeting({ ...envPair, S3_STORAGE_ENDPOINT: 'https://b.example' }).settings.credentials).toMatchObject(found('static', 'env-key', 'environment'));
    });
  });

  test('are shown without the secret', () => {
    const { settings } = from(pair('db'));
    expect(JSON.stringify(publicSettings(settings))).not.toContain('db-secret');
    expect(Object.keys(publicSettings(settings))).not.toContain('signingRegion');
  });
});

describe('bad values', () => {
  test('are passed over and named, without the values themselves', () => {
    const { settings, sources, problems, blocked } = from({}, { maxAttempts: 99, surprise: 1, region: 's3cr3t/' }, { S3_STORAGE_MAX_ATTEMPTS: '2' });
    expect([settings.maxAttempts, sources.maxAttempts, blocked]).toEqual([2, 'environment', null]);
    expect(problems.map(({ field, source }) => `${source}.${field}`).sort()).toEqual(['config.maxAttempts', 'config.region', 'config.surprise']);
    expect(JSON.stringify(problems)).not.toContain('s3cr3t');
  });

  test.each([7, 'text', []])('are named for the whole config file when that is %p', (config) => {
    expect(from({}, config).problems).toMatchObject([{ source: 'config', field: 'config' }]);
  });

  test.each([
    ['bucket', { S3_STORAGE_BUCKET: 'a/b' }, 'INVALID_SETTINGS'],
    ['prefix', { S3_STORAGE_PREFIX: '../x' }, 'INVALID_SETTINGS'],
    ['productionOnly', { S3_STORAGE_PRODUCTION_ONLY: 'maybe' }, 'INVALID_SETTINGS'],
    ['endpoint', { S3_STORAGE_ENDPOINT: 'minio:9000' }, 'INVALID_SETTINGS'],
    ['endpoint', { S3_STORAGE_ENDPOINT: 'http://169.254.169.254' }, 'ENDPOINT_FORBIDDEN'],
  ] as const)('stop S3 for %s, which decides where bytes go, unless a stronger source has a good value', (name, variables, code) => {
    expect(from({}, null, variables)).toMatchObject({ blocked: code, sources: { [name]: 'environment' } });
    // a bad value behind a good one of a stronger source decides nothing
    const good = { bucket: 'b', prefix: 'p/', productionOnly: true, endpoint: 'https://s3.example.com' };
    expect(from(good, null, variables).blocked).toBeNull();
  });

  test('do not include unknown fields of the stored row, which a newer version may have written', () => {
    expect(from({ delivery: 'redirect' }).problems).toEqual([]);
  });
});

describe('provider, region and path style that are not set', () => {
  test.each([
    ['https://fra1.digitaloceanspaces.com', 'digitalocean', 'fra1', false],
    ['https://s3.eu-central-003.backblazeb2.com', 'backblaze', 'eu-central-003', false],
    ['https://0123abcd.r2.cloudflarestorage.com', 'cloudflare', 'auto', true],
    ['https://0123abcd.eu.r2.cloudflarestorage.com', 'cloudflare', 'auto', true],
    ['http://localhost:9000', 'minio', 'us-east-1', true],
    ['https://s3.my-company.example', 'other', 'us-east-1', true],
    // this host is not the provider's, although the provider's name is in it
    ['https://fra1.digitaloceanspaces.com.evil.example', 'other', 'us-east-1', true],
  ])('follow the endpoint %s', (endpoint, provider, signingRegion, forcePathStyle) => {
    const { settings, sources } = from({ endpoint });
    expect(settings).toMatchObject({ provider, signingRegion, forcePathStyle, region: null });
    expect(sources.provider).toBe('default');
  });

  test('follow the machine’s AWS region for Amazon only', () => {
    const variables = { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-2' };
    expect(from({}, null, variables)).toMatchObject({ settings: { signingRegion: 'eu-west-1' }, sources: { region: 'environment' } });
    expect(from({}, null, { AWS_DEFAULT_REGION: 'eu-west-2' }).settings.region).toBe('eu-west-2');
    expect(from({ endpoint: 'https://x.r2.cloudflarestorage.com' }, null, variables).settings.signingRegion).toBe('auto');
    expect(from({}, null, { ...variables, S3_STORAGE_REGION: 'us-west-2' }).settings.region).toBe('us-west-2');
  });

  test('do not keep a provider without its endpoint from being a problem', () => {
    expect(from({ provider: 'minio' }).problems).toMatchObject([{ field: 'endpoint' }]);
  });
});
