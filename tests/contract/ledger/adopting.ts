import { DAY, key, MD5, sent, type Hand } from './harness';

export function adopting(hand: Hand): void {
  const content = { size: 5, md5: MD5, mime: null };
  const remote = (of: string, etag = '"e"') => ({ locationId: 1, object: of as never, etag });
  const adopt = (of: string, etag?: string) => hand.ledger.adopt(key(of), remote(of, etag), content);

  it('makes the object the row’s, with the plain name spent', async () => {
    expect(await adopt('a.png')).toBe(true);
    const row = await hand.row('a.png');
    expect(row).toMatchObject({ origin: 'library', plainUsed: true, ticket: 0 });
    expect(row.placement).toEqual({ state: 'remote', content, remote: remote('a.png') });
    const next = await hand.object('a.png');
    expect(next.name).not.toBe('a.png');
    await hand.publish(sent(next));
    expect(await hand.condemnedAfter(DAY)).toEqual(['a.png']);
  });

  it('is refused for a key that has other bytes', async () => {
    await hand.put('a.png');
    await hand.fallBack('b.png');
    for (const name of ['a.png', 'b.png']) {
      const row = await hand.row(name);
      expect(await adopt(name)).toBe(false);
      expect(await hand.row(name)).toEqual(row);
    }
    await adopt('c.png');
    expect(await adopt('c.png', '"another"')).toBe(false);
    expect((await hand.row('c.png')).placement).toMatchObject({ remote: { etag: '"e"' } });
  });

  it('succeeds after a first write that came to nothing without the plain name', async () => {
    await hand.ledger.abandon([await hand.file('a.png')]);
    await hand.object('b.png', { plainFree: false });
    for (const name of ['a.png', 'b.png']) {
      expect(await adopt(name)).toBe(true);
      expect((await hand.row(name)).placement.state).toBe('remote');
    }
    expect((await hand.ledger.tallies()).remote).toEqual({ count: 2, bytes: 10 });
  });

  it('is refused once a write of the plugin’s own was given the plain name, whatever became of it', async () => {
    await hand.object('pending.png');
    await hand.ledger.abandon([await hand.object('condemned.png')]);
    for (const name of ['pending.png', 'condemned.png']) {
      expect(await adopt(name)).toBe(false);
      expect((await hand.row(name)).placement.state).toBe('new');
    }
  });

  it('is done once when several adopt the same bytes at once, and all are told that it succeeded', async () => {
    await hand.object('new.png', { plainFree: false });
    for (const name of ['a.png', 'new.png']) {
      expect(await Promise.all([adopt(name), adopt(name), adopt(name)])).toEqual([true, true, true]);
      expect(await adopt(name)).toBe(true);
    }
    expect((await hand.row('a.png')).rev).toBe(1);
    expect((await hand.ledger.tallies()).remote).toEqual({ count: 2, bytes: 10 });
  });
}
