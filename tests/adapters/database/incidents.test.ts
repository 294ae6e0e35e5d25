import { incidentLog } from '../../../server/src/adapters/database/incidents';
import { migrate } from '../../../server/src/adapters/database/migrate';
import { knexTransactions } from '../../../server/src/adapters/database/transactions';
import type { IncidentLog } from '../../../server/src/core/outages/outage';
import { testDatabases, type TestDatabase } from '../../support/sql';

const MINUTE = 60_000;
/** The distance in milliseconds that a start, an end or a sign may have from its due time, because the test itself takes time. */
const TOLERANCE = 20_000;

describe.each(testDatabases())('incidents on $name', (kind) => {
  let database: TestDatabase;
  /** The logs of two processes that share nothing but the database. */
  let one: IncidentLog;
  let other: IncidentLog;
  beforeAll(async () => {
    database = await kind.open();
    await migrate(database.knex, { schema: database.schema });
    const log = () => incidentLog(knexTransactions(database.knex, database.schema));
    [one, other] = [log(), log()];
  });
  beforeEach(() => table().delete());
  afterAll(() => database.close());

  const table = () => (database.schema ? database.knex('s3_storage_incidents').withSchema(database.schema) : database.knex('s3_storage_incidents'));
  const later = (ms: number) => {
    const earlier = (name: string) => database.knex.raw('?? - ?', [name, ms]);
    return table().update({ started_at: earlier('started_at'), ended_at: earlier('ended_at'), seen_at: earlier('seen_at') });
  };
  const list = async () => (await one.list(10)).map(({ code, endedAt, fellBack }) => ({ code, fellBack, open: endedAt === null }));
  const stored = async () => (await table().select('ended_at').orderBy('id')).map((row: { ended_at: unknown }) => row.ended_at === null);
  const beat = (log: IncidentLog, fellBack = 0) => log.note({ fellBack, ended: false });
  const end = (log: IncidentLog, fellBack = 0) => log.note({ fellBack, ended: true });

  test('an incident of one process begins, counts what fell back, and ends', async () => {
    await one.begin('UNREACHABLE');
    await beat(one, 2);
    await later(2 * MINUTE);
    await beat(one, 1);
    expect(await list()).toEqual([{ code: 'UNREACHABLE', fellBack: 3, open: true }]);
    await end(one, 1);
    expect(await list()).toEqual([{ code: 'UNREACHABLE', fellBack: 4, open: false }]);
    const [incident] = await one.list(1);
    const lasted = incident!.endedAt!.getTime() - incident!.startedAt.getTime();
    expect(Math.abs(lasted - 2 * MINUTE)).toBeLessThan(TOLERANCE);
  });

  test('an outage of two processes is one incident, which ends with the last of them', async () => {
    await one.begin('UNREACHABLE');
    await beat(one, 2);
    await other.begin('TIMEOUT');
    await beat(other, 3);
    expect(await list()).toEqual([{ code: 'UNREACHABLE', fellBack: 5, open: true }]);
    await end(one);
    expect((await list())[0]!.open).toBe(false);
    await beat(other, 1);
    expect(await list()).toEqual([{ code: 'UNREACHABLE', fellBack: 6, open: true }]);
    await end(other);
    expect(await list()).toEqual([{ code: 'UNREACHABLE', fellBack: 6, open: false }]);
  });

  test('an outage that begins in six processes at once is one incident, also the first ever', async () => {
    for (let round = 0; round < 5; round++) {
      await table().delete();
      await Promise.all(Array.from({ length: 6 }, () => incidentLog(knexTransactions(database.knex, database.schema)).begin('UNREACHABLE')));
      expect(await list()).toHaveLength(1);
      await end(one);
      await Promise.all(Array.from({ length: 6 }, () => incidentLog(knexTransactions(database.knex, database.schema)).begin('TIMEOUT')));
      expect((await list()).map(({ code }) => code)).toEqual(['TIMEOUT', 'UNREACHABLE']);
    }
  });

  test('a process that starts again within the same outage goes on with its incident', async () => {
    await one.begin('UNREACHABLE');
    await beat(one, 2);
    await later(4 * MINUTE);
    await other.begin('UNREACHABLE');
    await beat(other, 1);
    expect(await list()).toEqual([{ code: 'UNREACHABLE', fellBack: 3, open: true }]);
  });

  test('an incident without a sign for 5 minutes is shown and stored as ended when it was last seen', async () => {
    await one.begin('UNREACHABLE');
    await later(10 * MINUTE);
    await beat(one, 1);
    await later(4 * MINUTE);
    await other.endUnseen();
    expect((await list())[0]!.open).toBe(true);
    await later(2 * MINUTE);
    expect((await list())[0]!.open).toBe(false);
    expect(await stored()).toEqual([true]);
    await other.endUnseen();
    expect(await stored()).toEqual([false]);
    const [{ startedAt, endedAt }] = (await one.list(1)) as unknown as [{ startedAt: Date; endedAt: Date }];
    expect(Math.abs(endedAt.getTime() - startedAt.getTime() - 10 * MINUTE)).toBeLessThan(TOLERANCE);
  });

  test('an outage after an incident that ended, or that got no sign any more, is a new incident', async () => {
    await one.begin('UNREACHABLE');
    await later(6 * MINUTE);
    await other.begin('TIMEOUT');
    expect(await list()).toEqual([
      { code: 'TIMEOUT', fellBack: 0, open: true },
      { code: 'UNREACHABLE', fellBack: 0, open: false },
    ]);
    expect(await stored()).toEqual([false, true]);
    await end(other);
    await one.begin('SERVER_ERROR');
    expect((await list()).map(({ code, open }) => [code, open])).toEqual([
      ['SERVER_ERROR', true],
      ['TIMEOUT', false],
      ['UNREACHABLE', false],
    ]);
  });

  test('a process that was silent for 6 minutes and is still in its outage goes on with the latest incident', async () => {
    await one.begin('UNREACHABLE');
    await beat(one, 1);
    await later(6 * MINUTE);
    await other.begin('TIMEOUT');
    await beat(one, 5);
    await end(other);
    await beat(one, 1);
    expect(await list()).toEqual([
      { code: 'TIMEOUT', fellBack: 6, open: true },
      { code: 'UNREACHABLE', fellBack: 1, open: false },
    ]);
  });

  test('a row of a version that stored no signs is shown as ended, and no new outage joins it', async () => {
    const started_at = 1_700_000_000_000;
    await table().insert({ code: 'TIMEOUT', started_at, fell_back: 2 });
    await one.begin('UNREACHABLE');
    const [newer, older] = await one.list(10);
    expect(newer).toMatchObject({ code: 'UNREACHABLE', endedAt: null });
    expect(older).toMatchObject({ code: 'TIMEOUT', fellBack: 2, endedAt: new Date(started_at) });
  });
});
