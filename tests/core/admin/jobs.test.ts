import { isCron } from '../../../server/src/adapters/strapi/schedules';
import { migrate } from '../../../server/src/adapters/database/migrate';
import type { JobName, RunEntry } from '../../../server/src/contracts/jobs';
import type { SettingsPatch } from '../../../server/src/contracts/settings';
import { StorageError } from '../../../server/src/core/errors';
import { progressOf, wholeOf } from '../../../server/src/core/admin/job-numbers';
import { JobsApi } from '../../../server/src/core/admin/jobs';
import { type Tallies, talliesOf } from '../../../server/src/core/ledger/tallies';
import { RequestRefused } from '../../../server/src/core/refused';
import { runOf } from '../../support/job-answers';
import { FakeJob, openProcess, until, untilAborted } from '../../support/job-world';
import { emptyTables, openSqlite, shiftTimes, type TestDatabase } from '../../support/sql';

let database: TestDatabase;
beforeAll(async () => {
  database = await openSqlite();
  await migrate(database.knex);
});
beforeEach(() => emptyTables(database));
afterAll(() => database.close());

const TALLIES: Tallies = {
  ...talliesOf([]),
  local: { count: 5, bytes: 50 },
  pendingLibrary: { count: 4, bytes: 40 },
  keptByCopy: { count: 0, bytes: 0 },
  pendingUploads: { count: 1, bytes: 10 },
  both: { count: 3, bytes: 30 },
  remote: { count: 2, bytes: 20 },
  trash: { count: 4, bytes: 40 },
  failed: { count: 3, bytes: 30 },
  failedOf: { local: 1, both: 2, remote: 0, missing: 0 },
};

const NOTHING = talliesOf([]);
const NONE = { count: 0, bytes: 0 };

function setUp() {
  const jobs = { upload: new FakeJob('upload'), cleanup: new FakeJob('cleanup'), relocate: new FakeJob('relocate', 'library'), audit: new FakeJob('audit', 'library') };
  const parts = openProcess(database, Object.values(jobs));
  const { runs, findings, requests, book, blocks, runner } = parts;
  const now = Object.assign(parts.now, { tallies: TALLIES });
  const patches: SettingsPatch[] = [];
  const scheduled = new Set<string>(['upload', 'cleanup']);
  let woken = 0;
  const api = new JobsApi({
    ...{ jobs: Object.values(jobs), runs, findings, requests, book, blocks, isCron },
    ledger: { tallies: async () => now.tallies, isEmpty: async () => now.tallies === NOTHING },
    outside: { count: async () => ({ count: 2, bytes: 25 }) },
    instance: now,
    maxId: () => 40,
    schedule: (name) => ({ enabled: scheduled.has(name), expression: '*/2 * * * *', nextRunAt: new Date(0) }),
    updateSettings: async (patch) => {
      patches.push(patch);
      if (patch.uploadScheduleEnabled === false) scheduled.delete('upload');
    },
    onRequest: () => runner.wake(),
    purge: () => void woken++,
  });
  const answerOf = async (name: JobName) => (await api.answer()).jobs.find((job) => job.name === name)!;
  return { ...parts, ...jobs, now, api, patches, answerOf, woken: () => woken };
}

const refusal = async (work: Promise<unknown>): Promise<unknown> => {
  const error = await work.then(() => undefined, (thrown: unknown) => thrown);
  if (error instanceof RequestRefused) return error.fields.map(({ path }) => path);
  return (error as { code?: string } | undefined)?.code;
};

