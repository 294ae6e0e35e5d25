import type { LocationId, Place } from '../../../server/src/core/ledger/words';
import { DAY, failsWith, HOUR, key, LOCATION, MD5, names, sent, type Hand } from './harness';

const OTHER = 2;
const KEEPS = { etag: '"new"', forgetFormer: false };

export function relocating(hand: Hand): void {
  /** Begins a write to another location, or with another prefix. */
  const elsewhere = (name: string, place: Partial<Place> = {}) =>
    hand.ledger.begin({ kind: 'object', key: key(name), locationId: OTHER, prefix: '', plainFree: false, ...place });
  const dueAt = async (locationId: LocationId, ms: number) => {
    await hand.advance(ms);
    return names(await hand.ledger.dueNames({ kind: 'object', locationId }, 1000));
  };

  it('points a remote row to the other object, and condemns the former one with the grace', async () => {
    const { name } = await hand.put('a.png');
    const row = await hand.row('a.png');
    await hand.ledger.recordFailure(row, 'TIMEOUT', 0);
    const intent = await elsewhere('a.png');
    expect(await hand.ledger.commitRelocation(row, intent, KEEPS)).toBe(true);
    const remote = { locationId: OTHER, object: intent.name, etag: '"new"' };
    expect(await hand.row('a.png')).toEqual({ ...row, rev: row.rev + 1, placement: { ...row.placement, remote } });
    expect(await dueAt(LOCATION, DAY - HOUR)).toEqual([]);
    expect(await dueAt(LOCATION, HOUR)).toEqual([name]);
    expect(await dueAt(OTHER, 3 * DAY)).toEqual([]);
  });

  it('keeps the copy of a row in both places', async () => {
    await hand.fallBack('a.png');
    await hand.commitUpload(await hand.row('a.png'), await hand.object('a.png'), { etag: '"e"', md5: MD5 });
    const row = await hand.row('a.png');
    const intent = await elsewhere('a.png');
    expect(await hand.ledger.commitRelocation(row, intent, KEEPS)).toBe(true);
    const remote = { locationId: OTHER, object: intent.name, etag: '"new"' };
    expect((await hand.row('a.png')).placement).toEqual({ ...row.placement, remote });
    expect(names(await hand.dueFiles())).toEqual([]);
  });

  it('forgets a former object that is not the one that was stored', async () => {
    await hand.put('a.png');
    const intent = await elsewhere('a.png');
    expect(await hand.ledger.commitRelocation(await hand.row('a.png'), intent, { etag: null, forgetFormer: true })).toBe(true);
    expect(await dueAt(LOCATION, 3 * DAY)).toEqual([]);
  });

  it('is refused, and its name condemned, when the row has moved on', async () => {
    await hand.put('a.png');
    const read = await hand.row('a.png');
    const intent = await elsewhere('a.png');
    await hand.put('a.png');
    const row = await hand.row('a.png');
    expect(await hand.ledger.commitRelocation(read, intent, KEEPS)).toBe(false);
    expect(await hand.row('a.png')).toEqual(row);
    expect(await dueAt(OTHER, 0)).toEqual([intent.name]);
  });

  it('is refused, and its name condemned, when the row is buried, even if it was read so', async () => {
    await hand.put('a.png');
    await hand.ledger.bury(key('a.png'), { purgeAfterMs: 9 * DAY });
    const row = await hand.row('a.png');
    const intent = await elsewhere('a.png');
    expect(await hand.ledger.commitRelocation(row, intent, KEEPS)).toBe(false);
    expect(await hand.row('a.png')).toEqual(row);
    expect(await dueAt(OTHER, 0)).toEqual([intent.name]);
    expect(await dueAt(LOCATION, 2 * DAY)).toEqual([]);
  });

  it('is refused when the row has no object', async () => {
    await hand.fallBack('a.png');
    const row = await hand.row('a.png');
    expect(await hand.ledger.commitRelocation(row, await elsewhere('a.png'), KEEPS)).toBe(false);
    expect(await hand.row('a.png')).toEqual(row);
  });

  it('is refused when the intent is lost', async () => {
    await hand.put('a.png');
    const row = await hand.row('a.png');
    const intent = await elsewhere('a.png');
    await hand.ledger.abandon([intent]);
    expect(await hand.ledger.commitRelocation(row, intent, KEEPS)).toBe(false);
    expect(await hand.row('a.png')).toEqual(row);
  });

  it('is refused with the intent of another key, and nothing changes', async () => {
    await hand.put('a.png');
    await hand.put('b.png');
    const row = await hand.row('a.png');
    const intent = await elsewhere('b.png');
    await failsWith('INTERNAL', hand.ledger.commitRelocation(row, intent, KEEPS));
    expect(await hand.row('a.png')).toEqual(row);
    expect(await dueAt(OTHER, 0)).toEqual([]);
  });

  it('lets a row move back again, under a new name', async () => {
    const first = await hand.put('a.png');
    await hand.ledger.commitRelocation(await hand.row('a.png'), await elsewhere('a.png'), KEEPS);
    const back = await elsewhere('a.png', { locationId: LOCATION });
    expect(back.name).not.toBe(first.name);
    expect(await hand.ledger.commitRelocation(await hand.row('a.png'), back, KEEPS)).toBe(true);
    expect((await hand.row('a.png')).placement).toMatchObject({ state: 'remote', remote: { locationId: LOCATION, object: back.name } });
    expect(await dueAt(LOCATION, DAY)).toEqual([first.name]);
  });

  it('counts the files that have an object outside a place, by location', async () => {
    await hand.put('a.png', { prefix: 'Media/' });
    await hand.put('b.png');
    await hand.fallBack('c.png');
    await hand.publish({ ...sent(await elsewhere('d.png', { prefix: 'media/' })), size: 30 });
    await hand.put('buried.png');
    await hand.ledger.bury(key('buried.png'), { purgeAfterMs: DAY });
    await hand.put('lost.png');
    await hand.ledger.markLost(await hand.row('lost.png'));

    const outside = async (place: Place) => [...(await hand.ledger.outside(place))].sort((a, b) => a.location - b.location);
    expect(await outside({ locationId: LOCATION, prefix: '' })).toEqual([{ location: OTHER, count: 1, bytes: 30 }]);
    // a prefix is compared byte by byte
    expect(await outside({ locationId: LOCATION, prefix: 'media/' })).toEqual([{ location: LOCATION, count: 2, bytes: 20 }, { location: OTHER, count: 1, bytes: 30 }]);
    expect(await outside({ locationId: OTHER, prefix: 'media/' })).toEqual([{ location: LOCATION, count: 2, bytes: 20 }]);
    expect(await outside({ locationId: 3, prefix: '' })).toEqual([{ location: LOCATION, count: 2, bytes: 20 }, { location: OTHER, count: 1, bytes: 30 }]);
  });
}
