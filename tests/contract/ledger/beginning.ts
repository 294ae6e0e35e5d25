import { failsWith, found, HOUR, key, names, LOCATION, saved, sent, ticket, VOLUME, type Hand } from './harness';

export function beginning(hand: Hand): void {
  it('makes a new row and hands out the plain name once for ever', async () => {
    expect(await hand.ledger.find(key('a.png'))).toBeUndefined();
    const first = await hand.object('a.png', { prefix: 'uploads/' });
    expect(first).toMatchObject({ kind: 'object', key: 'a.png', name: 'uploads/a.png', locationId: LOCATION });
    expect(await hand.row('a.png')).toMatchObject({ placement: { state: 'new' }, plainUsed: true, ticket: 0, rev: 0 });
    await hand.ledger.abandon([first]);
    const second = await hand.object('a.png', { prefix: 'uploads/' });
    expect(second.name).toMatch(/^uploads\/a\.\d+\d{9}\.png$/);
  });

  it('gives an own name where something lies under the plain name in the bucket, which stays unspent', async () => {
    expect((await hand.object('a.png', { plainFree: false })).name).not.toBe('a.png');
    expect((await hand.row('a.png')).plainUsed).toBe(false);
    expect((await hand.object('a.png')).name).toBe('a.png');
  });

  it('does not raise the rev, so that a job can commit against the row that it read before', async () => {
    await hand.fallBack('a.png');
    const { rev } = await hand.row('a.png');
    await hand.object('a.png');
    expect(await hand.row('a.png')).toMatchObject({ rev, plainUsed: true });
  });

  it('draws later tickets for later writes, and keeps the ticket that it is given', async () => {
    const first = await hand.object('a.png');
    const second = await hand.object('a.png');
    expect(second.ticket).toBeGreaterThan(first.ticket);
    const again = await hand.object('a.png', { ticket: first.ticket });
    expect(again.ticket).toBe(first.ticket);
    expect(again.id).not.toBe(first.id);
    expect((await hand.file('b.png', { ticket: ticket(5) })).ticket).toBe(5);
  });

  it('gives the plain path only to a key without bytes', async () => {
    expect((await hand.file('a.png')).name).toBe('a.png');
    await hand.put('b.png');
    expect((await hand.file('b.png')).name).toMatch(/^\.s3-storage\/b\.\d+\.png$/);
    expect((await hand.file('c.png', { plainFree: false })).name).toMatch(/^\.s3-storage\/c\.\d+\.png$/);
    const { volume } = await hand.file('d.png');
    expect(volume).toBe(VOLUME);
  });

  it('does not give a plain path that is pending or awaits the sweeper', async () => {
    const first = await hand.file('a.png');
    expect((await hand.file('a.png')).name).not.toBe('a.png');
    await hand.ledger.abandon([first]);
    expect((await hand.file('a.png')).name).not.toBe('a.png');
  });

  it('does not give the plain path to a gone key', async () => {
    await hand.fallBack('a.png');
    await hand.ledger.bury(key('a.png'), { purgeAfterMs: 0 });
    await hand.ledger.purge(await hand.row('a.png'), { referenced: false, condemnObjects: true });
    expect((await hand.file('a.png')).name).not.toBe('a.png');
  });

  it('makes the row of the file that was found at the plain path', async () => {
    const intent = await hand.file('a.png', { found: found('a.png', 7) });
    expect(intent.name).not.toBe('a.png');
    const row = await hand.row('a.png');
    expect(row).toMatchObject({ origin: 'library', ticket: 0, tombstone: null, plainUsed: false });
    expect(row.placement).toEqual({
      state: 'local',
      content: { size: 7, md5: null, mime: null },
      local: { volume: VOLUME, localName: 'a.png' },
    });
    await hand.publish(saved(intent));
    expect(await hand.condemnedAfter(24 * HOUR)).toEqual(['a.png']);
  });

  it('gives the row of a first write that came to nothing the file that was found at the plain path', async () => {
    await hand.ledger.abandon([await hand.object('a.png')]);
    const { rev } = await hand.row('a.png');
    const intent = await hand.object('a.png', { found: found('a.png', 7) });
    const row = await hand.row('a.png');
    expect(row).toMatchObject({ origin: 'library', ticket: 0, plainUsed: true, rev: rev + 1 });
    expect(row.placement).toMatchObject({ state: 'local', content: { size: 7, md5: null }, local: { localName: 'a.png' } });
    expect((await hand.ledger.tallies()).local).toEqual({ count: 1, bytes: 7 });
    await hand.publish(sent(intent));
    expect(await hand.condemnedAfter(24 * HOUR)).toEqual(['a.png', 'a.png']);
  });

  it('does not take the pending or condemned file of another write for the library’s', async () => {
    await hand.file('pending.png');
    await hand.ledger.abandon([await hand.file('condemned.png')]);
    for (const name of ['pending.png', 'condemned.png']) {
      await hand.object(name, { found: found(name) });
      expect((await hand.row(name)).placement.state).toBe('new');
    }
    expect((await hand.ledger.tallies()).local.count).toBe(0);
  });

  it('takes a found file only for a key without bytes', async () => {
    await hand.put('a.png');
    await hand.object('a.png', { found: found('a.png') });
    expect((await hand.row('a.png')).placement.state).toBe('remote');
  });

  it('keeps a touched name from being condemned, but not one that nobody has touched for a day', async () => {
    const [kept, lost] = [await hand.object('a.png'), await hand.object('b.png')];
    await hand.advance(23 * HOUR);
    await hand.ledger.touch([kept]);
    await hand.advance(2 * HOUR);
    expect(await hand.ledger.condemnAbandoned()).toBe(1);
    expect(names(await hand.dueObjects())).toEqual(['b.png']);
    await hand.publish(sent(kept));
    await failsWith('INTENT_LOST', hand.publish(sent(lost)));
    await hand.ledger.touch([lost]);
    expect(names(await hand.dueObjects())).toEqual(['b.png']);
  });

  it('can be taken back by forget while its name is pending, and not once it is condemned', async () => {
    const intent = await hand.file('a.png');
    await hand.ledger.forget(intent);
    expect(await hand.condemnedAfter(48 * HOUR)).toEqual([]);
    await failsWith('INTENT_LOST', hand.publish(saved(intent)));
    const condemned = await hand.file('b.png');
    await hand.ledger.abandon([condemned]);
    await hand.ledger.forget(condemned);
    expect(names(await hand.dueFiles())).toEqual([condemned.name]);
  });
}