test('the answer has the progress, the schedule and the obstacle of each job', async () => {
  const { api, cleanup, now } = setUp();
  cleanup.blocked = 'UPLOAD_INCOMPLETE';
  const { jobs } = await api.answer();
  const rest = { perSecond: null, bytesPerSecond: null, etaSeconds: null };
  expect(jobs.map(({ name, progress }) => [name, progress])).toEqual([
    ['upload', { done: 5, total: 9, failed: 1, bytesDone: 50, bytesTotal: 90, ...rest }],
    ['cleanup', { done: 2, total: 5, failed: 2, bytesDone: 20, bytesTotal: 50, ...rest }],
    ['relocate', { done: 3, total: 5, failed: 0, bytesDone: 25, bytesTotal: 50, ...rest }],
    ['purge', { done: 0, total: 4, failed: 0, bytesDone: 0, bytesTotal: 40, ...rest }],
    ['audit', { done: 0, total: 0, failed: 0, bytesDone: 0, bytesTotal: 0, ...rest }],
  ]);
  const [upload, blocked, , purge] = jobs as [(typeof jobs)[0], (typeof jobs)[0], (typeof jobs)[0], (typeof jobs)[0]];
  expect(upload).toMatchObject({ running: false, wanted: false, complete: false, lastRun: null, lastDryRun: null, blockedBy: null });
  expect(upload.schedule).toEqual({ enabled: true, expression: '*/2 * * * *', nextRunAt: new Date(0).toISOString() });
  expect(blocked.blockedBy).toMatchObject({ code: 'UPLOAD_INCOMPLETE', hint: expect.any(String) });
  expect(purge).toMatchObject({ schedule: { enabled: true, expression: null, nextRunAt: null }, complete: false, blockedBy: null });
  now.mode = 'read-only';
  expect((await api.answer()).jobs.map(({ blockedBy }) => blockedBy?.code)).toEqual(['READ_ONLY', 'READ_ONLY', 'READ_ONLY', 'READ_ONLY', undefined]);
});

test('missing files count into the total of the upload', () => {
  const tallies = { ...TALLIES, pendingLibrary: { count: 0, bytes: 0 }, missing: { count: 2, bytes: 0 }, failedOf: { local: 0, both: 0, remote: 0, missing: 2 } };
  expect(progressOf('upload', { tallies, outside: NONE }, [], null)).toMatchObject({ done: 5, total: 7, failed: 2 });
});

test('the pace is the sum of the runs under way that have lasted at least 2 seconds', () => {
  const run = (lastsMs: number, done: number) => ({ lastsMs, entry: { job: 'upload', dryRun: false, done, bytesDone: done * 10 } as RunEntry });
  const pace = (...runs: ReturnType<typeof run>[]) => {
    const { perSecond, bytesPerSecond, etaSeconds } = progressOf('upload', { tallies: TALLIES, outside: NONE }, runs, null);
    return [perSecond, bytesPerSecond, etaSeconds];
  };
  expect(pace()).toEqual([null, null, null]);
  expect(pace(run(1_999, 100))).toEqual([null, null, null]);
  expect(pace(run(4_000, 0))).toEqual([0, 0, null]);
  expect(pace(run(4_000, 6), run(2_000, 1), run(100, 100))).toEqual([2, 20, 2]);
});

test('a started job is wanted, then runs and shows its pace; a second start is refused, and a stop ends it', async () => {
  const { api, upload, runner, answerOf } = setUp();
  upload.work = async (context) => {
    context.progress.expect(9, 90);
    for (let file = 0; file < 4; file++) context.progress.done(10);
    await context.commit();
    return untilAborted(context);
  };
  expect(await api.start('upload', {})).toMatchObject({ name: 'upload', wanted: true });
  expect(await refusal(api.start('upload', {}))).toBe('ALREADY_RUNNING');
  runner.start();
  await until(async () => (await answerOf('upload')).running);
  await shiftTimes(database, 20_000);
  const { perSecond, bytesPerSecond, etaSeconds } = (await answerOf('upload')).progress;
  // the job did four files in some twenty seconds, and four are left
  expect([perSecond! > 0, perSecond! <= 0.2, bytesPerSecond! <= 2, etaSeconds! >= 20]).toEqual([true, true, true, true]);
  expect(await refusal(api.start('upload', { dryRun: true }))).toBe('ALREADY_RUNNING');
  expect(await api.stop('upload')).toMatchObject({ wanted: false });
  await until(async () => (await answerOf('upload')).lastRun?.status === 'stopped');
  expect((await answerOf('upload')).running).toBe(false);
  await runner.stop();
});

