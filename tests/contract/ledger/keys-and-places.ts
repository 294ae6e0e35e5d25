import { failsWith, key, names, sent, type Hand } from './harness';

export function keysAndPlaces(hand: Hand): void {
  it.each([
    ['case', 'A.png', 'a.png'],
    ['accents', 'e.png', 'é.png'],
    ['Unicode normal forms', 'é.png'.normalize('NFC'), 'é.png'.normalize('NFD')],
    ['trailing spaces', 'a.png', 'a.png '],
    ['sharp s', 'ß.png', 'ss.png'],
    ['emoji', '😀.png', '😁.png'],
  ])('are told apart by %s', async (_, one, two) => {
    const first = await hand.put(one);
    const second = await hand.put(two);
    expect([first.name, second.name]).toEqual([one, two]);
    expect((await hand.row(one)).key).toBe(one);
    expect((await hand.row(two)).key).toBe(two);
    await hand.ledger.bury(key(one), { purgeAfterMs: 0 });
    await hand.ledger.purge(await hand.row(one), { referenced: false, condemnObjects: true });
    expect((await hand.row(two)).placement.state).toBe('remote');
    expect(names(await hand.dueObjects())).toEqual([one]);
  });

  it.each([
    ['ASCII', 'k'.repeat(1020)],
    ['four-byte characters', '😀'.repeat(255)],
  ])('may be 1024 bytes of %s, and differ in the last byte only', async (_, stem) => {
    const [one, two] = [`${stem}.pn1`, `${stem}.pn2`];
    expect(Buffer.byteLength(one)).toBe(1024);
    const first = await hand.object(one, { prefix: 'a/long/prefix/' });
    expect(first.name).toBe(`a/long/prefix/${one}`);
    await hand.publish(sent(first));
    expect((await hand.object(two)).name).toBe(two);
    expect(await hand.row(one)).toMatchObject({ key: one, placement: { remote: { object: first.name } } });
  });

  it('have names and tombstones whose ids never come back', async () => {
    const first = await hand.object('a.png');
    await hand.ledger.forget(first);
    await hand.ledger.bury(key('a.png'), { purgeAfterMs: 0 });
    const tombstone = (await hand.row('a.png')).tombstone?.ticket ?? Infinity;
    expect(tombstone).toBeGreaterThan(first.id);
    const second = await hand.object('a.png');
    expect(second.id).toBeGreaterThan(tombstone);
    await failsWith('INTENT_LOST', hand.publish(sent({ ...second, id: first.id })));
  });

  it('are told apart by endpoint and bucket, and each place keeps its id', async () => {
    const here = { endpoint: '', region: 'eu-central-1', bucket: 'media' };
    const there = { ...here, endpoint: `https://${'x'.repeat(230)}.example.com` };
    const id = await hand.ledger.locationId(here);
    expect(await hand.ledger.locationId(there)).not.toBe(id);
    expect(await hand.ledger.locationId({ ...here, bucket: 'Media' })).not.toBe(id);
    expect(await hand.ledger.locationId({ ...here })).toBe(id);
    expect(await hand.ledger.locations()).toHaveLength(3);
    expect(await hand.ledger.locations()).toContainEqual({ ...here, id });
  });
}
