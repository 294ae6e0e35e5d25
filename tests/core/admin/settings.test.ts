import { Instance, instanceFacts } from '../../../server/src/core/instance';
import { quietEvents } from '../../support/events';
import { systemClock } from '../../../server/src/core/clock';
import { isOtherArea } from '../../../server/src/core/buckets/move-counts';
import { SettingsApi } from '../../../server/src/core/admin/settings';
import { Redactor } from '../../../server/src/core/settings/redactor';
import { SettingsService } from '../../../server/src/core/settings/service';
import { memoryProbe, story } from '../buckets/probe/support';
import { MemorySettingsRepository, recordingLog, toyBox } from '../settings/support';
import { NOT_LOOKED_YET, OWN, type Ownership } from '../../../server/src/core/ownership';

const STORED = { endpoint: 'http://127.0.0.1:9000', bucket: 'media', accessKeyId: 'KEY', secretAccessKey: 'hunter2-secret' };

const NONE = { count: 0, bytes: 0 };
const COUNTS = { staying: { count: 3, bytes: 30 }, outOfSight: { count: 1, bytes: 2 } };

async function setUp(variables: Record<string, string> = {}, hasObjects = false, ownership: Ownership = OWN) {
  const repository = new MemorySettingsRepository();
  const service = new SettingsService({
    repository, variables, secrets: toyBox(), configFile: null, clock: systemClock, log: recordingLog(), redactor: new Redactor(), isCron: () => true,
  });
  await service.update(STORED);
  const probe = memoryProbe();
  const learnt: boolean[] = [];
  const opened: { bucket: string | null; credentials: unknown }[] = [];
  const open: typeof probe.open = (settings) => {
    opened.push(settings);
    return probe.open(settings);
  };
  return { api: new SettingsApi({
      service,
      instance: new Instance(service, instanceFacts(variables, true), quietEvents(), () => ownership),
      probe: { open, clock: systemClock, ownerOf: async () => OWN },
      hasObjects: async () => hasObjects,
      moveCounts: async (before, { settings }) => (isOtherArea(before, settings) ? COUNTS : { staying: NONE, outOfSight: NONE }),
      applied: async () => undefined,
      onTested: (answer) => void learnt.push(answer.ok),
      stopMigration: async () => undefined,
    }), repository, opened, probe, learnt };
}

test('a connection test without a body tests the stored settings and their secret, and reports its result', async () => {
  const { api, opened, learnt } = await setUp();
  expect(await api.test(undefined)).toMatchObject({ ok: true });
  // the tested settings are in force, so the findings are true for everybody
  expect(learnt).toEqual([true]);
  expect(opened).toMatchObject([{ bucket: 'media', credentials: { secretAccessKey: 'hunter2-secret' } }]);
});

test('a connection test of unsaved settings neither stores them nor reports its result', async () => {
  const { api, opened, repository, learnt } = await setUp();
  const before = repository.row;
  expect(await api.test({ bucket: 'other', secretAccessKey: 'new-secret' })).toMatchObject({ ok: true });
  expect(learnt).toEqual([]);
  expect(opened).toMatchObject([{ bucket: 'other', credentials: { secretAccessKey: 'new-secret' } }]);
  expect(repository.row).toBe(before);
});

test('a connection test does not try the stored secret at another endpoint, but asks for the secret', async () => {
  const { api, opened } = await setUp();
  await expect(api.test({ endpoint: 'http://127.0.0.1:9999' })).rejects.toMatchObject({ code: 'SECRET_REQUIRED', fields: [{ path: 'endpoint' }] });
  expect(opened).toEqual([]);
});

test.each([
  ['minio', 'endpoint:INVALID_SETTINGS', /not a URL/],
  ['localhost:9000', 'endpoint:INVALID_SETTINGS', /not a URL/],
  ['http://169.254.169.254', 'endpoint:ENDPOINT_FORBIDDEN', /not allowed/],
  ['http://user@s3.example.com', 'endpoint:ENDPOINT_FORBIDDEN', /user name/],
])('a connection test answers an unusable endpoint with a failed step: %s', async (endpoint, expected, message) => {
  const { api, opened } = await setUp();
  const answer = await api.test({ endpoint });
  expect(story(answer)).toEqual([expected]);
  expect(answer.steps[0]?.message).toMatch(message);
  expect(opened).toEqual([]);
});

