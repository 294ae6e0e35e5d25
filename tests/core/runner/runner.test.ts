// this file is long, because every promise of the runner needs the same processes on one database
import { migrate } from '../../../server/src/adapters/database/migrate';
import { StorageError } from '../../../server/src/core/errors';
import type { RunStatus } from '../../../server/src/contracts/jobs';
import { RunProgress } from '../../../server/src/core/runner/run-progress';
import { aWhile, FakeJob, openProcess, until, untilAborted, type TestProcess } from '../../support/job-world';
import { emptyTables, openSqlite, shiftTimes, type TestDatabase } from '../../support/sql';

const MINUTE = 60_000;

let database: TestDatabase;
let processes: TestProcess[] = [];

beforeAll(async () => {
  database = await openSqlite();
  await migrate(database.knex);
});
afterEach(async () => {
  await Promise.all(processes.map(({ runner }) => runner.stop()));
  processes = [];
  await emptyTables(database);
  await database.knex('s3_storage_volumes').delete();
});
afterAll(() => database.close());

function begin(jobs: FakeJob[], options: Parameters<typeof openProcess>[2] & { serves?: boolean } = {}): TestProcess {
  const made = openProcess(database, jobs, options);
  processes.push(made);
  if (options.serves ?? true) made.runner.start();
  return made;
}

const stored = (): Promise<{ status: RunStatus; error: string | null; volume: string | null; trigger_kind: string }[]> =>
  database.knex('s3_storage_runs').orderBy('id').select('status', 'error', 'volume', 'trigger_kind');
const statuses = async () => (await stored()).map(({ status }) => status);

