import { DAY, found, key, VOLUME, type Hand } from './harness';

export function recording(hand: Hand): void {
  const files = (...names: string[]) =>
    names.map((name) => ({ key: key(name), local: { volume: VOLUME, localName: name as never }, size: 7 }));

  it('makes the row that a first write would make of the file, without its MD5', async () => {
    expect(await hand.ledger.record(files('recorded.png'))).toBe(1);
    await hand.object('found.png', { found: found('found.png'), plainFree: false });
    const like = JSON.stringify(await hand.row('found.png')).replaceAll('found.png', 'recorded.png');
    expect(await hand.row('recorded.png')).toEqual(JSON.parse(like));
    expect(await hand.row('recorded.png')).toMatchObject({ origin: 'library', placement: { state: 'local', content: { md5: null } } });
    const due = await hand.due({ work: 'upload', volume: VOLUME, origin: 'library', limit: 10 });
    expect(due.map((row) => row.key)).toEqual(['recorded.png', 'found.png']);
  });

  it('leaves every row alone that has or had bytes', async () => {
    await hand.fallBack('local.png');
    await hand.put('remote.png');
    await hand.put('buried.png');
    await hand.ledger.bury(key('buried.png'), { purgeAfterMs: DAY });
    await hand.put('gone.png');
    await hand.ledger.bury(key('gone.png'), { purgeAfterMs: 0 });
    await hand.ledger.purge(await hand.row('gone.png'), { referenced: false, condemnObjects: true });
    const there = ['local.png', 'remote.png', 'buried.png', 'gone.png'];
    const before = await Promise.all(there.map((name) => hand.row(name)));
    expect(await hand.ledger.record(files(...there, 'a.png', 'b.png'))).toBe(2);
    expect(await Promise.all(there.map((name) => hand.row(name)))).toEqual(before);
    expect(await hand.ledger.record(files(...there, 'a.png', 'b.png'))).toBe(0);
    expect(await hand.ledger.record([])).toBe(0);
  });

  it('gives the row of a first write without bytes the file that lies there', async () => {
    await hand.ledger.abandon([await hand.object('a.png')]);
    await hand.object('under-way.png');
    const before = await hand.row('a.png');
    expect(await hand.ledger.record(files('a.png', 'b.png', 'under-way.png'))).toBe(3);
    const row = await hand.row('a.png');
    expect(row).toMatchObject({ origin: 'library', plainUsed: true, rev: before.rev + 1 });
    expect(row.placement).toEqual({
      state: 'local',
      content: { size: 7, md5: null, mime: null },
      local: { volume: VOLUME, localName: 'a.png' },
    });
    expect((await hand.row('under-way.png')).placement.state).toBe('local');
    expect((await hand.ledger.tallies()).local).toEqual({ count: 3, bytes: 21 });
    expect(await hand.ledger.record(files('a.png', 'b.png', 'under-way.png'))).toBe(0);
  });

  it('leaves a file alone that a write of the plugin’s own has put there, or may have', async () => {
    await hand.file('pending.png');
    await hand.ledger.abandon([await hand.file('condemned.png')]);
    await hand.object('elsewhere.png');
    expect(await hand.ledger.record(files('pending.png', 'condemned.png', 'elsewhere.png'))).toBe(1);
    for (const name of ['pending.png', 'condemned.png']) expect((await hand.row(name)).placement.state).toBe('new');
    expect((await hand.ledger.tallies()).local).toEqual({ count: 1, bytes: 7 });
  });

  it('records each file once when four record the same files at once', async () => {
    await hand.object('new.png');
    const counts = await Promise.all([1, 2, 3, 4].map(() => hand.ledger.record(files('new.png', 'a.png', 'b.png'))));
    expect(counts.reduce((sum, count) => sum + count)).toBe(3);
    expect((await hand.ledger.tallies()).local).toEqual({ count: 3, bytes: 21 });
  });

  it('takes a page of hundreds of files, and a key that comes twice in it once', async () => {
    const page = Array.from({ length: 450 }, (_, index) => `${index}.png`);
    expect(await hand.ledger.record(files(...page, '7.png'))).toBe(450);
    expect((await hand.ledger.tallies()).onlyOn).toEqual([{ volume: VOLUME, count: 450, bytes: 450 * 7 }]);
  });
}
