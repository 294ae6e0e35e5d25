import type { SettingsPatch } from '../../../server/src/contracts/settings';
import { systemClock } from '../../../server/src/core/clock';
import type { Clock } from '../../../server/src/core/clock';
import { StorageError } from '../../../server/src/core/errors';
import { Redactor } from '../../../server/src/core/settings/redactor';
import type { SettingsRow } from '../../../server/src/core/settings/ports';
import { SettingsRefused } from '../../../server/src/core/settings/refused';
import type { SettingsServiceDeps } from '../../../server/src/core/settings/service';
import type { SecretTarget } from '../../../server/src/core/settings/types';
import { MemorySettingsRepository, permitted, recordingLog, toyBox } from './support';

function setUp(overrides: Partial<SettingsServiceDeps> = {}) {
  const repository = new MemorySettingsRepository();
  const log = recordingLog();
  const deps = { repository, secrets: toyBox(), variables: {}, configFile: null, clock: systemClock, log, isCron: () => true, ...overrides, redactor: new Redactor() };
  return { repository, log, deps, service: permitted(deps) };
}

const MINIO = { endpoint: 'http://localhost:9000', bucket: 'media', accessKeyId: 'AKIA', secretAccessKey: 'hunter2-secret' };

async function refusal(work: Promise<unknown>): Promise<[string, string[]]> {
  const error = await work.then(() => undefined, (thrown: unknown) => thrown);
  if (!(error instanceof SettingsRefused)) throw new Error(`not refused: ${String(error)}`);
  return [error.code, error.fields.map(({ path }) => path)];
}

test('no setting is in force before the database was read', async () => {
  const { service } = setUp({ variables: { S3_STORAGE_BUCKET: 'b' } });
  expect(service.current()).toMatchObject({ mode: 'off', reason: 'NOT_CONFIGURED' });
  expect(await service.refresh()).toMatchObject({ mode: 'read-write', reason: null, revision: 0 });
});

test('an update with an invalid schedule is refused with its path, and nothing of the body is stored', async () => {
  const { service, repository } = setUp({ isCron: (expression) => expression !== '0 0 31 2 *' });
  expect(await refusal(service.update({ prefix: 'x/', uploadSchedule: '0 0 31 2 *', cleanupSchedule: '* * * * *' }))).toEqual(['INVALID_SETTINGS', ['uploadSchedule']]);
  expect(repository.row.revision).toBe(0);
});

test('an update is stored with a sealed secret, applied, and answered without the secret', async () => {
  const { service, repository } = setUp();
  await service.refresh();
  const answer = await service.update(MINIO);
  expect(answer).toMatchObject({
    mode: 'read-write',
    reason: null,
    settings: { provider: 'minio', bucket: 'media', accessKeyId: 'AKIA', secretAccessKeySet: true, forcePathStyle: true },
    sources: { bucket: 'database', secretAccessKey: 'database', prefix: 'default' },
  });
  expect(JSON.stringify([answer, repository.row])).not.toContain('hunter2');
  expect(service.current().settings.credentials).toMatchObject({ kind: 'static', secretAccessKey: 'hunter2-secret' });
});

test('the redactor knows a secret before it is stored, keeps it after it was replaced, and knows one that another process has stored', async () => {
  const { service, repository, deps } = setUp({ variables: { S3_STORAGE_ACCESS_KEY_ID: 'ENV', S3_STORAGE_SECRET_ACCESS_KEY: 'environment-secret' } });
  const other = { ...deps, redactor: new Redactor() };
  await service.refresh();
  jest.spyOn(repository, 'update').mockImplementationOnce(async (change) => {
    change(repository.row);
    throw new Error('the database is away');
  });
  await expect(service.update({ ...MINIO, secretAccessKey: 'never-stored-secret' })).rejects.toThrow('away');
  await service.update(MINIO);
  await service.update({ secretAccessKey: 'replaced-it-secret' });
  await permitted(other).refresh();

  const line = 'environment-secret, never-stored-secret, hunter2-secret, replaced-it-secret';
  expect(deps.redactor.clean(line)).toBe('[redacted], [redacted], [redacted], [redacted]');
  expect(other.redactor.clean(line)).toBe('environment-secret, never-stored-secret, hunter2-secret, [redacted]');
});

