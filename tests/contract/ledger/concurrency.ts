import { DAY, key, MD5, sent, VOLUME, type Hand } from './harness';
import { commitCleanup, commitRestore } from '../../support/ledger-steps';

export function concurrency(hand: Hand): void {
  const times = <T>(count: number, work: (index: number) => Promise<T>) =>
    Promise.all(Array.from({ length: count }, (_, index) => work(index)));

  it('writes that begin get the plain name once, and no name or ticket twice', async () => {
    const intents = await times(20, () => hand.object('a.png'));
    expect(intents.filter(({ name }) => name === 'a.png')).toHaveLength(1);
    expect(new Set(intents.map(({ name }) => name)).size).toBe(20);
    expect(new Set(intents.map(({ ticket }) => ticket)).size).toBe(20);
    const files = await times(20, () => hand.file('b.png'));
    expect(files.filter(({ name }) => name === 'b.png')).toHaveLength(1);
    expect(new Set(files.map(({ name }) => name)).size).toBe(20);
  });

  it('first writes of many keys do not hinder each other', async () => {
    await times(40, (index) => hand.put(`${index}.png`));
    expect((await hand.ledger.tallies()).remote.count).toBe(40);
  });

  it('publishes of one key come one after the other, and the latest write stays', async () => {
    const intents = await times(20, () => hand.object('a.png'));
    const outcomes = await Promise.all(intents.map((intent) => hand.publish(sent(intent))));
    const latest = intents.reduce((a, b) => (a.ticket > b.ticket ? a : b));
    const row = await hand.row('a.png');
    expect(row).toMatchObject({ ticket: latest.ticket, placement: { remote: { object: latest.name } } });
    expect(row.rev).toBe(outcomes.flat().filter((outcome) => outcome === 'published').length);
    const others = intents.filter((intent) => intent !== latest).map(({ name }) => name);
    expect(await hand.condemnedAfter(DAY)).toEqual(others.sort());
  });

  it('requests that share keys in opposite orders all succeed', async () => {
    const keys = ['a.png', 'b.png', 'c.png'];
    await times(12, async (index) => {
      const order = index % 2 ? keys : [...keys].reverse();
      const intents = [];
      for (const name of order) intents.push(await hand.object(name));
      await hand.publish(...intents.map((intent) => sent(intent)));
    });
    for (const name of keys) expect((await hand.row(name)).placement.state).toBe('remote');
    // every name that was handed out is live or condemned
    expect(await hand.condemnedAfter(DAY)).toHaveLength(12 * keys.length - keys.length);
  });

  it('exactly one of five commits against one rev of a row wins', async () => {
    await hand.fallBack('a.png');
    const row = await hand.row('a.png');
    const intents = await times(5, () => hand.object('a.png'));
    const md5 = 'd41d8cd98f00b204e9800998ecf8427e';
    const commits = await Promise.all(intents.map((intent) => hand.commitUpload(row, intent, { etag: null, md5 })));
    expect(commits.filter(Boolean)).toHaveLength(1);
    expect(await hand.dueObjects()).toHaveLength(4);
  });

  it('deletes, writes, purges and sweeps never condemn a live name', async () => {
    await times(30, async (index) => {
      const name = `${index % 3}.png`;
      if (index % 5 === 0) await hand.ledger.bury(key(name), { purgeAfterMs: 0 });
      else if (index % 5 === 1) await hand.ledger.condemnAbandoned();
      else if (index % 5 === 2) await sweep(hand);
      else await hand.put(name);
      for (const row of await hand.ledger.duePurges(10)) {
        await hand.ledger.purge(row, { referenced: index % 2 === 0, condemnObjects: true });
      }
    });
    const live = (await times(3, (index) => hand.row(`${index}.png`))).flatMap(({ placement }) =>
      'remote' in placement ? [placement.remote.object] : [],
    );
    const condemned: string[] = await hand.condemnedAfter(2 * DAY);
    expect(condemned.filter((name) => (live as string[]).includes(name))).toEqual([]);
  });

  it('no row is claimed twice, and all are claimed', async () => {
    await times(60, (index) => hand.fallBack(`${index}.png`));
    const claims = await times(10, () => hand.ledger.claim({ work: 'upload', volume: VOLUME, origin: 'fallback', limit: 6 }, DAY));
    const claimed = claims.flat().map((row) => row.key);
    expect(new Set(claimed).size).toBe(claimed.length);
    const rest = await hand.ledger.claim({ work: 'upload', volume: VOLUME, origin: 'fallback', limit: 60 }, DAY);
    expect(claimed.length + rest.length).toBe(60);
  });

  it('claimed rows are uploaded beside new files, and the tallies count every file', async () => {
    await times(30, (index) => hand.fallBack(`${index}.png`));
    await times(10, async (index) => {
      await hand.fallBack(`more-${index}.png`);
      for (const row of await hand.ledger.claim({ work: 'upload', volume: VOLUME, origin: 'fallback', limit: 5 }, DAY)) {
        const intent = await hand.object(row.key);
        expect(await hand.commitUpload(row, intent, { etag: null, md5: MD5 })).toBe(true);
      }
    });
    const { both, local } = await hand.ledger.tallies();
    expect(both.count + local.count).toBe(40);
  });

  it('a page of files that five record is recorded once', async () => {
    const page = Array.from({ length: 150 }, (_, index) => ({
      key: key(`${index}.png`),
      local: { volume: VOLUME, localName: `${index}.png` as never },
      size: 2,
    }));
    const recorded = await times(5, (index) => hand.ledger.record(index % 2 ? page : [...page].reverse()));
    expect(recorded.reduce((sum, count) => sum + count)).toBe(150);
    expect((await hand.ledger.tallies()).local).toEqual({ count: 150, bytes: 300 });
  });

  it('exactly one of five cleanups and one of five restores of a row commits', async () => {
    await hand.fallBack('a.png');
    await hand.commitUpload(await hand.row('a.png'), await hand.object('a.png'), { etag: null, md5: MD5 });
    const row = await hand.row('a.png');
    const commits = await times(5, () => commitCleanup(hand.ledger, row, { graceMs: 0 }));
    expect(commits.filter(Boolean)).toHaveLength(1);
    const remote = await hand.row('a.png');
    const intents = await times(5, () => hand.file('a.png'));
    const restored = await Promise.all(intents.map((intent) => commitRestore(hand.ledger, remote, intent)));
    expect(restored.filter(Boolean)).toHaveLength(1);
    expect(await hand.dueFiles()).toHaveLength(5);
  });

  it('ten who ask for the id of a location get the same one', async () => {
    const ids = await times(10, () => hand.ledger.locationId({ endpoint: 'https://s3', region: 'r', bucket: 'b' }));
    expect(new Set(ids).size).toBe(1);
  });
}

async function sweep(hand: Hand): Promise<void> {
  for (const { id } of await hand.dueObjects()) await hand.ledger.swept([id]);
}
