import { DAY, found, key, VOLUME, type Hand } from './harness';

export function recording(hand: Hand): void {
  const files = (...names: string[]) =>
    names.map((name) => ({ key: key(name), local: { volume: VOLUME, localName: name as never }, size: 7 }));

  it('makes the row that a first write would make of the file, its checksum not yet known', async () => {
    expect(await hand.ledger.record(files('recorded.png'))).toBe(1);
    await hand.object('found.png', { found: found('found.png'), plainFree: false });
    const like = JSON.stringify(await hand.row('found.png')).replaceAll('found.png', 'recorded.png');
    expect(await hand.row('recorded.png')).toEqual(JSON.parse(like));
    expect(await hand.row('recorded.png')).toMatchObject({ origin: 'library', placement: { state: 'local', content: { md5: null } } });
    const due = await hand.due({ work: 'upload', volume: VOLUME, origin: 'library', limit: 10 });
    expect(due.map((row) => row.key)).toEqual(['recorded.png', 'found.png']);
  });

  it('leaves rows alone that are there, whatever their state', async () => {
    await hand.object('new.png');
    await hand.fallBack('local.png');
    await hand.put('remote.png');
    await hand.put('buried.png');
    await hand.ledger.bury(key('buried.png'), { purgeAfterMs: DAY });
    await hand.put('gone.png');
    await hand.ledger.bury(key('gone.png'), { purgeAfterMs: 0 });
    await hand.ledger.purge(await hand.row('gone.png'), { referenced: false, condemnObjects: true });
    const there = ['new.png', 'local.png', 'remote.png', 'buried.png', 'gone.png'];
    const before = await Promise.all(there.map((name) => hand.row(name)));
    expect(await hand.ledger.record(files(...there, 'a.png', 'b.png'))).toBe(2);
    expect(await Promise.all(there.map((name) => hand.row(name)))).toEqual(before);
    expect(await hand.ledger.record(files(...there, 'a.png', 'b.png'))).toBe(0);
    expect(await hand.ledger.record([])).toBe(0);
  });

  it('takes a page of hundreds, and a key twice in it once', async () => {
    const page = Array.from({ length: 450 }, (_, index) => `${index}.png`);
    expect(await hand.ledger.record(files(...page, '7.png'))).toBe(450);
    expect((await hand.ledger.tallies()).onlyOn).toEqual([{ volume: VOLUME, count: 450, bytes: 450 * 7 }]);
  });
}