test('the redactor knows a stored secret that is for another target, and that nothing uses therefore', async () => {
  const { service, deps } = setUp({ variables: { S3_STORAGE_ENDPOINT: 'https://a.example' } });
  await service.update({ bucket: 'media', accessKeyId: 'AKIA', secretAccessKey: 'hunter2-secret' });
  const moved = { ...deps, redactor: new Redactor(), variables: { S3_STORAGE_ENDPOINT: 'https://b.example' } };
  expect((await permitted(moved).refresh()).settings.credentials.kind).toBe('elsewhere');
  expect(moved.redactor.clean('hunter2-secret')).toBe('[redacted]');
});

test('the redactor knows a secret that is only tried', async () => {
  const { service, deps } = setUp();
  await service.refresh();
  service.preview({ ...MINIO, secretAccessKey: 'only-tried-secret' });
  expect(deps.redactor.clean('only-tried-secret')).toBe('[redacted]');
});

test('an update keeps absent fields and removes null fields, for which the next source counts then', async () => {
  const { service } = setUp({ variables: { S3_STORAGE_PREFIX: 'env' } });
  await service.update({ ...MINIO, prefix: 'db' });
  expect((await service.update({ concurrency: 8 })).settings).toMatchObject({ prefix: 'db/', concurrency: 8, secretAccessKeySet: true });
  const answer = await service.update({ prefix: null });
  expect(answer).toMatchObject({ settings: { prefix: 'env/' }, sources: { prefix: 'environment' } });
});

test('an update that is refused changes nothing', async () => {
  const { service, repository } = setUp();
  await service.update(MINIO);
  const before = repository.row;
  expect(await refusal(service.update({ bucket: 'a/b', concurrency: 3 }))).toEqual(['INVALID_SETTINGS', ['bucket']]);
  expect(await refusal(service.update({ endpoint: 'minio' }))).toEqual(['INVALID_SETTINGS', ['endpoint']]);
  expect(await refusal(service.update({ endpoint: 'http://169.254.169.254', secretAccessKey: 'x' }))).toEqual(['ENDPOINT_FORBIDDEN', ['endpoint']]);
  expect(await refusal(service.update({ provider: 'backblaze', endpoint: null, secretAccessKey: 'x' }))).toEqual(['INVALID_SETTINGS', ['endpoint']]);
  expect(repository.row).toBe(before);
});

test('an update without the endpoint that its provider needs is refused with that field as missing', async () => {
  const { service } = setUp();
  await service.update(MINIO);
  await expect(service.update({ provider: 'backblaze', endpoint: null, secretAccessKey: 'x' })).rejects.toMatchObject({ fields: [{ path: 'endpoint', missing: true }] });
});

