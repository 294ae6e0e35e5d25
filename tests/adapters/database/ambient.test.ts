import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Database } from '@strapi/database';
import { knexLedger } from '../../../server/src/adapters/database/knex-ledger';
import { migrate } from '../../../server/src/adapters/database/migrate';
import { strapiTransactions } from '../../../server/src/adapters/database/transactions';
import type { Ledger } from '../../../server/src/core/ledger/ledger';
import type { Claim } from '../../../server/src/core/ledger/words';
import { DAY, failsWith, found, Hand, key, MD5, sent, VOLUME } from '../../contract/ledger/harness';
import { counted, play, rowsOf } from '../../contract/ledger/tallying';
import { emptyTables, shiftTimes, testDatabases, type TestDatabase } from '../../support/sql';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Strapi's own transactions over the test's connection. */
function strapiOver(database: TestDatabase): Database {
  const connection = { client: 'sqlite', connection: { filename: ':memory:' }, useNullAsDefault: true };
  // Strapi makes the folder
  const dir = mkdtempSync(path.join(tmpdir(), 'no-migrations-'));
  folders.push(dir);
  const strapi = new Database({ connection, settings: { migrations: { dir } } });
  return Object.assign(strapi, { connection: database.knex, getSchemaName: () => database.schema });
}

describe.each(testDatabases())('inside a transaction of Strapi’s on $name', (kind) => {
  let database: TestDatabase;
  let strapi: Database;
  let ledger: Ledger;
  beforeAll(async () => {
    database = await kind.open();
    await migrate(database.knex, { schema: database.schema });
    strapi = strapiOver(database);
    ledger = knexLedger(strapiTransactions(strapi));
  });
  beforeEach(() => emptyTables(database));
  afterAll(() => database.close());

  const hand = new Hand(() => ({ ledger, advance: (ms) => shiftTimes(database, ms) }));
  const rolledBack = async (work: () => Promise<void>) => {
    const undone = new Error('undone');
    const transaction = strapi.transaction(async () => {
      await work();
      throw undone;
    });
    await expect(transaction).rejects.toBe(undone);
  };

  it('the methods of the ledger see what the transaction did, and are committed with it', async () => {
    await strapi.transaction(async () => {
      const intent = await hand.object('a.png', { found: found('a.png') });
      await hand.publish(sent(intent));
      expect((await hand.row('a.png')).placement.state).toBe('remote');
      await ledger.bury(key('a.png'), { purgeAfterMs: 0 });
      expect(await ledger.duePurges(10)).toHaveLength(1);
      expect((await ledger.tallies()).trash.count).toBe(1);
      expect(await ledger.isEmpty()).toBe(false);
      const place = { endpoint: '', region: 'r', bucket: 'b' };
      expect(await ledger.locations()).toEqual([{ ...place, id: await ledger.locationId(place) }].slice(1));
      await ledger.swept([0]);
      await ledger.condemnAbandoned();
    });
    expect((await hand.row('a.png')).tombstone).not.toBeNull();
  });

  it('a rollback undoes everything', async () => {
    await hand.put('a.png');
    const pending = await hand.object('a.png');
    const row = await hand.row('a.png');
    await rolledBack(async () => {
      await hand.publish(sent(pending));
      await hand.put('b.png');
      await ledger.bury(key('a.png'), { purgeAfterMs: 0 });
      await ledger.purge(await hand.row('a.png'), { referenced: false, condemnObjects: true });
    });
    expect(await hand.row('a.png')).toEqual(row);
    expect(await ledger.find(key('b.png'))).toBeUndefined();
    expect(await hand.dueObjects()).toEqual([]);
    expect(await hand.publish(sent(pending))).toEqual(['published']);
  });

  it('a rollback undoes what was tallied, claimed and recorded', async () => {
    await hand.put('a.png');
    await hand.fallBack('b.png');
    const before = await ledger.tallies();
    const uploads: Claim = { work: 'upload', volume: VOLUME, origin: 'fallback', limit: 10 };
    await rolledBack(async () => {
      await play(hand, [['bury', 'a.png'], ['upload', 'b.png'], ['record', 'c.png'], ['fold', ''], ['recount', ''], ['fail', 'a.png']]);
      expect(await ledger.tallies()).toEqual(counted(await rowsOf(hand)));
      expect(await ledger.tallies()).not.toEqual(before);
    });
    expect(await ledger.tallies()).toEqual(before);
    await rolledBack(async () => {
      expect(await ledger.claim(uploads, DAY)).toHaveLength(1);
    });
    expect(await ledger.claim(uploads, DAY)).toHaveLength(1);
  });

  it('an intent that was rolled back is lost, even if its id was drawn again', async () => {
    let lost = await hand.object('kept.png');
    await rolledBack(async () => {
      lost = await hand.object('a.png', { plainFree: false });
    });
    const next = await hand.object('a.png', { plainFree: false });
    expect(next.name).not.toBe(lost.name);
    await failsWith('INTENT_LOST', hand.publish(sent(lost)));
    await ledger.abandon([lost]);
    await ledger.forget(lost);
    expect(await hand.publish(sent(next))).toEqual(['published']);
  });

  it('an intent that was rolled back is lost, also when it is committed beside the one that has its id now', async () => {
    await hand.fallBack('a.png');
    await hand.fallBack('b.png');
    let lost = await hand.object('kept.png');
    await rolledBack(async () => {
      lost = await hand.object('a.png', { plainFree: false });
    });
    const next = await hand.object('b.png', { plainFree: false });
    const commits = [lost, next].map(async (intent) => ({ row: await hand.row(intent.key), intent, etag: null, md5: MD5 }));
    expect(await ledger.commitUploads(await Promise.all(commits))).toEqual([false, true]);
    expect((await hand.row('b.png')).placement).toMatchObject({ state: 'both', remote: { object: next.name } });
    expect((await hand.row('a.png')).placement.state).toBe('local');
  });

  it('INTENT_LOST leaves the transaction usable and changes nothing in it', async () => {
    await strapi.transaction(async () => {
      const [good, bad] = [await hand.object('a.png'), await hand.object('b.png')];
      await ledger.abandon([bad]);
      await failsWith('INTENT_LOST', hand.publish(sent(good), sent(bad)));
      expect(await hand.publish(sent(good))).toEqual(['published']);
    });
    expect((await hand.row('a.png')).rev).toBe(1);
    expect((await hand.row('b.png')).placement.state).toBe('new');
  });

  it('calls at the same time do not disturb each other', async () => {
    await strapi.transaction(async () => {
      const intents = await Promise.all(Array.from({ length: 10 }, () => hand.object('a.png')));
      expect(intents.filter(({ name }) => name === 'a.png')).toHaveLength(1);
      await Promise.all([...intents].reverse().map((intent) => hand.publish(sent(intent))));
      const latest = Math.max(...intents.map(({ ticket }) => ticket));
      expect(await hand.row('a.png')).toMatchObject({ ticket: latest, rev: 1 });
    });
    expect(await hand.dueObjects()).toHaveLength(9);
  });

  it('a call that failed does not hold up the next one', async () => {
    await strapi.transaction(async () => {
      const intent = await hand.object('a.png');
      const failing = hand.publish(sent({ ...intent, id: -1 }));
      const next = hand.publish(sent(intent));
      await failsWith('INTENT_LOST', failing);
      expect(await next).toEqual(['published']);
    });
  });
});
