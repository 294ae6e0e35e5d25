import { DAY, failsWith, key, MD5, names, LOCATION, saved, sent, VOLUME, type Hand } from './harness';

export function publishing(hand: Hand): void {
  it('points the row to an object', async () => {
    const intent = await hand.object('a.png');
    expect(await hand.publish(sent(intent))).toEqual(['published']);
    expect(await hand.row('a.png')).toEqual({
      key: 'a.png',
      placement: {
        state: 'remote',
        content: { size: 10, md5: MD5, mime: 'image/png' },
        remote: { locationId: LOCATION, object: 'a.png', etag: `"${MD5}"` },
      },
      origin: 'upload',
      rev: 1,
      ticket: intent.ticket,
      tombstone: null,
      plainUsed: true,
      attempts: 0,
      lastError: null,
    });
    expect(await hand.condemnedAfter(3 * DAY)).toEqual([]);
  });

  it('points the row to a file', async () => {
    const intent = await hand.file('a.png');
    await hand.publish(saved(intent, 'read-only'));
    const row = await hand.row('a.png');
    expect(row).toMatchObject({ origin: 'read-only', rev: 1, ticket: intent.ticket });
    expect(row.placement).toEqual({
      state: 'local',
      content: { size: 10, md5: MD5, mime: 'image/png' },
      local: { volume: VOLUME, localName: 'a.png' },
    });
  });

  it('condemns the former name with a grace of a day', async () => {
    await hand.put('a.png');
    const second = await hand.put('a.png');
    expect(await hand.condemnedAfter(DAY - 60_000)).toEqual([]);
    expect(await hand.condemnedAfter(60_000)).toEqual(['a.png']);
    const file = await hand.file('a.png');
    await hand.publish(saved(file));
    expect(await hand.condemnedAfter(DAY)).toEqual(['a.png', second.name].sort());
    expect((await hand.dueObjects())[0]).toMatchObject({ kind: 'object', key: 'a.png', locationId: LOCATION });
  });

  it('lets the write that began later win, whichever ends first', async () => {
    const early = await hand.object('a.png');
    const late = await hand.object('a.png');
    await hand.publish(sent(late));
    const before = await hand.row('a.png');
    expect(await hand.publish(sent(early))).toEqual(['superseded']);
    expect(await hand.row('a.png')).toEqual(before);
    expect(names(await hand.dueObjects())).toEqual([early.name]);
    await failsWith('INTENT_LOST', hand.publish(sent(early)));
  });

  it('lets a later write win over a further attempt of an earlier one', async () => {
    const first = await hand.object('a.png');
    const attempt = await hand.object('a.png', { ticket: first.ticket });
    const later = await hand.object('a.png');
    await hand.publish(sent(later));
    expect(await hand.publish(sent(attempt))).toEqual(['superseded']);
  });

  it('lets a further attempt that ends later take the place of the first one', async () => {
    const first = await hand.object('a.png');
    const attempt = await hand.object('a.png', { ticket: first.ticket });
    await hand.publish(sent(first));
    expect(await hand.publish(sent(attempt))).toEqual(['published']);
    expect((await hand.row('a.png')).placement).toMatchObject({ remote: { object: attempt.name } });
    expect(await hand.condemnedAfter(DAY)).toEqual([first.name]);
  });

  it('keeps the latest of several writes of one key in a request', async () => {
    const intents = [await hand.object('a.png'), await hand.object('a.png'), await hand.object('a.png')];
    const [one, two, three] = intents.map((intent) => sent(intent));
    if (!one || !two || !three) throw new Error('three intents make three writes');
    expect(await hand.publish(one, three, two)).toEqual(['published', 'published', 'superseded']);
    expect(await hand.row('a.png')).toMatchObject({ rev: 2, ticket: three.intent.ticket });
    expect(await hand.condemnedAfter(DAY)).toEqual([one.intent.name, two.intent.name].sort());
  });

  it('forgets objects instead of condemning them where the bucket must not be changed', async () => {
    await hand.put('a.png');
    const file = await hand.file('a.png');
    await hand.ledger.publish([saved(file)], { condemnObjects: false });
    const next = await hand.file('a.png');
    await hand.ledger.publish([saved(next)], { condemnObjects: false });
    expect(await hand.condemnedAfter(2 * DAY)).toEqual([file.name]);
  });

  it('publishes all writes of a request together, and buries the keys that it dropped', async () => {
    await hand.put('small.png');
    const [main, format] = [await hand.object('main.png'), await hand.object('format.png')];
    const tombstones = [key('small.png'), key('unknown.png'), key('main.png')];
    await hand.ledger.publish([sent(main), sent(format)], { condemnObjects: true, tombstones });
    expect((await hand.row('main.png')).tombstone).toBeNull();
    expect((await hand.row('format.png')).placement.state).toBe('remote');
    const small = await hand.row('small.png');
    expect(small.placement.state).toBe('remote');
    expect(small.tombstone?.ticket).toBeGreaterThan(format.ticket);
    expect(await hand.ledger.find(key('unknown.png'))).toBeUndefined();
    expect(await hand.ledger.duePurges(10)).toEqual([]);
    await hand.advance(DAY);
    expect(await hand.ledger.duePurges(10)).toEqual([small]);
  });

  it('changes nothing at all when one of the intents is lost', async () => {
    for (const name of ['a.png', 'b.png', 'c.png']) await hand.put(name);
    const writes = [await hand.object('a.png'), await hand.object('b.png')];
    await hand.ledger.abandon(writes.slice(1));
    const rows = await Promise.all(['a.png', 'b.png', 'c.png'].map((name) => hand.row(name)));
    const publishing = hand.ledger.publish(writes.map((intent) => sent(intent)), {
      condemnObjects: true,
      tombstones: [key('c.png')],
    });
    await failsWith('INTENT_LOST', publishing);
    expect(await Promise.all(['a.png', 'b.png', 'c.png'].map((name) => hand.row(name)))).toEqual(rows);
    expect(await hand.condemnedAfter(2 * DAY)).toEqual([writes[1]?.name]);
    expect(await hand.publish(...writes.slice(0, 1).map((intent) => sent(intent)))).toEqual(['published']);
  });

  it('refuses an intent that is said to be of another key', async () => {
    await hand.put('a.png');
    const row = await hand.row('a.png');
    const intent = await hand.object('b.png');
    await failsWith('INTENT_LOST', hand.publish(sent({ ...intent, key: key('a.png') })));
    expect(await hand.row('a.png')).toEqual(row);
    await hand.publish(sent(intent));
  });

  it('refuses intents with exchanged names, and changes nothing', async () => {
    const [a, b] = [await hand.object('a.png'), await hand.object('b.png')];
    await failsWith('INTENT_LOST', hand.publish(sent({ ...a, name: b.name }), sent({ ...b, name: a.name })));
    expect([await hand.row('a.png'), await hand.row('b.png')].map(({ placement }) => placement.state)).toEqual(['new', 'new']);
    expect(await hand.publish(sent(a), sent(b))).toEqual(['published', 'published']);
  });

  it('leaves a published name alone when it is abandoned afterwards', async () => {
    const intent = await hand.put('a.png');
    await hand.ledger.abandon([intent]);
    await hand.ledger.forget(intent);
    expect(await hand.condemnedAfter(3 * DAY)).toEqual([]);
    expect((await hand.row('a.png')).placement.state).toBe('remote');
  });

  it('accepts a request without writes', async () => {
    expect(await hand.publish()).toEqual([]);
  });
}