test('a connection test refuses a body with other bad fields, and names them', async () => {
  const { api } = await setUp();
  await expect(api.test({ bucket: 'a/b', nonsense: 1 })).rejects.toMatchObject({ code: 'INVALID_SETTINGS', fields: [{ path: 'bucket' }, { path: 'nonsense' }] });
});

test('a connection test on a copy of production only reads', async () => {
  const { api, probe } = await setUp({ NODE_ENV: 'development' });
  expect(story(await api.test({ productionOnly: true }))).toEqual(['endpoint', 'credentials', 'read']);
  expect(probe.written).toEqual([]);
});

test('an answer has the settings that another process has just stored', async () => {
  const { api, repository } = await setUp();
  repository.row = { ...repository.row, revision: 9, settings: { ...repository.row.settings, concurrency: 11 } };
  expect((await api.answer()).settings.concurrency).toBe(11);
});

describe('“Stop using S3”', () => {
  test('makes the instance read-only and switches both schedules off; “Use S3 again” undoes all but the schedules', async () => {
    const { api, repository } = await setUp();
    await repository.update((row) => ({ ...row, settings: { ...row.settings, uploadScheduleEnabled: true, cleanupScheduleEnabled: true } }));
    expect(await api.leave()).toMatchObject({
      mode: 'read-only',
      reason: { code: 'LEAVING' },
      settings: { leaving: true, uploadScheduleEnabled: false, cleanupScheduleEnabled: false, bucket: 'media' },
    });
    expect(await api.returnToS3()).toMatchObject({
      mode: 'read-write',
      reason: null,
      settings: { leaving: false, uploadScheduleEnabled: false, cleanupScheduleEnabled: false },
    });
  });

  test.each([
    ['while S3 is off', { bucket: null }, {}, 'NOT_CONFIGURED'],
    ['on a copy of production', { productionOnly: true }, { NODE_ENV: 'development' }, 'PRODUCTION_ONLY'],
    ['while the project is leaving already', { leaving: true }, {}, 'LEAVING'],
  ] as const)('is refused with the reason, and changes nothing, %s', async (_, settings, variables, code) => {
    const { api, repository } = await setUp(variables);
    await api.update(settings);
    const { revision } = repository.row;
    await expect(api.leave()).rejects.toMatchObject({ name: 'StorageError', code });
    expect(repository.row.revision).toBe(revision);
  });
});

test('a connection test is refused while another one is under way', async () => {
  const { api, opened } = await setUp();
  const first = api.test(undefined);
  await expect(api.test(undefined)).rejects.toMatchObject({ code: 'TEST_RUNNING' });
  expect(await first).toMatchObject({ ok: true });
  expect(await api.test(undefined)).toMatchObject({ ok: true });
  // a body that is refused is no test
  await expect(api.test({ nonsense: 1 })).rejects.toMatchObject({ code: 'INVALID_SETTINGS' });
  expect(await api.test(undefined)).toMatchObject({ ok: true });
  expect(opened).toHaveLength(3);
});