describe('the stored secret', () => {
  test.each([
    [{ endpoint: 'https://elsewhere.example' }, ['endpoint']],
    [{ endpoint: null }, ['endpoint']],
    [{ bucket: 'other' }, ['bucket']],
    [{ accessKeyId: 'OTHER' }, ['accessKeyId']],
    [{ bucket: 'other', endpoint: 'https://elsewhere.example' }, ['endpoint', 'bucket']],
  ])('has to be entered again for the change %p', async (patch, fields) => {
    const { service } = setUp();
    await service.update(MINIO);
    expect(await refusal(service.update(patch))).toEqual(['SECRET_REQUIRED', fields]);
    expect(() => service.preview(patch)).toThrow(StorageError);
    await expect(service.update({ ...patch, secretAccessKey: 'new-secret' })).resolves.toBeDefined();
    await expect(service.update({ ...MINIO, secretAccessKey: null })).resolves.toMatchObject({ settings: { secretAccessKeySet: false } });
    await expect(service.update(patch)).resolves.toBeDefined();
  });

  test.each([{ endpoint: 'HTTP://LOCALHOST:9000/' }, { bucket: ' media ' }, { region: 'eu-central-1' }, { prefix: 'x' }, { productionOnly: true }, { provider: 'other' }])(
    'stays for the change %p',
    async (patch) => {
      const { service } = setUp();
      await service.update(MINIO);
      await expect(service.update(patch)).resolves.toMatchObject({ settings: { secretAccessKeySet: true } });
    },
  );

  test('is not freed for another bucket by removing the bucket in between', async () => {
    const { service } = setUp();
    await service.update(MINIO);
    await expect(service.update({ bucket: null })).resolves.toMatchObject({ reason: { code: 'NOT_CONFIGURED' } });
    expect(await refusal(service.update({ bucket: 'other' }))).toEqual(['SECRET_REQUIRED', ['bucket']]);
    await expect(service.update({ bucket: 'media' })).resolves.toMatchObject({ mode: 'read-write' });
  });

  test('is good for the first bucket only if it was entered before there was one', async () => {
    const { service } = setUp();
    await service.update({ endpoint: MINIO.endpoint, accessKeyId: 'AKIA', secretAccessKey: 'hunter2-secret' });
    await expect(service.update({ bucket: 'media' })).resolves.toMatchObject({ mode: 'read-write' });
    await service.update({ bucket: null });
    expect(await refusal(service.update({ bucket: 'other' }))).toEqual(['SECRET_REQUIRED', ['bucket']]);
  });

  test('is not used when the environment has another endpoint, and does not block other changes', async () => {
    const { service, deps } = setUp({ variables: { S3_STORAGE_ENDPOINT: 'https://a.example' } });
    await service.update({ bucket: 'media', accessKeyId: 'AKIA', secretAccessKey: 'hunter2-secret' });
    const moved = permitted({ ...deps, variables: { S3_STORAGE_ENDPOINT: 'https://b.example' } });
    expect(await moved.refresh()).toMatchObject({ mode: 'off', reason: 'SECRET_REQUIRED' });
    await expect(moved.update({ concurrency: 2 })).resolves.toMatchObject({ settings: { endpoint: 'https://b.example', secretAccessKeySet: false } });
    await expect(moved.update({ secretAccessKey: 'hunter2-secret' })).resolves.toMatchObject({ mode: 'read-write' });
  });

  describe('sealed together with its target', () => {
    const change = (row: SettingsRow, settings: Record<string, unknown>, secretFor: Partial<SecretTarget> = {}): SettingsRow => ({
      ...row,
      revision: row.revision + 1,
      settings: { ...row.settings, ...settings },
      secretFor: row.secretFor && { ...row.secretFor, ...secretFor },
    });

    test.each([
      ['the endpoint, there and in the record of its target', { endpoint: 'https://evil.example' }, { endpoint: 'https://evil.example' }],
      ['the bucket, there and in the record of its target', { bucket: 'theirs' }, { bucket: 'theirs' }],
      ['the bucket alone', { bucket: 'theirs' }, {}],
      ['the access key, there and in the record of its target', { accessKeyId: 'THEIRS' }, { accessKeyId: 'THEIRS' }],
    ])('turns S3 off after somebody changes the database: %s', async (_what, settings, secretFor) => {
      const { service, repository } = setUp();
      await service.update(MINIO);
      repository.row = change(repository.row, settings, secretFor);
      expect(await service.refresh()).toMatchObject({ mode: 'off', reason: 'SECRET_REQUIRED' });
      // a change of something else does not seal the stored secret for that target
      await service.update({ concurrency: 2 });
      expect(service.current()).toMatchObject({ mode: 'off', reason: 'SECRET_REQUIRED' });
      await service.update(MINIO);
      expect(service.current()).toMatchObject({ mode: 'read-write' });
    });

    test('opens from a seal without a target, and the next change seals it with its target', async () => {
      const { service, repository, deps } = setUp();
      await service.update(MINIO);
      const box = toyBox();
      const older = box.seal(MINIO.secretAccessKey, null as unknown as SecretTarget);
      repository.row = { ...repository.row, revision: 5, secret: older };
      expect(await service.refresh()).toMatchObject({ mode: 'read-write' });
      await service.update({ concurrency: 2 });
      expect(box.open(repository.row.secret!)).toMatchObject({ value: MINIO.secretAccessKey, target: { endpoint: MINIO.endpoint, bucket: 'media', accessKeyId: 'AKIA' } });
      expect(await permitted(deps).refresh()).toMatchObject({ mode: 'read-write' });
    });
  });

  test('is removed together with its access key', async () => {
    const { service, repository } = setUp();
    await service.update(MINIO);
    await expect(service.update({ accessKeyId: null })).resolves.toMatchObject({ settings: { accessKeyId: null, secretAccessKeySet: false } });
    expect(repository.row.secret).toBeNull();
  });
});