test('a start begins a job anew that is waiting between two runs because a file failed', async () => {
  const { api, upload, runner, answerOf } = setUp();
  upload.work = async () => ({ status: 'paused', code: 'FILE_CHANGED' });
  await api.start('upload', {});
  runner.start();
  await until(async () => (await answerOf('upload')).lastRun?.status === 'paused');
  expect(await answerOf('upload')).toMatchObject({ running: false, wanted: true });
  upload.work = untilAborted;
  await api.start('upload', {});
  // the job does not wait as the former request would
  await until(() => upload.active === 1);
  expect(upload.contexts.map(({ options }) => options.fromStart)).toEqual([true, true]);
  await api.stop('upload');
  await runner.stop();
});

test('a job is not complete while the ledger is empty, unless it has run to its end', async () => {
  const { api, audit, runner, answerOf, now } = setUp();
  now.tallies = NOTHING;
  expect((await api.answer()).jobs.map(({ name, complete, looked }) => [name, complete, looked])).toEqual(['upload', 'cleanup', 'relocate', 'purge', 'audit'].map((name) => [name, false, false]));
  audit.complete = true;
  await api.start('audit', {});
  runner.start();
  await until(async () => (await answerOf('audit')).lastRun?.status === 'complete');
  expect(await answerOf('audit')).toMatchObject({ complete: true, looked: true });
  expect(await answerOf('purge')).toMatchObject({ complete: false, looked: false });
  await runner.stop();
});

test('a run is summed up with the paused runs right before it, back to the run that began anew', () => {
  const past = (id: number, status: RunEntry['status'], fromStart = false) => ({ entry: runOf({ id, status, done: 10 ** id, startedAt: `began ${id}` }), fromStart });
  const whole = (...runs: ReturnType<typeof past>[]) => {
    const [last, ...before] = runs as [ReturnType<typeof past>, ...ReturnType<typeof past>[]];
    const { id, done, startedAt } = wholeOf(last, before);
    return [id, done, startedAt];
  };
  expect(whole(past(3, 'complete'), past(2, 'paused'), past(1, 'paused', true), past(0, 'paused'))).toEqual([3, 1_110, 'began 1']);
  expect(whole(past(3, 'complete'), past(2, 'paused'), past(1, 'complete'))).toEqual([3, 1_100, 'began 2']);
  for (const ended of ['complete', 'stopped', 'failed'] as const) expect(whole(past(3, 'paused'), past(2, ended))).toEqual([3, 1_000, 'began 3']);
  expect(whole(past(3, 'running', true), past(2, 'paused'))).toEqual([3, 1_000, 'began 3']);
});

test('the last run is summed up with the paused runs that it continues; the last run of an audit stands alone', async () => {
  const { upload, audit, runner, answerOf } = setUp();
  const left = [3, 2, 0];
  upload.work = async ({ progress }) => {
    const moved = left.shift() ?? 0;
    progress.expect(moved + left.reduce((sum, count) => sum + count, 0), 50);
    for (let file = 0; file < moved; file++) progress.done(10);
    progress.requested('put', moved);
    if (left.length > 1) progress.failed();
    return left.length > 0 ? { status: 'paused', code: null } : { status: 'complete' };
  };
  for (let tick = 0; tick < 3; tick++) await runner.tick('upload');
  const whole = (await answerOf('upload')).lastRun!;
  expect(whole).toMatchObject({ status: 'complete', done: 5, total: 5, bytesDone: 50, failed: 0, requests: { put: 5, get: 0 } });
  await runner.tick('upload');
  expect((await answerOf('upload')).lastRun).toMatchObject({ id: whole.id + 1, done: 0 });

  audit.work = async ({ progress }) => {
    progress.done(1);
    return audit.contexts.length === 1 ? { status: 'paused', code: null } : { status: 'complete' };
  };
  for (let tick = 0; tick < 2; tick++) await runner.tick('audit');
  expect((await answerOf('audit')).lastRun).toMatchObject({ status: 'complete', done: 1 });
});