describe('a requested job', () => {
  test('runs once, in one of the two processes of a disk', async () => {
    const jobs = [new FakeJob('upload'), new FakeJob('upload')] as const;
    const [one] = jobs.map((job) => begin([job])) as [TestProcess];
    await one.requests.start('upload', { maxId: 7 });
    await until(async () => (await statuses()).includes('complete'));
    await aWhile();
    expect(jobs.flatMap(({ contexts }) => contexts.map(({ options }) => options.maxId))).toEqual([7]);
    expect(await stored()).toEqual([{ status: 'complete', error: null, volume: 'disk-1', trigger_kind: 'panel' }]);
  });

  test('takes the range of the settings only for an upload, and an explicit range for a restore, too', async () => {
    const jobs = [new FakeJob('upload'), new FakeJob('restore', 'library'), new FakeJob('audit', 'library')];
    const { runner, requests, registry, volume, now } = begin(jobs);
    now.maxId = 7;
    await registry.beat(volume);
    for (const { name } of jobs) await requests.start(name, {});
    await until(() => jobs.every(({ contexts }) => contexts.length === 1));
    await until(async () => (await statuses()).filter((status) => status === 'complete').length === 3);
    for (const { name } of jobs) await runner.runNow(name, {}, { signal: new AbortController().signal, onProgress: () => undefined, onPaused: () => undefined });
    await runner.runNow('restore', { maxId: 3 }, { signal: new AbortController().signal, onProgress: () => undefined, onPaused: () => undefined });
    expect(jobs.map(({ contexts }) => contexts.map(({ options }) => options.maxId))).toEqual([[7, 7], [null, null, 3], [null, null]]);
  });

  test('does not run a second time in its process when a tick comes while the request is looked up', async () => {
    const job = new FakeJob('upload');
    job.work = untilAborted;
    const { requests, book, runner } = begin([job], { serves: false });
    await requests.start('upload', {});
    const { standing } = book;
    jest.spyOn(book, 'standing').mockImplementationOnce(async (...of) => {
      void runner.tick('upload');
      await until(() => job.active === 1);
      return standing.apply(book, of);
    });
    runner.start();
    await until(() => job.active === 1);
    await aWhile();
    expect([job.most, job.contexts.length, await statuses()]).toEqual([1, 1, ['running']]);
  });

  test('does not run again when another process finishes it between the look-up and the lease', async () => {
    const job = new FakeJob('upload');
    const { requests, runs, book, runner, volume } = begin([job], { serves: false });
    await requests.start('upload', {});
    const options = { dryRun: false, maxId: null, apply: false, concurrency: 1, batchSize: 1, cleanupGraceMs: 0, fromStart: true };
    jest.spyOn(book, 'standing').mockImplementationOnce(async (_job, { number }) => {
      const id = await runs.begin({ job: 'upload', trigger: 'panel', request: number, options, volume, holder: 'other' });
      await runs.end(id, { status: 'complete', error: null, snapshot: new RunProgress().snapshot() });
      return 'new';
    });
    runner.start();
    await aWhile();
    expect([job.contexts.length, await statuses()]).toEqual([0, ['complete']]);
  });

  test('is not run again by a process that comes later, until somebody requests it again', async () => {
    const first = new FakeJob('upload');
    const { requests } = begin([first]);
    await requests.start('upload', {});
    await until(async () => (await statuses()).includes('complete'));
    const later = new FakeJob('upload');
    begin([later]);
    await aWhile();
    expect(later.contexts).toHaveLength(0);
    await requests.start('upload', {});
    await until(() => first.contexts.length + later.contexts.length === 2);
  });

  test('runs once on each disk, but a dry run and a job of the whole library run only once in all', async () => {
    const disks = ['disk-1', 'disk-2'].map((volume) => {
      const jobs = { upload: new FakeJob('upload'), cleanup: new FakeJob('cleanup'), audit: new FakeJob('audit', 'library') };
      return { ...begin(Object.values(jobs), { volume }), jobs };
    });
    const [{ requests }] = disks as [(typeof disks)[0]];
    await requests.start('upload', {});
    await requests.start('cleanup', { dryRun: true });
    await requests.start('audit', {});
    await until(async () => (await statuses()).filter((status) => status === 'complete').length >= 4);
    await aWhile();
    const runs = (name: 'upload' | 'cleanup' | 'audit') => disks.map(({ jobs }) => jobs[name].contexts.length);
    expect(runs('upload')).toEqual([1, 1]);
    expect(runs('cleanup').reduce((sum, count) => sum + count)).toBe(1);
    expect(runs('audit').reduce((sum, count) => sum + count)).toBe(1);
    expect((await database.knex('s3_storage_runs').where('job', 'audit').first('volume')).volume).toBeNull();
  });

  test('runs a restore on the disks that were there at its request, and not on a newer one', async () => {
    const [there, fresh] = [new FakeJob('restore'), new FakeJob('restore')];
    const { registry, requests, volume } = begin([there], { volume: 'there' });
    const newcomer = begin([fresh], { volume: 'fresh' });
    await registry.beat(volume);
    await database.knex('s3_storage_volumes').update({ first_seen: 1 });
    await requests.start('restore', {});
    await shiftTimes(database, MINUTE);
    await newcomer.registry.beat(newcomer.volume);
    await until(async () => (await statuses()).includes('complete'));
    await aWhile();
    expect([there.contexts.length, fresh.contexts.length]).toEqual([1, 0]);
  });

  test('goes on after its time is up, from where it was, until it is complete', async () => {
    const job = new FakeJob('upload');
    job.work = async (context) => (job.contexts.length < 3 ? untilAborted(context) : { status: 'complete' });
    const { requests } = begin([job], { budgetMs: 20 });
    await requests.start('upload', {});
    await until(async () => (await statuses()).includes('complete'));
    expect(await statuses()).toEqual(['paused', 'paused', 'complete']);
    expect(job.contexts.map(({ options }) => options.fromStart)).toEqual([true, false, false]);
  });

  test.each([
    ['the end of its time', false, { budgetMs: 20 }, async () => undefined],
    ['a stop', false, {}, ({ requests }: TestProcess) => requests.stop('upload')],
    ['the end of its process', true, {}, ({ runner }: TestProcess) => runner.stop()],
  ])('is ended by %s, in a hurry: %s', async (_what, hurried, options, end) => {
    const job = new FakeJob('upload');
    const seen: boolean[] = [];
    job.work = async (context) => untilAborted(context).finally(() => seen.push(context.hurry.aborted));
    const made = begin([job], options);
    await made.requests.start('upload', {});
    await until(() => job.active === 1);
    await end(made);
    await until(() => seen.length > 0);
    expect(seen[0]).toBe(hurried);
  });

  test('is not tried again at once after it paused because S3 is away', async () => {
    const job = new FakeJob('upload');
    job.work = async () => ({ status: 'paused', code: 'UNREACHABLE' });
    const { requests } = begin([job]);
    await requests.start('upload', {});
    await until(async () => (await statuses()).includes('paused'));
    await aWhile();
    expect(await stored()).toMatchObject([{ status: 'paused', error: 'UNREACHABLE' }]);
  });

  test('runs once the database answers again, and the failure of the database is logged once', async () => {
    const job = new FakeJob('upload');
    const { requests, log } = begin([job]);
    await database.knex.schema.renameTable('s3_storage_jobs', 's3_storage_elsewhere');
    await until(() => log.lines.length > 0);
    await aWhile();
    await database.knex.schema.renameTable('s3_storage_elsewhere', 's3_storage_jobs');
    expect(log.lines).toHaveLength(1);
    await requests.start('upload', {});
    await until(async () => (await statuses()).includes('complete'));
  });

  test('is ended by a stop in another process, and does not run again', async () => {
    const job = new FakeJob('upload');
    job.work = untilAborted;
    begin([job]);
    const { requests } = begin([new FakeJob('upload')], { volume: 'disk-2', serves: false });
    await requests.start('upload', {});
    await until(() => job.active === 1);
    await requests.stop('upload');
    await until(async () => (await statuses()).includes('stopped'));
    await aWhile();
    expect([await statuses(), job.contexts.length]).toEqual([['stopped'], 1]);
  });

  test('is over when its run fails, with a code and a line in the log, and runs again at the next request', async () => {
    const job = new FakeJob('upload');
    job.work = async () => Promise.reject(job.contexts.length === 1 ? new Error('out of luck') : new StorageError('DISK_TOO_SMALL'));
    const { requests, log } = begin([job]);
    await requests.start('upload', {});
    await until(async () => (await statuses()).includes('failed'));
    await aWhile();
    expect(job.contexts).toHaveLength(1);
    await requests.start('upload', {});
    await until(async () => (await statuses()).length === 2 && !(await statuses()).includes('running'));
    expect((await stored()).map(({ error }) => error)).toEqual(['INTERNAL', 'DISK_TOO_SMALL']);
    expect(log.lines).toEqual([expect.stringContaining('out of luck'), expect.any(String)]);
  });

  test('waits while it is blocked, while the instance is read-only and while S3 is away, and then runs', async () => {
    const job = new FakeJob('upload');
    job.blocked = 'UPLOAD_INCOMPLETE';
    const { requests, now } = begin([job]);
    await requests.start('upload', {});
    await aWhile();
    now.mode = 'read-only';
    job.blocked = null;
    await aWhile();
    now.mode = 'read-write';
    now.s3Away = true;
    await aWhile();
    expect(await stored()).toEqual([]);
    now.s3Away = false;
    await until(async () => (await statuses()).includes('complete'));
  });

  test('is paused by the end of its process, which waits for that, and goes on in the next process', async () => {
    const [job, heir] = [new FakeJob('upload'), new FakeJob('upload')];
    let closed = false;
    job.work = async (context) => {
      const outcome = await untilAborted(context);
      await aWhile();
      closed = true;
      return outcome;
    };
    const { requests, runner } = begin([job]);
    await requests.start('upload', {});
    await until(() => job.active === 1);
    await runner.stop();
    expect([closed, await statuses()]).toEqual([true, ['paused']]);
    begin([heir]);
    await until(async () => (await statuses()).includes('complete'));
    expect(heir.contexts[0]!.options.fromStart).toBe(false);
  });

  test('goes on in another process 2 minutes after its own was killed, but not after 3 such deaths', async () => {
    const { requests, runs, volume } = begin([], { serves: false });
    await requests.start('upload', {});
    const { number } = (await requests.list())[0]!;
    const options = { dryRun: false, maxId: null, apply: false, concurrency: 1, batchSize: 1, cleanupGraceMs: 0, fromStart: true };
    const killed = () => runs.begin({ job: 'upload', trigger: 'panel', request: number, options, volume, holder: 'killed' });
    await killed();
    const heir = new FakeJob('upload');
    begin([heir]);
    await aWhile();
    expect(heir.contexts).toHaveLength(0);
    heir.work = untilAborted;
    await shiftTimes(database, 2 * MINUTE);
    await until(() => heir.active === 1);
    await Promise.all(processes.map(({ runner }) => runner.stop()));
    await killed();
    await killed();
    await shiftTimes(database, 2 * MINUTE);
    const next = new FakeJob('upload');
    begin([next]);
    await aWhile();
    expect(next.contexts).toHaveLength(0);
  });
});