describe('a pair of keys from the environment, the config file or a role', () => {
  const OWN = { S3_STORAGE_ENDPOINT: 'https://s3.own.example', S3_STORAGE_BUCKET: 'media' };
  const PAIR = { S3_STORAGE_ACCESS_KEY_ID: 'ENV', S3_STORAGE_SECRET_ACCESS_KEY: 'env-secret' };
  const EVIL = { endpoint: 'http://evil.example:9000' };

  test.each<[string, Partial<SettingsServiceDeps>, SettingsPatch, string[], RegExp]>([
    ['the environment’s, at another endpoint', { variables: { ...OWN, ...PAIR } }, EVIL, ['endpoint'], /environment.*S3_STORAGE_ENDPOINT/],
    ['the environment’s, in another bucket', { variables: { ...OWN, ...PAIR } }, { bucket: 'other' }, ['bucket'], /environment/],
    ['the environment’s, which is for Amazon', { variables: { S3_STORAGE_BUCKET: 'media', ...PAIR } }, EVIL, ['endpoint'], /Amazon/],
    ['the config file’s', { configFile: { endpoint: 'https://s3.own.example', bucket: 'media', accessKeyId: 'C', secretAccessKey: 'c-secret' } }, EVIL, ['endpoint'], /config file/],
    ['the config file’s, which is for Amazon', { configFile: { accessKeyId: 'C', secretAccessKey: 'c-secret' } }, { ...EVIL, bucket: 'b' }, ['endpoint', 'bucket'], /config file/],
    ['the environment’s, beside an endpoint of the config file', { variables: PAIR, configFile: { endpoint: 'https://s3.own.example', bucket: 'media' } }, EVIL, ['endpoint'], /environment/],
    ['the environment’s, beside a bucket of the config file', { variables: { S3_STORAGE_ENDPOINT: 'https://s3.own.example', ...PAIR }, configFile: { bucket: 'media' } }, { bucket: 'other' }, ['bucket'], /environment/],
    ['that of a role', { variables: { S3_STORAGE_BUCKET: 'media' } }, EVIL, ['endpoint'], /role/],
    ['that of a role, at a machine under Amazon’s name', { variables: { S3_STORAGE_BUCKET: 'media' } }, { endpoint: 'https://ec2-1-2-3-4.compute-1.amazonaws.com' }, ['endpoint'], /role/],
  ])('turns S3 off at a place that is not its own: %s', async (_what, source, patch, fields, advice) => {
    const { service, repository, deps } = setUp(source);
    await service.refresh();
    expect(await refusal(service.update(patch))).toEqual(['SECRET_REQUIRED', fields]);
    expect(() => service.preview(patch)).toThrow(SettingsRefused);
    expect(repository.row.revision).toBe(0);
    // the place may have come into the row in any way
    await repository.update((row) => ({ ...row, settings: { ...patch } }));
    const started = permitted(deps);
    expect(await started.refresh()).toMatchObject({ mode: 'off', reason: 'SECRET_REQUIRED' });
    expect(started.current().settings.credentials.kind).not.toBe('static');
    expect(started.answer()).toMatchObject({ settings: { secretAccessKeySet: false }, reason: { message: expect.stringMatching(advice) } });
    // it does not hold up anything else
    await expect(started.update({ concurrency: 2 })).resolves.toMatchObject({ mode: 'off' });
    await expect(started.update({ ...patch, accessKeyId: 'DB', secretAccessKey: 'db-secret' })).resolves.toMatchObject({ mode: 'read-write' });
    expect(started.current().settings.credentials).toMatchObject({ accessKeyId: 'DB', source: 'database' });
  });

  test.each<[string, Partial<SettingsServiceDeps>, SettingsPatch, string, string]>([
    ['everything from the environment', { variables: { ...OWN, ...PAIR } }, { concurrency: 2 }, 'static', 'environment'],
    ['the environment’s, its endpoint in the database too', { variables: { ...OWN, ...PAIR } }, { endpoint: 'HTTPS://S3.OWN.example:443/' }, 'static', 'environment'],
    ['the environment’s, its endpoint with a dot at the end', { variables: { ...OWN, ...PAIR } }, { endpoint: 'https://s3.own.example.' }, 'static', 'environment'],
    ['the environment’s without a bucket, at its endpoint', { variables: { S3_STORAGE_ENDPOINT: 'https://s3.own.example', ...PAIR } }, { bucket: 'any' }, 'static', 'environment'],
    ['the environment’s without an endpoint, at Amazon', { variables: { ...PAIR, AWS_REGION: 'eu-central-1' } }, { bucket: 'any' }, 'static', 'environment'],
    ['the environment’s without an endpoint, at one of Amazon’s', { variables: PAIR }, { bucket: 'any', endpoint: 'https://s3.dualstack.eu-west-1.amazonaws.com' }, 'static', 'environment'],
    ['everything from the config file', { configFile: { endpoint: 'https://s3.own.example', bucket: 'media', accessKeyId: 'C', secretAccessKey: 'c' } }, { concurrency: 2 }, 'static', 'config'],
    ['the environment’s, beside endpoint and bucket of the config file', { variables: PAIR, configFile: { endpoint: 'https://s3.own.example', bucket: 'media' } }, { concurrency: 2 }, 'static', 'environment'],
    ['the environment’s, while the database has a pair and a place of its own', { variables: { ...OWN, ...PAIR } }, { ...MINIO }, 'static', 'database'],
    ['a role, at Amazon', { variables: { AWS_REGION: 'eu-central-1' } }, { bucket: 'any' }, 'chain', 'default'],
    ['a role, at an endpoint of a VPC', {}, { bucket: 'any', endpoint: 'https://bucket.vpce-1a2b.s3.us-east-1.vpce.amazonaws.com' }, 'chain', 'default'],
  ])('leaves S3 on at its own place: %s', async (_what, source, patch, kind, from) => {
    const { service } = setUp(source);
    await service.refresh();
    await expect(service.update(patch)).resolves.toMatchObject({ mode: 'read-write', sources: { secretAccessKey: from } });
    expect(service.current().settings.credentials.kind).toBe(kind);
  });
});