test('a start that cannot be taken is refused with the reason, and no request is stored', async () => {
  const { api, cleanup, now, requests } = setUp();
  cleanup.blocked = 'UPLOAD_INCOMPLETE';
  expect(await refusal(api.start('cleanup', {}))).toBe('UPLOAD_INCOMPLETE');
  now.mode = 'read-only';
  expect(await refusal(api.start('upload', {}))).toBe('READ_ONLY');
  expect(await refusal(api.start('audit', { apply: true }))).toBe('READ_ONLY');
  // the settings know why
  now.reason = 'LEAVING';
  expect(await refusal(api.start('upload', {}))).toBe('LEAVING');
  expect((await api.answer()).jobs.map(({ blockedBy }) => blockedBy?.code)).toEqual(['LEAVING', 'LEAVING', 'LEAVING', 'LEAVING', undefined]);
  expect(await refusal(api.start('nonsense', {}))).toBe('NO_SUCH_JOB');
  expect(await refusal(api.start('upload', { dryRun: 1, maxId: 0, pace: 3 }))).toEqual(expect.arrayContaining(['dryRun', 'maxId', 'pace']));
  expect(await refusal(api.start('upload', { apply: true }))).toEqual(['apply']);
  expect(await refusal(api.start('upload', []))).toEqual(['']);
  expect(await requests.list()).toEqual([]);
});

test('a job whose check of the disk or of S3 fails is blocked by that, and the other jobs are still answered', async () => {
  const { api, cleanup, upload } = setUp();
  const statfs = Object.assign(new Error('EIO: i/o error, statfs'), { code: 'EIO', syscall: 'statfs' });
  jest.spyOn(cleanup, 'blockedBy').mockRejectedValue(statfs);
  jest.spyOn(upload, 'blockedBy').mockRejectedValue(new StorageError('UNAVAILABLE'));
  expect((await api.answer()).jobs.map(({ blockedBy }) => blockedBy?.code)).toEqual(['UNAVAILABLE', 'DISK_ERROR', undefined, undefined, undefined]);
  expect(await refusal(api.start('cleanup', {}))).toBe('DISK_ERROR');
  jest.spyOn(cleanup, 'blockedBy').mockRejectedValue(new Error('no such column'));
  await expect(api.answer()).rejects.toThrow('no such column');
});

test('a start of the purge wakes it; the purge can be neither stopped nor scheduled', async () => {
  const { api, woken } = setUp();
  expect(await api.start('purge', {})).toMatchObject({ name: 'purge', running: false });
  expect(woken()).toBe(1);
  expect(await refusal(api.stop('purge'))).toBe('NO_SUCH_JOB');
  expect(await refusal(api.setSchedule('purge', { enabled: true }))).toBe('NO_SUCH_JOB');
  expect(await refusal(api.setSchedule('audit', { enabled: true }))).toBe('NO_SUCH_JOB');
});

test('a changed schedule is stored in the settings, and an invalid schedule is refused', async () => {
  const { api, patches } = setUp();
  await api.setSchedule('cleanup', { enabled: true, expression: '0 3 * * *' });
  await api.setSchedule('upload', { enabled: false });
  expect(patches).toEqual([{ cleanupScheduleEnabled: true, cleanupSchedule: '0 3 * * *' }, { uploadScheduleEnabled: false, uploadSchedule: undefined }]);
  for (const expression of ['99 * * * *', '0 0 31 2 *', 'often', 5]) expect(await refusal(api.setSchedule('upload', { expression }))).toEqual(['expression']);
  expect(await refusal(api.setSchedule('upload', { enabled: 'yes' }))).toEqual(['enabled']);
  expect(patches).toHaveLength(2);
});