describe('the limit of one run at a time', () => {
  test('holds for each disk and for each process when several processes tick at once', async () => {
    const jobs = [new FakeJob('upload'), new FakeJob('upload'), new FakeJob('upload')];
    const release: (() => void)[] = [];
    for (const job of jobs) job.work = () => new Promise((resolve) => release.push(() => resolve({ status: 'complete' })));
    const made = jobs.map((job, index) => begin([job], { volume: index === 2 ? 'disk-2' : 'disk-1', serves: false }));
    const ticks = [...made, ...made].map(({ runner }) => runner.tick('upload'));
    await until(() => release.length === 2);
    await aWhile();
    expect([jobs[0]!.contexts.length + jobs[1]!.contexts.length, jobs[2]!.contexts.length]).toEqual([1, 1]);
    for (const end of release) end();
    await Promise.all(ticks);
    expect(jobs.map(({ most }) => most).sort()).toEqual([0, 1, 1]);
  });

  test('holds when a tick comes while a requested run is under way', async () => {
    const job = new FakeJob('upload');
    job.work = untilAborted;
    const { requests, runner } = begin([job]);
    await requests.start('upload', {});
    await until(() => job.active === 1);
    await runner.tick('upload');
    expect(job.contexts).toHaveLength(1);
  });
});