describe('a change of the area while files have objects', () => {
  const MOVES = [
    ['another bucket', { bucket: 'other', secretAccessKey: 'hunter2-secret' }],
    ['another prefix', { prefix: 'elsewhere' }],
    ['another endpoint', { endpoint: 'http://127.0.0.1:9999', secretAccessKey: 'hunter2-secret' }],
    ['no bucket', { bucket: null }],
  ] as const;

  test.each(MOVES)('is refused with the counts, and stores nothing, until somebody confirms it: %s', async (_, patch) => {
    const { api, repository } = await setUp({}, true);
    const before = repository.row;
    for (const body of [patch, { ...patch, confirmMove: false }]) {
      await expect(api.update(body)).rejects.toMatchObject({ code: 'MOVE_UNCONFIRMED', counts: COUNTS });
    }
    expect(repository.row).toBe(before);
    await api.update({ ...patch, confirmMove: true });
    expect(repository.row.revision).toBe(before.revision + 1);
    // the confirmation belongs to the request
    expect(repository.row.settings).not.toHaveProperty('confirmMove');
  });

  test.each(MOVES)('needs no confirmation before there are any: %s', async (_, patch) => {
    const { api } = await setUp();
    await expect(api.update(patch)).resolves.toBeDefined();
  });

  test('is judged by the stored row, not by settings that this process has read before', async () => {
    const { api, repository } = await setUp({}, true);
    repository.row = { ...repository.row, revision: 9, settings: { ...repository.row.settings, prefix: 'new/' } };
    await expect(api.update({ prefix: null })).rejects.toMatchObject({ code: 'MOVE_UNCONFIRMED' });
    await expect(api.update({ prefix: 'new' })).resolves.toBeDefined();
  });

  test.each([
    ['a setting that does not concern the area', { concurrency: 3 }],
    ['other keys', { accessKeyId: 'OTHER', secretAccessKey: 'other-secret' }],
    ['another spelling of the endpoint', { endpoint: 'http://127.0.0.1:9000/' }],
    ['the same values', { bucket: 'media', prefix: '' }],
  ])('is not seen in %s', async (_, patch) => {
    const { api } = await setUp({}, true);
    await expect(api.update(patch)).resolves.toBeDefined();
  });

  test('is refused first for a bad field, also in the confirmation', async () => {
    const { api } = await setUp({}, true);
    await expect(api.update({ bucket: 'a/b', confirmMove: 1 })).rejects.toMatchObject({ code: 'INVALID_SETTINGS', fields: [{ path: 'bucket' }, { path: 'confirmMove' }] });
    // only a change can be confirmed
    await expect(api.test({ confirmMove: true })).rejects.toMatchObject({ code: 'INVALID_SETTINGS', fields: [{ path: 'confirmMove' }] });
  });
});

test('the CORS rule joins those of the bucket in use, once', async () => {
  const { api, probe } = await setUp();
  const before = { AllowedOrigins: ['https://shop.example'], AllowedMethods: ['PUT'] };
  probe.rules.push(before);
  expect(await api.installCors()).toEqual({ added: true });
  expect(probe.rules).toMatchObject([before, { AllowedOrigins: ['*'], AllowedMethods: ['GET', 'HEAD'] }]);
  expect(await api.installCors()).toEqual({ added: false });
  expect(probe.rules).toHaveLength(2);
  expect(probe.closed()).toBe(probe.opened());
});

test('a rule that allows less is no reason to leave the CORS rule out', async () => {
  for (const less of [{ AllowedMethods: ['GET'] }, { AllowedOrigins: ['https://shop.example'] }, { AllowedHeaders: [] }, { ExposeHeaders: ['ETag'] }]) {
    const { api, probe } = await setUp();
    await api.installCors();
    probe.rules[0] = { ...probe.rules[0], ...less } as (typeof probe.rules)[0];
    expect(await api.installCors()).toEqual({ added: true });
  }
});

test('a copy of production leaves the CORS rules of the bucket alone', async () => {
  const { api, probe } = await setUp({ NODE_ENV: 'development', S3_STORAGE_PRODUCTION_ONLY: 'true' });
  await expect(api.installCors()).rejects.toMatchObject({ code: 'PRODUCTION_ONLY' });
  expect([probe.rules, probe.opened()]).toEqual([[], 0]);
});

test.each<[Ownership['state'], Ownership]>([
  ['unknown', NOT_LOOKED_YET],
  ['foreign', { state: 'foreign', code: 'DATABASE_COPY' }],
])('a server leaves the CORS rules of the bucket alone while the owner of the bucket is %s', async (_state, ownership) => {
  const { api, probe } = await setUp({}, false, ownership);
  await expect(api.installCors()).rejects.toMatchObject({ refused: true });
  expect([probe.rules, probe.opened()]).toEqual([[], 0]);
});

test('a bucket that does not keep the CORS rule is told apart from one that has it', async () => {
  const { api, probe } = await setUp();
  probe.rules.splice = () => [];
  await expect(api.installCors()).rejects.toMatchObject({ code: 'CORS_UNSUPPORTED' });
});
