import { knexFindings } from '../../../server/src/adapters/database/findings';
import { knexJobRequests } from '../../../server/src/adapters/database/job-requests';
import { knexRuns } from '../../../server/src/adapters/database/runs';
import { migrate } from '../../../server/src/adapters/database/migrate';
import { knexTransactions } from '../../../server/src/adapters/database/transactions';
import type { JobRequests } from '../../../server/src/core/runner/job-requests';
import type { NewFinding } from '../../../server/src/core/runner/job';
import { RunProgress } from '../../../server/src/core/runner/run-progress';
import type { Findings, NewRun, RunEnd, Runs } from '../../../server/src/core/runner/runs';
import type { VolumeId } from '../../../server/src/core/keys';
import { emptyTables, shiftTimes, testDatabases, type TestDatabase } from '../../support/sql';

const MINUTE = 60_000;
const OPTIONS = { dryRun: false, maxId: null, apply: false, concurrency: 4, batchSize: 100, cleanupGraceMs: 0, fromStart: true };
const RUN: NewRun = { job: 'upload', trigger: 'panel', request: null, options: OPTIONS, volume: 'disk-1' as VolumeId, holder: 'one' };
const NOTHING = new RunProgress().snapshot();
const COMPLETE: RunEnd = { status: 'complete', error: null, snapshot: NOTHING };
const finding = (name: string, more: Partial<NewFinding> = {}): NewFinding => {
  return { kind: 'orphan-object', key: null, name, size: 10, code: null, action: 'none', applied: false, ...more };
};