describe('a tick', () => {
  test('does nothing while the job is complete, while the instance is read-only and while S3 is away', async () => {
    const job = new FakeJob('upload');
    const { runner, now } = begin([job], { serves: false });
    job.complete = true;
    await runner.tick('upload');
    job.complete = false;
    now.mode = 'read-only';
    await runner.tick('upload');
    now.mode = 'read-write';
    now.s3Away = true;
    await runner.tick('upload');
    expect(await stored()).toEqual([]);
    now.s3Away = false;
    await runner.tick('upload');
    expect(await stored()).toMatchObject([{ status: 'complete', trigger_kind: 'schedule' }]);
  });

  test('runs until its time is up or a stop comes, and an older stop does not count', async () => {
    const job = new FakeJob('upload');
    job.work = untilAborted;
    const { runner, requests } = begin([job], { serves: false, budgetMs: 20 });
    await requests.stop('upload');
    await runner.tick('upload');
    expect(await statuses()).toEqual(['paused']);
    const long = begin([job], { serves: false });
    const ticking = long.runner.tick('upload');
    await until(() => job.active === 1);
    await aWhile();
    expect(job.active).toBe(1);
    await requests.stop('upload');
    await ticking;
    expect(await statuses()).toEqual(['paused', 'stopped']);
  });
});

