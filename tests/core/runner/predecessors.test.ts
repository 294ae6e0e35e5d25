import { migrate } from '../../../server/src/adapters/database/migrate';
import { knexLedger } from '../../../server/src/adapters/database/knex-ledger';
import { knexTransactions } from '../../../server/src/adapters/database/transactions';
import { knexLeases } from '../../../server/src/adapters/database/leases';
import { Predecessors } from '../../../server/src/core/runner/predecessors';
import type { LocalName, ObjectKey, VolumeId } from '../../../server/src/core/keys';
import { FakeJob, openProcess, until, untilAborted } from '../../support/job-world';
import { emptyTables, openSqlite, type TestDatabase } from '../../support/sql';

const VOLUME = 'disk-1' as VolumeId;
const quiet = () => undefined;
const work = { work: 'upload', volume: VOLUME, origin: 'library', limit: 10 } as const;

let database: TestDatabase;
beforeAll(async () => {
  database = await openSqlite();
  await migrate(database.knex);
});
afterEach(() => emptyTables(database));
afterAll(() => database.close());

/** A process that shares the disk with others. @param ended the processes that it knows to have ended */
function aProcess(holder: string, ended: string[] = []) {
  const transactions = knexTransactions(database.knex, database.schema);
  const leases = knexLeases(transactions);
  const ledger = knexLedger(transactions);
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  const { runs } = openProcess(database, []);
  const predecessors = new Predecessors({ leases, runs, ledger, volume: VOLUME, holder, hasEnded: async (other) => ended.includes(other), log });
  return { leases, ledger, runs, predecessors };
}

test('the claims and leases of a killed process are free at once, and its run is paused and counts as died', async () => {
  const dead = aProcess('dead');
  await dead.predecessors.register();
  await dead.ledger.record([{ key: 'a.png' as ObjectKey, local: { volume: VOLUME, localName: 'a.png' as LocalName }, size: 1 }]);
  expect(await dead.ledger.claim(work, 60_000, 'dead')).toHaveLength(1);
  await dead.leases.acquire('job:upload:disk-1', 'dead', 60_000);
  const options = { dryRun: false, maxId: null, apply: false, concurrency: 1, batchSize: 1, cleanupGraceMs: 0, fromStart: true };
  await dead.runs.begin({ job: 'upload', trigger: 'panel', request: 7, options, volume: VOLUME, holder: 'dead' });

  const next = aProcess('next', ['dead']);
  await next.predecessors.takeOver();
  expect(await next.ledger.claim(work, 60_000, 'next')).toHaveLength(1);
  expect(await next.leases.acquire('job:upload:disk-1', 'next', 60_000)).toBe(true);
  expect([await next.runs.running(), await next.runs.ofRequest('upload', 7)]).toEqual([[], [{ volume: VOLUME, status: 'paused', died: true }]]);
  expect(await next.leases.holders()).toEqual(['next']);
});

test('a process that is not known to have ended keeps its claims and its registration', async () => {
  const sibling = aProcess('sibling');
  await sibling.predecessors.register();
  await sibling.ledger.record([{ key: 'a.png' as ObjectKey, local: { volume: VOLUME, localName: 'a.png' as LocalName }, size: 1 }]);
  await sibling.ledger.claim(work, 60_000, 'sibling');
  const next = aProcess('next');
  await next.predecessors.takeOver();
  expect(await next.ledger.claim(work, 60_000, 'next')).toEqual([]);
  expect((await next.leases.holders()).sort()).toEqual(['next', 'sibling']);
  await next.predecessors.leave();
  expect(await next.leases.holders()).toEqual(['sibling']);
});

test('a database that fails does not keep a process from starting', async () => {
  const { predecessors, leases } = aProcess('next');
  jest.spyOn(leases, 'acquire').mockRejectedValue(new Error('no database'));
  await predecessors.takeOver();
});

test('a requested job goes on at once in the next process when its own was killed', async () => {
  const [first, second] = [new FakeJob('upload'), new FakeJob('upload')];
  first.work = untilAborted;
  const killed = openProcess(database, [first]);
  await killed.requests.start('upload', {});
  killed.runner.start();
  await until(() => first.active === 1);
  const holder: string = (await database.knex('s3_storage_runs').first('holder')).holder;
  await aProcess('next', [holder]).predecessors.takeOver();
  const next = openProcess(database, [second]);
  next.runner.start();
  await until(() => second.contexts.length === 1);
  expect(second.contexts[0]!.options.fromStart).toBe(false);
  await Promise.all([killed.runner.stop(), next.runner.stop()]);
});