describe.each(testDatabases())('runs, findings and requests on $name', (kind) => {
  let database: TestDatabase;
  let runs: Runs;
  let findings: Findings;
  let requests: JobRequests;
  beforeAll(async () => {
    database = await kind.open();
    await migrate(database.knex, { schema: database.schema });
    const transactions = knexTransactions(database.knex, database.schema);
    runs = knexRuns(transactions);
    findings = knexFindings(transactions);
    requests = knexJobRequests(transactions);
  });
  beforeEach(() => emptyTables(database));
  afterAll(() => database.close());

  const table = (name: string) => (database.schema ? database.knex(name).withSchema(database.schema) : database.knex(name));
  const ran = async (run: Partial<NewRun> = {}, end: Partial<RunEnd> = {}) => {
    const id = await runs.begin({ ...RUN, ...run });
    await runs.end(id, { ...COMPLETE, ...end });
    return id;
  };
  const dry = { options: { ...OPTIONS, dryRun: true } };

  test('a run begins, goes on, and ends, with all its numbers', async () => {
    const id = await runs.begin({ ...RUN, request: 3 });
    expect(await runs.running()).toMatchObject([{ entry: { id, status: 'running', done: 0, endedAt: null, error: null, skipped: [] } }]);
    const progress = new RunProgress();
    progress.expect(3, 5_000_000_000);
    progress.done(4_000_000_000);
    progress.failed();
    progress.requested('put', 2);
    progress.skipped('MISSING', 7);
    await runs.progress(id, progress.snapshot());
    await shiftTimes(database, 10_000);
    const [{ entry, lastsMs }] = (await runs.running()) as [Awaited<ReturnType<Runs['running']>>[0]];
    expect(entry).toMatchObject({ done: 1, total: 3, failed: 1, bytesDone: 4_000_000_000, bytesTotal: 5_000_000_000 });
    expect(lastsMs).toBeGreaterThanOrEqual(10_000);
    const ended = await runs.end(id, { status: 'paused', error: 'UNREACHABLE', snapshot: progress.snapshot() });
    expect(ended).toMatchObject({ status: 'paused', error: { code: 'UNREACHABLE', hint: expect.any(String) }, dryRun: false, volume: 'disk-1', trigger: 'panel' });
    expect(ended).toMatchObject({ requests: { put: 2, get: 0 }, skipped: [{ code: 'MISSING', count: 1, bytes: 7 }] });
    expect(Date.parse(ended.endedAt!)).toBeGreaterThanOrEqual(Date.parse(ended.startedAt));
    await runs.progress(id, NOTHING);
    expect(await runs.running()).toEqual([]);
    expect((await runs.latest())[0]).toEqual(ended);
  });

  test('a run without a sign for 2 minutes has died: it is paused, or failed if the command line started it', async () => {
    await runs.begin({ ...RUN, request: 3 });
    await runs.begin({ ...RUN, job: 'cleanup', trigger: 'command' });
    expect(await runs.ofRequest('upload', 3)).toEqual([{ volume: 'disk-1', status: 'running', died: false }]);
    await shiftTimes(database, 2 * MINUTE);
    expect(await runs.running()).toEqual([]);
    expect(await runs.ofRequest('upload', 3)).toEqual([{ volume: 'disk-1', status: 'paused', died: true }]);
    const [upload, cleanup] = await runs.latest();
    expect([upload!.status, upload!.error?.code, cleanup!.status]).toEqual(['paused', 'INTERNAL', 'failed']);
    expect(upload!.endedAt).not.toBeNull();
  });

  test('the last run and the last dry run of each job are found, and the runs of a request, the latest first', async () => {
    await ran({ request: 1 });
    const last = await ran({ request: 1, volume: null }, { status: 'failed', error: 'INTERNAL' });
    const lastDry = await ran({ ...dry, request: 2 });
    const audit = await ran({ job: 'audit' });
    expect((await runs.latest()).map(({ id, dryRun }) => [id, dryRun])).toEqual([[last, false], [lastDry, true], [audit, false]]);
    expect((await runs.ofRequest('upload', 1)).map(({ volume, status }) => [volume, status])).toEqual([[null, 'failed'], ['disk-1', 'complete']]);
    expect(await runs.ofRequest('cleanup', 1)).toEqual([]);
  });

  test('the history of a run lists the earlier runs of its job and disk, and dry runs apart from the others', async () => {
    const goesOn = { options: { ...OPTIONS, fromStart: false } };
    const first = await ran({}, { status: 'paused' });
    await ran({ ...goesOn, volume: 'disk-2' as VolumeId });
    await ran({ ...goesOn, job: 'cleanup' });
    const dryRun = await ran(dry);
    const died = await runs.begin({ ...RUN, ...goesOn });
    await shiftTimes(database, 2 * MINUTE);
    const last = await ran(goesOn);
    const newer = await ran(goesOn);
    const library = await ran({ job: 'restore', volume: null });
    const latest = async (id: number) => (await runs.latest()).find((run) => run.id === id)!;
    const past = async (id: number) => (await runs.history(await latest(id))).map(({ entry, fromStart }) => [entry.id, entry.status, fromStart]);
    expect(await past(newer)).toEqual([[newer, 'complete', false], [last, 'complete', false], [died, 'paused', false], [first, 'paused', true]]);
    expect(await past(dryRun)).toEqual([[dryRun, 'complete', true]]);
    expect(await past(library)).toEqual([[library, 'complete', true]]);
  });

  test('old runs are forgotten, except the last dry run and the run that completed the latest request on a disk', async () => {
    const old = await ran({ request: 1 });
    const oldDry = await ran(dry);
    const lastDry = await ran(dry);
    await findings.add(oldDry, [finding('a')]);
    const asked = await ran({ request: 2, volume: 'disk-2' as VolumeId });
    const paused = await ran({ request: 2 }, { status: 'paused' });
    for (let count = 0; count < 50; count++) await ran({ trigger: 'schedule' });
    const left = (await table('s3_storage_runs').orderBy('id').select('id')).map(({ id }: { id: number | string }) => Number(id));
    expect(left).toHaveLength(52);
    expect(left).toEqual(expect.arrayContaining([lastDry, asked]));
    for (const gone of [old, oldDry, paused]) expect(left).not.toContain(gone);
    expect(await table('s3_storage_findings')).toEqual([]);
  });

  test('findings are counted by kind and action, read by pages and kind, and forgotten with the next report', async () => {
    const first = await ran({ job: 'audit' });
    const other = await ran(dry);
    await findings.add(first, Array.from({ length: 205 }, (_, index) => finding(`orphan ${index} ü`)));
    const lost = finding('x', { kind: 'lost', key: 'x.jpg', size: null, code: 'LOST', action: 'mark-lost', applied: true, details: { rev: 3 } });
    await findings.add(first, [lost]);
    await findings.add(other, [finding('other')]);
    await findings.add(other, []);
    const all = await findings.page(first, { kind: undefined, offset: 200, limit: 100 });
    expect(all.counts).toEqual([{ kind: 'lost', action: 'mark-lost', count: 1, bytes: 0 }, { kind: 'orphan-object', action: 'none', count: 205, bytes: 2050 }]);
    expect([all.total, all.results.map(({ name }) => name)]).toEqual([206, ['orphan 200 ü', 'orphan 201 ü', 'orphan 202 ü', 'orphan 203 ü', 'orphan 204 ü', 'x']]);
    const { total, results } = await findings.page(first, { kind: 'lost', offset: 0, limit: 10 });
    expect([total, results]).toEqual([1, [{ kind: 'lost', key: 'x.jpg', name: 'x', size: null, reason: expect.objectContaining({ code: 'LOST' }), action: 'mark-lost', applied: true }]]);
    await findings.forgetBefore('audit', await ran({ job: 'audit' }));
    expect((await findings.page(first, { kind: undefined, offset: 0, limit: 10 })).total).toBe(0);
    expect((await findings.page(other, { kind: undefined, offset: 0, limit: 10 })).total).toBe(1);
  });

  test('each start and each stop is a new request with the next number, also when several come at once', async () => {
    expect(await requests.list()).toEqual([]);
    await requests.start('upload', { dryRun: true, maxId: 9 });
    expect(await requests.list()).toEqual([{ name: 'upload', number: 1, options: { dryRun: true, maxId: 9 }, stopped: false, requestedAt: expect.any(Date) }]);
    await requests.stop('upload');
    await requests.stop('audit');
    expect((await requests.list()).map(({ name, number, stopped }) => [name, number, stopped]).sort()).toEqual([['audit', 1, true], ['upload', 2, true]]);
    await Promise.all(Array.from({ length: 6 }, () => requests.start('restore', {})));
    expect((await requests.list()).find(({ name }) => name === 'restore')).toMatchObject({ number: 6, stopped: false, options: {} });
  });
});