test('a secret that cannot be opened turns S3 off, survives other changes, and can be entered again', async () => {
  const { service, deps } = setUp();
  await service.update(MINIO);
  const rotated = permitted({ ...deps, secrets: toyBox('another') });
  expect(await rotated.refresh()).toMatchObject({ mode: 'off', reason: 'SECRET_UNREADABLE' });
  expect(rotated.answer().settings).toMatchObject({ accessKeyId: 'AKIA', secretAccessKeySet: false });
  // a change of something else keeps the secret, because the old key may come back
  await rotated.update({ concurrency: 2 });
  await service.refresh();
  expect(service.current()).toMatchObject({ mode: 'read-write', settings: { concurrency: 2 } });
  expect(await rotated.update({ secretAccessKey: 'again' })).toMatchObject({ mode: 'read-write' });
});

describe('changes of the settings', () => {
  test('reach another process when it polls, and its listeners once', async () => {
    const { service, deps, repository } = setUp();
    const other = permitted(deps);
    await Promise.all([service.refresh(), other.refresh()]);
    const seen: (string | null)[] = [];
    const stop = other.onChange((now, before) => seen.push(before.settings.bucket, now.settings.bucket));
    await service.update(MINIO);
    expect(other.current().settings.bucket).toBeNull();
    await other.refresh();
    expect(seen).toEqual([null, 'media']);
    const { reads } = repository;
    const { settings } = other.current();
    await other.refresh();
    expect(repository.reads).toBe(reads);
    expect(other.current().settings).toBe(settings);
    stop();
    await service.update({ bucket: 'media2', secretAccessKey: 'x' });
    await other.refresh();
    expect(seen).toHaveLength(2);
  });

  test('come from a restored database, too, although its revision is older', async () => {
    const { service, repository } = setUp();
    await service.update(MINIO);
    const backup = repository.row;
    await service.update({ concurrency: 9 });
    repository.row = backup;
    expect((await service.refresh()).settings.concurrency).toBe(16);
  });

  test('are polled every 2 seconds, through failures, until the signal aborts', async () => {
    const waits: number[] = [];
    const stop = new AbortController();
    const { service, deps, repository, log } = setUp();
    const rounds = [
      () => undefined,
      () => void (repository.failure = new Error('locked: hunter2')),
      () => undefined,
      () => {
        repository.failure = null;
        repository.row = { ...repository.row, revision: 7, settings: { bucket: 'late' } };
      },
      () => undefined,
      () => stop.abort(),
    ];
    const clock: Clock = {
      ...systemClock,
      sleep: async (ms, signal) => {
        waits.push(ms);
        rounds.shift()?.();
        if (signal?.aborted) throw signal.reason;
      },
    };
    const following = permitted({ ...deps, clock });
    await following.follow(stop.signal);
    expect(following.current()).toMatchObject({ revision: 7, settings: { bucket: 'late' } });
    expect(waits).toEqual(Array(6).fill(2000));
    expect(log.lines).toHaveLength(1);
    expect(log.lines[0]).not.toContain('hunter2');
    expect(service.current().revision).toBe(0);
  });

  test('are followed before and during a piece of work, and not after it', async () => {
    const { service, repository } = setUp();
    const change = (revision: number) => void (repository.row = { ...repository.row, revision, settings: { productionOnly: true } });
    const seen = async (revision: number) => {
      while (service.current().revision !== revision) await new Promise((resolve) => setTimeout(resolve, 1));
    };
    change(3);
    const work = async () => {
      expect(service.current().revision).toBe(3);
      change(4);
      await seen(4);
      return 'done';
    };
    expect(await service.following(work, 1)).toBe('done');
    await expect(service.following(() => Promise.reject(new Error('broken')), 1)).rejects.toThrow('broken');
    change(5);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(service.current().revision).toBe(4);
  });

  test('reach the other listeners when one of them throws', async () => {
    const { service, log } = setUp();
    const told = jest.fn();
    service.onChange(() => {
      throw new Error('no');
    });
    service.onChange(told);
    await service.update(MINIO);
    expect(told).toHaveBeenCalledTimes(1);
    expect(log.lines).toHaveLength(1);
  });
});

test('problems in the config file are logged once each, without the values', async () => {
  const { service, log } = setUp({ configFile: { timeoutMs: 'hunter2', nonsense: 1 } });
  await service.refresh();
  await service.update({ bucket: 'b' });
  expect(log.lines).toHaveLength(2);
  expect(log.lines.join()).toMatch(/timeoutMs.*config.*nonsense/s);
  expect(log.lines.join()).not.toContain('hunter2');
});