describe('cleanup and restore', () => {
  const both = () => ({ cleanup: new FakeJob('cleanup'), restore: new FakeJob('restore') });
  const OPTIONS = { dryRun: false, maxId: null, apply: false };

  test('exclude each other: a scheduled cleanup blocks a restore, and a wanted restore blocks a cleanup', async () => {
    const jobs = both();
    const { blocks, requests, registry, volume, now, book } = begin(Object.values(jobs), { serves: false });
    await registry.beat(volume);
    expect([await blocks.of(jobs.cleanup, OPTIONS), await blocks.of(jobs.restore, OPTIONS)]).toEqual([null, null]);
    now.cleanupIsScheduled = true;
    expect([await blocks.of(jobs.cleanup, OPTIONS), await blocks.of(jobs.restore, OPTIONS)]).toEqual([null, 'CLEANUP_WANTED']);
    expect(await blocks.of(jobs.restore, { ...OPTIONS, dryRun: true })).toBeNull();
    now.cleanupIsScheduled = false;
    await requests.start('restore', {});
    expect(await blocks.of(jobs.cleanup, OPTIONS)).toBe('RESTORE_WANTED');
    await requests.stop('restore');
    expect(await book.isWanted(jobs.restore, (await requests.list())[0])).toBe(false);
    expect(await blocks.of(jobs.cleanup, OPTIONS)).toBeNull();
  });

  test('run one after the other when both are requested', async () => {
    const jobs = both();
    const order: string[] = [];
    for (const job of Object.values(jobs)) {
      job.work = async () => {
        order.push(job.name);
        expect(jobs.cleanup.active + jobs.restore.active).toBe(1);
        return { status: 'complete' };
      };
    }
    const { requests, registry, volume, runner } = begin(Object.values(jobs), { serves: false });
    await registry.beat(volume);
    await requests.start('restore', {});
    await requests.start('cleanup', {});
    runner.start();
    await until(() => order.length === 2);
    expect(order).toEqual(['restore', 'cleanup']);
  });

  test('differ in read-only mode, which blocks uploads, cleanups and applying audits, but no restore', async () => {
    const jobs = [new FakeJob('upload'), new FakeJob('cleanup'), new FakeJob('restore'), new FakeJob('audit', 'library')];
    const { blocks, now } = begin(jobs, { serves: false });
    now.mode = 'read-only';
    expect(await Promise.all(jobs.map((job) => blocks.of(job, OPTIONS)))).toEqual(['READ_ONLY', 'READ_ONLY', null, null]);
    expect(await blocks.of(jobs[3]!, { ...OPTIONS, apply: true })).toBe('READ_ONLY');
  });
});