test('a stop switches off the schedule that would begin the job anew; the stop of a dry run does not', async () => {
  const { api, upload, cleanup, audit, runner, requests, patches, answerOf } = setUp();
  for (const job of [upload, cleanup, audit]) job.work = untilAborted;
  const ticking = runner.tick('upload');
  await until(() => upload.active === 1);
  expect((await api.stop('upload')).schedule.enabled).toBe(false);
  await ticking;
  expect(patches).toEqual([{ uploadScheduleEnabled: false }]);
  expect((await answerOf('upload')).lastRun?.status).toBe('stopped');

  await api.stop('upload');
  await requests.start('cleanup', { dryRun: true });
  await api.stop('cleanup');
  runner.start();
  await requests.start('cleanup', { dryRun: true });
  await requests.start('audit', {});
  await until(async () => (await answerOf('cleanup')).running && (await answerOf('audit')).running);
  await api.stop('cleanup');
  await api.stop('audit');
  expect(patches).toHaveLength(1);
  await runner.stop();
});

test('the report has the findings of the last dry run in pages; those of a real run are not kept', async () => {
  const { api, upload, runner, answerOf } = setUp();
  upload.work = async ({ progress, report }) => {
    progress.expect(2, 20);
    await report(['a', 'b'].map((name) => ({ kind: 'missing', key: name, name, size: null, code: 'NOT_ON_DISK', action: 'none', applied: false })));
    return { status: 'complete' };
  };
  expect(await api.report('upload', {})).toEqual({ run: null, counts: [], results: [], pagination: { page: 1, pageSize: 20, total: 0 } });
  runner.start();
  await api.start('upload', { dryRun: true });
  await until(async () => (await answerOf('upload')).lastDryRun?.status === 'complete');
  await api.start('upload', {});
  await until(async () => (await answerOf('upload')).lastRun?.status === 'complete');
  const report = await api.report('upload', { page: '2', pageSize: '1', kind: 'missing' });
  expect(report).toMatchObject({ run: { dryRun: true, total: 2 }, counts: [{ kind: 'missing', action: 'none', count: 2 }], results: [{ key: 'b', reason: { code: 'NOT_ON_DISK' } }] });
  expect(report.pagination).toEqual({ page: 2, pageSize: 1, total: 2 });
  expect(await database.knex('s3_storage_findings')).toHaveLength(2);
  expect(await refusal(api.report('upload', { kind: 'odd', page: '0' }))).toEqual(expect.arrayContaining(['kind', 'page']));
  await runner.stop();
});

test('the progress of a job whose dry run is under way is that of the dry run', async () => {
  const { api, cleanup, runner, answerOf } = setUp();
  cleanup.work = async (context) => {
    context.progress.expect(700, 7000);
    await context.commit();
    return untilAborted(context);
  };
  runner.start();
  await api.start('cleanup', { dryRun: true });
  await until(async () => (await answerOf('cleanup')).progress.total === 700);
  await runner.stop();
});

test('a job is asked whether it is complete with its last real run, even after a later dry run', async () => {
  const { api, upload, runner, answerOf } = setUp();
  const asked = jest.spyOn(upload, 'isComplete');
  const lastAsked = () => (asked.mock.lastCall as unknown[])[1];
  await api.answer();
  expect(lastAsked()).toBeNull();
  runner.start();
  for (const dryRun of [false, true]) {
    await api.start('upload', { dryRun });
    await until(async () => (await answerOf('upload'))[dryRun ? 'lastDryRun' : 'lastRun']?.status === 'complete');
  }
  await runner.stop();
  expect(lastAsked()).toMatchObject({ dryRun: false, status: 'complete' });
});
