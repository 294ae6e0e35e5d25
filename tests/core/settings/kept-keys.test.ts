import { systemClock } from '../../../server/src/core/clock';
import { publicSettings } from '../../../server/src/core/settings/resolve';
import { Redactor } from '../../../server/src/core/settings/redactor';
import { SettingsService } from '../../../server/src/core/settings/service';
import { MemorySettingsRepository, recordingLog, toyBox } from './support';

const FIRST = { endpoint: 'http://127.0.0.1:9000', bucket: 'media', accessKeyId: 'FIRST', secretAccessKey: 'first-secret' };
const SECOND = { endpoint: 'http://127.0.0.1:9999', bucket: 'media', accessKeyId: 'SECOND', secretAccessKey: 'second-secret' };

async function setUp(variables: Record<string, string> = {}, stored: Record<string, unknown> | null = FIRST, key = 'key') {
  const repository = new MemorySettingsRepository();
  const redactor = new Redactor();
  const serviceWith = (box: string) =>
    new SettingsService({ repository, variables, secrets: toyBox(box), configFile: null, clock: systemClock, log: recordingLog(), redactor, isCron: () => true });
  const service = serviceWith(key);
  if (stored) await service.update(stored);
  const kept = () => service.current().settings.kept.map(({ endpoint, bucket, accessKeyId, secretAccessKey }) => ({ endpoint, bucket, accessKeyId, secretAccessKey }));
  return { repository, service, serviceWith, redactor, kept };
}

test.each([
  ['endpoint', SECOND],
  ['bucket', { bucket: 'other', accessKeyId: 'SECOND', secretAccessKey: 'second-secret' }],
  ['bucket, with the same pair', { bucket: 'other', secretAccessKey: 'first-secret' }],
  ['bucket, which goes', { bucket: null }],
  ['endpoint, and no pair takes its place', { endpoint: null, accessKeyId: null }],
] as const)('the pair of the former target is kept when another target takes its place: %s', async (_, patch) => {
  const { service, kept, repository } = await setUp();
  await service.update(patch);
  expect(kept()).toEqual([FIRST]);
  // what lies in the database is sealed, together with the target
  expect(JSON.stringify(repository.row)).not.toContain('first-secret');
  expect(toyBox().open(repository.row.kept[0]!.secret)).toEqual({ value: 'first-secret', target: { endpoint: FIRST.endpoint, bucket: 'media', accessKeyId: 'FIRST' } });
  // other changes keep it, and another process has it too
  await service.update({ concurrency: 3 });
  expect(kept()).toEqual([FIRST]);
});

test.each([
  ['a new pair for the same bucket', { accessKeyId: 'SECOND', secretAccessKey: 'second-secret' }],
  ['a pair that goes', { accessKeyId: null }],
  ['another prefix', { prefix: 'elsewhere' }],
  ['another spelling of the endpoint', { endpoint: 'http://127.0.0.1:9000/', secretAccessKey: 'first-secret' }],
])('nothing is kept where the bucket stays: %s', async (_, patch) => {
  const { service, kept } = await setUp();
  await service.update(patch);
  expect(kept()).toEqual([]);
});

test('a way back ends what was kept for the bucket, and keeps the other pair', async () => {
  const { service, kept } = await setUp();
  await service.update(SECOND);
  await service.update({ ...FIRST, secretAccessKey: 'newer-secret' });
  expect(kept()).toEqual([SECOND]);
  await service.update(SECOND);
  expect(kept()).toEqual([{ ...FIRST, secretAccessKey: 'newer-secret' }]);
});

test('a pair that was entered for a bucket before the environment named another one is kept when the next pair is entered', async () => {
  const variables: Record<string, string> = { S3_STORAGE_BUCKET: 'media', S3_STORAGE_ENDPOINT: FIRST.endpoint };
  const { service, kept } = await setUp(variables, { accessKeyId: 'FIRST', secretAccessKey: 'first-secret' });
  variables.S3_STORAGE_ENDPOINT = SECOND.endpoint;
  await service.update({ accessKeyId: 'SECOND', secretAccessKey: 'second-secret' });
  expect(kept()).toEqual([FIRST]);
});

test('a pair of the environment cannot be kept', async () => {
  const { service, kept } = await setUp({ S3_STORAGE_ACCESS_KEY_ID: 'ENV', S3_STORAGE_SECRET_ACCESS_KEY: 'env-secret', S3_STORAGE_ENDPOINT: FIRST.endpoint, S3_STORAGE_BUCKET: 'media' }, null);
  await service.update(SECOND);
  expect(kept()).toEqual([]);
});

test('a kept pair stays closed after somebody has exchanged its target in the database', async () => {
  const { service, repository, kept } = await setUp();
  await service.update(SECOND);
  const [row] = repository.row.kept;
  for (const exchanged of [{ endpoint: 'http://127.0.0.1:6666' }, { bucket: 'theirs' }, { accessKeyId: 'THEIRS' }]) {
    repository.row = { ...repository.row, revision: repository.row.revision + 1, kept: [{ ...row!, ...exchanged }] };
    await service.refresh();
    expect(kept()).toMatchObject([{ secretAccessKey: null }]);
  }
});

test('a process with another encryption key keeps what it cannot open', async () => {
  const { service, serviceWith, repository } = await setUp();
  await service.update(SECOND);
  const { kept } = repository.row;
  const other = serviceWith('other');
  await other.update({ concurrency: 5, secretAccessKey: 'second-secret' });
  expect(other.current().settings.kept).toMatchObject([{ accessKeyId: 'FIRST', secretAccessKey: null }]);
  expect(repository.row.kept).toEqual(kept);
});

test('a kept secret is taken out of every text for the log, and is no part of the public settings', async () => {
  const { service, serviceWith, redactor } = await setUp();
  await service.update(SECOND);
  const fresh = serviceWith('key');
  await fresh.refresh();
  expect(redactor.clean('a first-secret')).not.toContain('first-secret');
  const shown = JSON.stringify(publicSettings(fresh.current().settings));
  expect(['first-secret', 'FIRST', 'kept'].filter((text) => shown.includes(text))).toEqual([]);
});

test('the process that only opens a kept secret hides it in its log', async () => {
  const { repository, service } = await setUp();
  await service.update(SECOND);
  const redactor = new Redactor();
  await new SettingsService({ repository, variables: {}, secrets: toyBox(), configFile: null, clock: systemClock, log: recordingLog(), redactor, isCron: () => true }).refresh();
  expect(redactor.clean('a first-secret')).not.toContain('first-secret');
});

test('only the keys that somebody names are forgotten', async () => {
  const { service, kept } = await setUp();
  await service.update(SECOND);
  await service.update({ ...SECOND, bucket: 'third' });
  expect(kept()).toEqual([FIRST, SECOND]);
  await service.dropKept(service.current().settings.kept.slice(0, 1));
  expect(kept()).toEqual([SECOND]);
});