describe('on the command line', () => {
  const signal = () => new AbortController().signal;

  test('a job runs to the end with the given options, and reports its progress', async () => {
    const job = new FakeJob('upload');
    job.work = async ({ progress, commit }) => {
      progress.expect(2, 20);
      progress.done(10);
      await commit();
      progress.done(10);
      return { status: 'complete' };
    };
    const seen: number[] = [];
    const { runner } = begin([job], { serves: false, budgetMs: 1 });
    const entry = await runner.runNow('upload', { concurrency: 9, maxId: undefined }, { signal: signal(), onProgress: ({ done }) => seen.push(done), onPaused: () => undefined });
    expect(entry).toMatchObject({ status: 'complete', trigger: 'command', done: 2, bytesTotal: 20, volume: 'disk-1' });
    expect([seen[0], seen.at(-1)]).toEqual([1, 2]);
    expect(job.contexts[0]!.options).toMatchObject({ concurrency: 9, maxId: null, batchSize: 100, fromStart: true });
  });

  test('a job is stopped by its signal, and by a stop in the panel', async () => {
    const job = new FakeJob('upload');
    const hurried: boolean[] = [];
    job.work = async (context) => untilAborted(context).finally(() => hurried.push(context.hurry.aborted));
    const { runner, requests } = begin([job], { serves: false });
    const interrupt = new AbortController();
    const interrupted = runner.runNow('upload', {}, { signal: interrupt.signal, onProgress: () => undefined, onPaused: () => undefined });
    await until(() => job.active === 1);
    interrupt.abort();
    expect((await interrupted).status).toBe('stopped');
    expect(hurried).toEqual([false]);
    const stopped = runner.runNow('upload', {}, { signal: signal(), onProgress: () => undefined, onPaused: () => undefined });
    await until(() => job.active === 1);
    await requests.stop('upload');
    expect((await stopped).status).toBe('stopped');
  });

  test('a job waits while S3 is away, says so, and goes on from where it was', async () => {
    const job = new FakeJob('upload');
    job.work = async () => (job.contexts.length < 3 ? { status: 'paused', code: 'UNREACHABLE' } : { status: 'complete' });
    const told: string[] = [];
    const { runner } = begin([job], { serves: false, retryMs: 5 });
    const hooks = { signal: signal(), onProgress: () => undefined, onPaused: (code: string | null) => void told.push(String(code)) };
    expect((await runner.runNow('upload', {}, hooks)).status).toBe('complete');
    expect([told, job.contexts.map(({ options }) => options.fromStart)]).toEqual([['UNREACHABLE', 'UNREACHABLE'], [true, false, false]]);
  });

  test.each([
    ['a right that is missing', 'ACCESS_DENIED', 3],
    ['a full disk', 'DISK_FULL', 3],
    ['an outage', 'UNREACHABLE', 6],
    ['a file’s own trouble', 'NOT_ON_DISK', 6],
  ] as const)('a job that meets %s (%s) without any progress ends after %d runs', async (_what, code, count) => {
    const job = new FakeJob('upload');
    job.work = async () => (job.contexts.length < 6 ? { status: 'paused', code } : { status: 'complete' });
    const { runner } = begin([job], { serves: false, retryMs: 1 });
    const entry = await runner.runNow('upload', {}, { signal: signal(), onProgress: () => undefined, onPaused: () => undefined });
    expect(job.contexts).toHaveLength(count);
    expect([entry.status, entry.error?.code]).toEqual(count === 3 ? ['paused', code] : ['complete', undefined]);
  });

  test('a job is ended by refusals only when no file moves on, also with other runs in between', async () => {
    const job = new FakeJob('upload');
    job.work = async ({ progress }) => {
      if (job.contexts.length === 3) progress.done(1);
      return { status: 'paused', code: job.contexts.length % 2 ? 'ACCESS_DENIED' : null };
    };
    const told: unknown[] = [];
    const { runner } = begin([job], { serves: false, retryMs: 1 });
    const hooks = { signal: signal(), onProgress: () => undefined, onPaused: (code: unknown) => void told.push(code) };
    expect(await runner.runNow('upload', {}, hooks)).toMatchObject({ status: 'paused', error: { code: 'ACCESS_DENIED' } });
    expect(job.contexts).toHaveLength(9);
    expect(told.slice(0, 2)).toEqual(['ACCESS_DENIED', null]);
  });

  test('a job ends with READ_ONLY when the instance becomes read-only meanwhile', async () => {
    const job = new FakeJob('upload');
    const { runner, now } = begin([job], { serves: false, retryMs: 1 });
    job.work = async ({ progress }) => {
      progress.done(1);
      now.mode = 'read-only';
      return { status: 'paused', code: 'UNREACHABLE' };
    };
    const entry = await runner.runNow('upload', {}, { signal: signal(), onProgress: () => undefined, onPaused: () => undefined });
    expect(entry).toMatchObject({ status: 'paused', done: 1, error: { code: 'READ_ONLY' } });
  });

  test('a job that cannot run is refused with the reason', async () => {
    const job = new FakeJob('upload');
    const { runner } = begin([job], { serves: false });
    const other = begin([job], { serves: false });
    const run = (name: 'upload' | 'purge') => other.runner.runNow(name, {}, { signal: signal(), onProgress: () => undefined, onPaused: () => undefined });
    await expect(run('purge')).rejects.toMatchObject({ code: 'NO_SUCH_JOB' });
    job.blocked = 'UPLOAD_INCOMPLETE';
    await expect(run('upload')).rejects.toMatchObject({ code: 'UPLOAD_INCOMPLETE' });
    job.blocked = null;
    job.work = untilAborted;
    const ticking = runner.tick('upload');
    await until(() => job.active === 1);
    await expect(run('upload')).rejects.toMatchObject({ code: 'ALREADY_RUNNING' });
    await runner.stop();
    await ticking;
  });

  test('a process that does not serve runs no requested job', async () => {
    const job = new FakeJob('upload');
    const { requests, runner } = begin([job], { serves: false });
    await requests.start('upload', {});
    runner.wake();
    await aWhile();
    expect(job.contexts).toHaveLength(0);
  });
});
