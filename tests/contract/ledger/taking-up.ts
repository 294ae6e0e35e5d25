import type { TakeUpOptions } from '../../../server/src/core/ledger/absence-steps';
import type { VolumeId } from '../../../server/src/core/keys';
import { DAY, HOUR, key, MD5, names, sent, VOLUME, type Hand } from './harness';
import { commitCleanup } from '../../support/ledger-steps';

const NEW_MD5 = '0cc175b9c0f1b6a831c399e269772661';
const FILE = { volume: VOLUME, size: 11, md5: NEW_MD5 };
const OPTIONS: TakeUpOptions = { origin: 'fallback', condemnObjects: true };

export function takingUp(hand: Hand): void {
  const both = async (name: string) => {
    await hand.fallBack(name);
    await hand.commitUpload(await hand.row(name), await hand.object(name), { etag: '"e"', md5: MD5 });
    return hand.row(name);
  };
  const taken = (name: string) => ({ state: 'local', content: { size: 11, md5: NEW_MD5, mime: null }, local: { volume: VOLUME, localName: name } });

  it('tells how long rows are unchanged, by the ledger’s clock', async () => {
    await hand.put('a.png');
    await hand.advance(HOUR);
    await hand.put('B.png');
    await hand.advance(HOUR);
    const aged = await hand.ledger.agedRows(['a.png', 'B.png', 'b.png', 'a.png'].map(key));
    const hours = new Map(aged.map(({ row, unchangedMs }) => [row.key as string, Math.round(unchangedMs / HOUR)]));
    expect([...hours].sort()).toEqual([['B.png', 1], ['a.png', 2]]);
    expect(aged.map(({ row }) => row)).toEqual(expect.arrayContaining([await hand.row('a.png'), await hand.row('B.png')]));
  });

  it('makes the file current, keeps the ticket, and condemns what the row pointed to with the grace of a replacement', async () => {
    await hand.put('a.png');
    const row = await hand.row('a.png');
    await hand.ledger.recordFailure(row, 'TIMEOUT', HOUR);
    expect(await hand.ledger.takeUp(row, FILE, OPTIONS)).toBe(true);
    expect(await hand.row('a.png')).toEqual({ ...row, rev: row.rev + 1, origin: 'fallback', placement: taken('a.png') });
    expect(await hand.due({ work: 'upload', volume: VOLUME, origin: 'fallback', limit: 10 })).toHaveLength(1);
    expect(await hand.condemnedAfter(DAY - HOUR)).toEqual([]);
    expect(await hand.condemnedAfter(HOUR)).toEqual(['a.png']);
    expect(await hand.dueFiles()).toEqual([]);
  });

  it('forgets the object where it may not be condemned', async () => {
    await hand.put('a.png');
    expect(await hand.ledger.takeUp(await hand.row('a.png'), FILE, { origin: 'read-only', condemnObjects: false })).toBe(true);
    expect((await hand.row('a.png')).origin).toBe('read-only');
    expect(await hand.condemnedAfter(3 * DAY)).toEqual([]);
  });

  it('does not condemn the path itself, if it was the row’s copy', async () => {
    const row = await both('a.png');
    expect(await hand.ledger.takeUp(row, FILE, OPTIONS)).toBe(true);
    expect((await hand.row('a.png')).placement).toEqual(taken('a.png'));
    await hand.advance(3 * DAY);
    expect([names(await hand.dueFiles()), names(await hand.dueObjects())]).toEqual([[], ['a.png']]);
  });

  it('condemns the copy under an own name, and on another volume', async () => {
    await hand.put('a.png');
    const own = await hand.fallBack('a.png');
    expect(own.name).not.toBe('a.png');
    expect(await hand.ledger.takeUp(await hand.row('a.png'), FILE, OPTIONS)).toBe(true);
    await hand.advance(2 * DAY);
    expect(names(await hand.dueFiles())).toEqual([own.name]);
    const elsewhere = { ...FILE, volume: 'volume-2' as VolumeId };
    expect(await hand.ledger.takeUp(await hand.row('a.png'), elsewhere, OPTIONS)).toBe(true);
    await hand.advance(2 * DAY);
    expect(names(await hand.dueFiles())).toEqual(['a.png', own.name].sort());
  });

  it('takes a path off the record that was condemned, so that no sweeper removes the file', async () => {
    await commitCleanup(hand.ledger, await both('a.png'), { graceMs: HOUR });
    await hand.advance(2 * HOUR);
    const [due] = await hand.dueFiles();
    expect(await hand.ledger.stillDue(due!.id)).toBe(true);
    expect(await hand.ledger.takeUp(await hand.row('a.png'), { ...FILE, md5: MD5 }, OPTIONS)).toBe(true);
    expect([await hand.ledger.stillDue(due!.id), await hand.dueFiles()]).toEqual([false, []]);
    expect(await hand.ledger.condemnedFiles(VOLUME, [key('a.png')])).toEqual(new Map());
  });

  it('brings a key back that is gone or buried; a write that began before the deletion stays superseded', async () => {
    await hand.put('a.png');
    const late = await hand.object('a.png');
    await hand.ledger.bury(key('a.png'), { purgeAfterMs: DAY });
    const buried = await hand.row('a.png');
    expect(await hand.ledger.takeUp(buried, FILE, OPTIONS)).toBe(true);
    expect(await hand.row('a.png')).toMatchObject({ placement: taken('a.png'), tombstone: null, ticket: buried.tombstone!.ticket });
    expect(await hand.publish(sent(late))).toEqual(['superseded']);
    await hand.advance(2 * DAY);
    expect(await hand.ledger.duePurges(10)).toEqual([]);

    await hand.ledger.bury(key('a.png'), { purgeAfterMs: 0 });
    await hand.ledger.purge(await hand.row('a.png'), { condemnObjects: true, referenced: false });
    const gone = await hand.row('a.png');
    expect(gone.placement.state).toBe('gone');
    expect(await hand.ledger.takeUp(gone, FILE, { ...OPTIONS, origin: 'library' })).toBe(true);
    expect(await hand.row('a.png')).toMatchObject({ placement: taken('a.png'), origin: 'library', tombstone: null, plainUsed: true });
    expect(names(await hand.dueFiles())).toEqual([]);
  });

  it('a write that is under way replaces the file, whenever it began', async () => {
    await hand.put('a.png');
    const underWay = await hand.object('a.png');
    expect(await hand.ledger.takeUp(await hand.row('a.png'), FILE, OPTIONS)).toBe(true);
    expect(await hand.publish(sent(underWay))).toEqual(['published']);
    await hand.advance(2 * DAY);
    expect(names(await hand.dueFiles())).toEqual(['a.png']);
  });

  it('changes nothing in a row that has moved on, nor in one without bytes, nor in none', async () => {
    await hand.put('a.png');
    const read = await hand.row('a.png');
    await hand.put('a.png');
    const row = await hand.row('a.png');
    expect(await hand.ledger.takeUp(read, FILE, OPTIONS)).toBe(false);
    expect(await hand.row('a.png')).toEqual(row);
    await hand.object('new.png');
    expect(await hand.ledger.takeUp(await hand.row('new.png'), FILE, OPTIONS)).toBe(false);
    expect((await hand.row('new.png')).placement.state).toBe('new');
    expect(await hand.ledger.takeUp({ ...row, key: key('unknown.png') }, FILE, OPTIONS)).toBe(false);
    expect(await hand.ledger.find(key('unknown.png'))).toBeUndefined();
  });

  it('leaves a path alone on which a write of the plugin is under way', async () => {
    const underWay = await hand.file('a.png');
    expect(underWay.name).toBe('a.png');
    await hand.put('a.png');
    const row = await hand.row('a.png');
    expect(await hand.ledger.takeUp(row, FILE, OPTIONS)).toBe(false);
    expect(await hand.row('a.png')).toEqual(row);
    await hand.ledger.abandon([underWay]);
    expect(names(await hand.dueFiles())).toEqual(['a.png']);
  });
}
