import { DAY, found, key, MD5, VOLUME, type Hand } from './harness';

export function missing(hand: Hand): void {
  const NAMES = ['a.png', 'b.png'];
  const miss = (...names: string[]) => hand.ledger.recordMissing(names.map(key), 'NOT_ON_DISK');

  it('are rows without bytes that carry the reason, and are counted once', async () => {
    await hand.object('b.png');
    expect(await miss(...NAMES)).toBe(2);
    expect(await miss(...NAMES)).toBe(2);
    for (const name of NAMES) expect(await hand.row(name)).toMatchObject({ placement: { state: 'new' }, attempts: 1, lastError: 'NOT_ON_DISK' });
    const tallies = await hand.ledger.tallies();
    expect(tallies).toMatchObject({ missing: { count: 2, bytes: 0 }, failed: { count: 2 }, failedOf: { missing: 2 } });
  });

  it('are never keys whose bytes the ledger knows, or that are deleted', async () => {
    await hand.put('remote.png');
    await hand.fallBack('local.png');
    await hand.object('buried.png');
    await hand.ledger.bury(key('buried.png'), { purgeAfterMs: DAY });
    await hand.put('gone.png');
    await hand.ledger.bury(key('gone.png'), { purgeAfterMs: 0 });
    await hand.ledger.purge(await hand.row('gone.png'), { referenced: false, condemnObjects: true });
    const names = ['remote.png', 'local.png', 'buried.png', 'gone.png'];
    const rows = await Promise.all(names.map((name) => hand.row(name)));
    expect(await miss(...names)).toBe(0);
    expect(await Promise.all(names.map((name) => hand.row(name)))).toEqual(rows);
  });

  it.each<[string, (name: string) => Promise<unknown>]>([
    ['recorded on a disk', (name) => hand.ledger.record([{ key: key(name), local: { volume: VOLUME, localName: name as never }, size: 4 }])],
    ['adopted from the bucket', (name) => hand.ledger.adopt(key(name), { locationId: 1, object: name as never, etag: null }, { size: 5, md5: MD5, mime: null })],
    ['uploaded again', (name) => hand.put(name)],
    ['written to the disk', (name) => hand.fallBack(name)],
    ['found by a write', (name) => hand.object(name, { found: found(name) })],
  ])('are no longer missing when their bytes were %s', async (_how, happens) => {
    await miss(...NAMES);
    await happens('a.png');
    expect(await hand.row('a.png')).toMatchObject({ attempts: 0, lastError: null });
    expect(await hand.ledger.tallies()).toMatchObject({ missing: { count: 1 }, failed: { count: 1 } });
  });
}
