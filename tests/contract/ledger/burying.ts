import type { ObjectName } from '../../../server/src/core/keys';
import { DAY, found, HOUR, key, names, LOCATION, saved, sent, VOLUME, type Hand } from './harness';

export function burying(hand: Hand): void {
  const bury = (of: string, purgeAfterMs = HOUR) => hand.ledger.bury(key(of), { purgeAfterMs });
  const purge = async (of: string, referenced = false, condemnObjects = true) =>
    hand.ledger.purge(await hand.row(of), { referenced, condemnObjects });

  it('bury puts a tombstone with a ticket of its own beside the state', async () => {
    const { ticket } = await hand.put('a.png');
    const before = await hand.row('a.png');
    await bury('a.png');
    const row = await hand.row('a.png');
    expect(row).toEqual({ ...before, rev: before.rev + 1, tombstone: row.tombstone });
    expect(row.tombstone?.ticket).toBeGreaterThan(ticket);
    expect((await hand.object('a.png')).ticket).toBeGreaterThan(row.tombstone?.ticket ?? Infinity);
  });

  it('bury makes a row for a key without one, and an object that is adopted meanwhile is purged with it', async () => {
    await bury('a.png', 0);
    expect(await hand.row('a.png')).toMatchObject({ placement: { state: 'new' }, tombstone: { ticket: expect.any(Number) } });
    const object = { locationId: LOCATION, object: 'a.png' as ObjectName, etag: 'tag' };
    expect(await hand.ledger.adopt(key('a.png'), object, { size: 1, md5: '0cc175b9c0f1b6a831c399e269772661', mime: null })).toBe(true);
    expect(await hand.row('a.png')).toMatchObject({ placement: { state: 'remote' }, tombstone: { ticket: expect.any(Number) } });
    expect(await purge('a.png')).toBe(true);
    expect(names(await hand.dueObjects())).toEqual(['a.png']);
    expect(await hand.ledger.adopt(key('a.png'), object, { size: 1, md5: '0cc175b9c0f1b6a831c399e269772661', mime: null })).toBe(false);
  });

  it('the purge of a key that had no row is due, and takes the tombstone away if the library lists the key', async () => {
    await bury('b.png', 0);
    expect((await hand.ledger.duePurges(10)).map((row) => row.key)).toEqual(['b.png']);
    expect(await purge('b.png', true)).toBe(true);
    expect(await hand.row('b.png')).toMatchObject({ placement: { state: 'new' }, tombstone: null });
  });

  it('bury makes the row of a file that was found, and the purge condemns that file', async () => {
    await hand.ledger.bury(key('a.png'), { purgeAfterMs: 0, found: found('a.png') });
    expect(await hand.row('a.png')).toMatchObject({ origin: 'library', placement: { state: 'local' } });
    expect(await purge('a.png')).toBe(true);
    expect(names(await hand.dueFiles())).toEqual(['a.png']);
  });

  it('a purge is due when its time has come or its request has ended, the oldest first', async () => {
    for (const name of ['a.png', 'b.png', 'c.png']) await hand.put(name);
    await bury('a.png', 3 * HOUR);
    await bury('b.png', 2 * HOUR);
    await bury('c.png', DAY);
    const due = async (limit = 10) => (await hand.ledger.duePurges(limit)).map((row) => row.key);
    expect(await due()).toEqual([]);
    await hand.advance(4 * HOUR);
    expect(await due()).toEqual(['b.png', 'a.png']);
    await hand.advance(1000);
    await hand.ledger.expedite([key('c.png'), key('b.png'), key('unknown.png')]);
    expect(await due()).toEqual(['b.png', 'a.png', 'c.png']);
    expect(await due(1)).toEqual(['b.png']);
  });

  it('bury leaves no name on record that would be condemned later', async () => {
    await hand.put('a.png');
    await bury('a.png');
    await hand.advance(2 * DAY);
    expect(await hand.ledger.condemnAbandoned()).toBe(0);
  });

  it('expedite makes no key due that is not buried', async () => {
    await hand.put('a.png');
    await hand.ledger.expedite([key('a.png')]);
    expect(await hand.ledger.duePurges(10)).toEqual([]);
  });

  it('a purge takes the tombstone away from a key that the library lists', async () => {
    await hand.put('a.png');
    await bury('a.png', 0);
    const { rev } = await hand.row('a.png');
    expect(await purge('a.png', true)).toBe(true);
    expect(await hand.row('a.png')).toMatchObject({ tombstone: null, rev: rev + 1, placement: { state: 'remote' } });
    expect(await hand.ledger.duePurges(10)).toEqual([]);
    expect(await hand.condemnedAfter(2 * DAY)).toEqual([]);
  });

  it('a purge condemns every name of a key that the library does not list, due at once', async () => {
    const file = await hand.fallBack('a.png');
    const object = await hand.object('a.png');
    await hand.commitUpload(await hand.row('a.png'), object, { etag: null, md5: 'd41d8cd98f00b204e9800998ecf8427e' });
    await bury('a.png', 0);
    expect(await purge('a.png')).toBe(true);
    expect(names([...(await hand.dueObjects()), ...(await hand.dueFiles())])).toEqual([object.name, file.name].sort());
    const row = await hand.row('a.png');
    expect(row).toMatchObject({ placement: { state: 'gone' }, plainUsed: true });
    expect(row.tombstone).not.toBeNull();
    expect(await hand.ledger.duePurges(10)).toEqual([]);
  });

  it('a purge forgets the object of a key where the bucket must not be changed', async () => {
    await hand.put('a.png');
    await bury('a.png', 0);
    expect(await purge('a.png', false, false)).toBe(true);
    expect((await hand.row('a.png')).placement.state).toBe('gone');
    expect(await hand.condemnedAfter(2 * DAY)).toEqual([]);
  });

  it('a purge changes nothing in a row that has moved on, is not buried or is gone already', async () => {
    await hand.put('a.png');
    expect(await purge('a.png')).toBe(false);
    await bury('a.png', 0);
    const read = await hand.row('a.png');
    await hand.put('a.png');
    const row = await hand.row('a.png');
    expect(await hand.ledger.purge(read, { referenced: false, condemnObjects: true })).toBe(false);
    expect(await hand.row('a.png')).toEqual(row);
    await bury('a.png', 0);
    await purge('a.png');
    expect(await purge('a.png', true)).toBe(false);
    const unknown = { ...read, key: key('unknown.png') };
    expect(await hand.ledger.purge(unknown, { referenced: false, condemnObjects: true })).toBe(false);
    expect(await hand.ledger.find(key('unknown.png'))).toBeUndefined();
  });

  it('a purge changes nothing in a row whose bytes have changed under the tombstone since it was read', async () => {
    await hand.put('a.png');
    const early = await hand.object('a.png');
    await bury('a.png', 0);
    const read = await hand.row('a.png');
    await hand.publish(sent(early));
    const row = await hand.row('a.png');
    expect(row.tombstone).toEqual(read.tombstone);
    expect(await hand.ledger.purge(read, { referenced: false, condemnObjects: true })).toBe(false);
    expect(await hand.row('a.png')).toEqual(row);
  });

  it('a write that began later takes the tombstone away', async () => {
    await hand.put('a.png');
    await bury('a.png', 0);
    await hand.put('a.png');
    expect((await hand.row('a.png')).tombstone).toBeNull();
    expect(await hand.ledger.duePurges(10)).toEqual([]);
  });

  it('the tombstone stays over a write that began earlier, whose bytes replace the old ones', async () => {
    await hand.put('a.png');
    const early = await hand.object('a.png');
    await bury('a.png', 0);
    const { tombstone } = await hand.row('a.png');
    expect(await hand.publish(sent(early))).toEqual(['published']);
    expect(await hand.row('a.png')).toMatchObject({ tombstone, ticket: early.ticket });
    expect((await hand.ledger.duePurges(10)).map((row) => row.key)).toEqual(['a.png']);
  });

  it('only a later write brings a gone key back', async () => {
    const early = await hand.object('a.png');
    await bury('a.png', 0);
    await purge('a.png');
    const gone = await hand.row('a.png');
    expect(await hand.publish(sent(early))).toEqual(['superseded']);
    expect(await hand.row('a.png')).toEqual(gone);
    const late = await hand.file('a.png');
    expect(await hand.publish(saved(late))).toEqual(['published']);
    const row = await hand.row('a.png');
    expect(row).toMatchObject({ tombstone: null, rev: gone.rev + 1 });
    expect(row.placement).toMatchObject({ state: 'local', local: { volume: VOLUME, localName: late.name } });
  });

  it('a second delete of a gone key supersedes a write that began before it', async () => {
    await hand.put('a.png');
    await bury('a.png', 0);
    await purge('a.png');
    const between = await hand.object('a.png');
    await bury('a.png', 0);
    expect(await hand.publish(sent(between))).toEqual(['superseded']);
    expect(await hand.ledger.duePurges(10)).toEqual([]);
  });
}
