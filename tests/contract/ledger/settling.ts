import type { VolumeId } from '../../../server/src/core/keys';
import type { LedgerRow } from '../../../server/src/core/ledger/state';
import { localOf } from '../../../server/src/core/ledger/state';
import { DAY, failsWith, HOUR, key, MD5, names, saved, sent, VOLUME, type Hand } from './harness';
import { commitRestore } from '../../support/ledger-steps';

const OTHER = '0cc175b9c0f1b6a831c399e269772661';

export function settling(hand: Hand): void {
  /** Makes a file under an own name, with no other name on record. */
  const own = async (name: string): Promise<LedgerRow> => {
    await hand.publish(saved(await hand.file(name, { plainFree: false })));
    return hand.row(name);
  };
  const begin = async (row: LedgerRow) => (await hand.ledger.beginSettle(row))!;
  const localName = async (name: string) => localOf(await hand.row(name))?.localName;
  const plain = (name: string) => ({ kind: 'file', name: name as never, volume: VOLUME }) as const;

  it('makes the plain path the row’s, and condemns the own name for a day', async () => {
    const row = await own('a.png');
    await hand.ledger.recordFailure(row, 'PLAIN_PATH_TAKEN', 0);
    const intent = await begin(row);
    expect(intent).toMatchObject({ key: 'a.png', kind: 'file', name: 'a.png', volume: VOLUME });
    expect(await hand.ledger.commitSettle(row, intent)).toBe(true);
    const placement = { ...row.placement, local: { volume: VOLUME, localName: 'a.png' } };
    expect(await hand.row('a.png')).toEqual({ ...row, rev: row.rev + 1, placement });
    expect(await hand.condemnedAfter(DAY - HOUR)).toEqual([]);
    expect(await hand.dueFiles()).toEqual([]);
    await hand.advance(HOUR);
    expect(await hand.dueFiles()).toMatchObject([{ name: localOf(row)!.localName, unfinished: false, content: { size: 10, md5: MD5 } }]);
    expect(await hand.ledger.tallies()).toMatchObject({ local: { count: 1 }, failed: { count: 0 } });
  });

  it('settles a file that is in S3 too, and leaves its object alone', async () => {
    await hand.put('a.png');
    await commitRestore(hand.ledger, await hand.row('a.png'), await hand.file('a.png', { plainFree: false }));
    const row = await hand.row('a.png');
    expect(await hand.ledger.commitSettle(row, await begin(row))).toBe(true);
    expect((await hand.row('a.png')).placement).toMatchObject({ state: 'both', remote: { object: 'a.png' }, local: { localName: 'a.png' } });
    await hand.advance(2 * DAY);
    expect(await hand.dueObjects()).toEqual([]);
  });

  it('a restore gives a row in both places another copy, and forgets the former one', async () => {
    await hand.put('a.png');
    await commitRestore(hand.ledger, await hand.row('a.png'), await hand.file('a.png', { plainFree: false }));
    const row = await hand.row('a.png');
    const stale = await hand.file('a.png', { plainFree: false });
    const intent = await hand.file('a.png', { plainFree: false });
    expect(await commitRestore(hand.ledger, { ...row, rev: row.rev - 1 }, stale)).toBe(false);
    expect(await commitRestore(hand.ledger, row, intent)).toBe(true);
    expect(await hand.row('a.png')).toMatchObject({ rev: row.rev + 1, placement: { state: 'both', local: { volume: VOLUME, localName: intent.name } } });
    await hand.advance(2 * DAY);
    // the former copy may be somebody else's file by now
    expect((await hand.dueFiles()).map(({ name }) => name)).toEqual([stale.name]);
  });

  it('knows whether a row in both places has its copy on another volume', async () => {
    expect(await hand.ledger.copiesElsewhere(VOLUME)).toBe(false);
    await hand.put('a.png');
    await hand.fallBack('local.png');
    expect(await hand.ledger.copiesElsewhere('zz-other' as VolumeId)).toBe(false);
    await commitRestore(hand.ledger, await hand.row('a.png'), await hand.file('a.png', { plainFree: false }));
    expect(await hand.ledger.copiesElsewhere(VOLUME)).toBe(false);
    for (const other of ['0-other', 'zz-other']) expect(await hand.ledger.copiesElsewhere(other as VolumeId)).toBe(true);
    await hand.ledger.bury(key('a.png'), { purgeAfterMs: DAY });
    expect(await hand.ledger.copiesElsewhere('zz-other' as VolumeId)).toBe(false);
  });

  it('begins only for an unchanged row with an own name that is not buried', async () => {
    await hand.put('remote.png');
    await hand.fallBack('plain.png');
    for (const name of ['remote.png', 'plain.png']) expect(await hand.ledger.beginSettle(await hand.row(name))).toBeUndefined();
    const replaced = await own('a.png');
    const buried = await own('a.png');
    expect(await hand.ledger.beginSettle(replaced)).toBeUndefined();
    await hand.ledger.bury(key('a.png'), { purgeAfterMs: DAY });
    expect(await hand.ledger.beginSettle(buried)).toBeUndefined();
    expect(await hand.ledger.beginSettle(await hand.row('a.png'))).toBeUndefined();
  });

  it('waits for a plain path that a write has recorded, or that awaits the sweeper', async () => {
    const first = await hand.file('a.png');
    const row = await own('a.png');
    expect(await hand.ledger.beginSettle(row)).toBeUndefined();
    expect(await hand.ledger.expediteName(plain('a.png'), 0)).toBe(false);
    await hand.ledger.abandon([first]);
    expect(await hand.ledger.beginSettle(row)).toBeUndefined();
    expect(await hand.ledger.expediteName(plain('a.png'), 0)).toBe(true);
    await hand.ledger.swept([first.id]);
    // a late write may still put its bytes there
    expect(await hand.ledger.beginSettle(row)).toBeUndefined();
    expect(await hand.ledger.expediteName(plain('a.png'), 0)).toBe(false);
  });

  it('gets the plain path of a replaced file as soon as the sweeper has removed that file', async () => {
    await hand.fallBack('a.png');
    const row = await own('a.png');
    expect(await hand.dueFiles()).toEqual([]);
    expect(await hand.ledger.expediteName(plain('a.png'), 0)).toBe(true);
    const [due] = await hand.dueFiles();
    expect(due).toMatchObject({ name: 'a.png', unfinished: false });
    expect(await hand.ledger.stillDue(due!.id)).toBe(true);
    await hand.ledger.swept([due!.id]);
    expect(await hand.ledger.stillDue(due!.id)).toBe(false);
    const intent = await begin(row);
    expect(intent.id).not.toBe(due!.id);
    expect(await hand.ledger.stillDue(intent.id)).toBe(false);
    expect(await hand.ledger.commitSettle(row, intent)).toBe(true);
    // a sweeper that comes late finds that its record is gone
    await hand.ledger.swept([due!.id]);
    expect(await hand.ledger.stillDue(due!.id)).toBe(false);
    expect(await localName('a.png')).toBe('a.png');
  });

  it('lets a path rest after a replace, and takes a row that was given up last', async () => {
    await hand.fallBack('a.png');
    await own('a.png');
    expect(await hand.ledger.expediteName(plain('a.png'), 4_000)).toBe(true);
    expect(await hand.dueFiles()).toEqual([]);
    await hand.advance(4_000);
    expect(await hand.dueFiles()).toMatchObject([{ name: 'a.png' }]);
    await own('b.png');
    await hand.ledger.recordFailure(await hand.row('a.png'), 'PLAIN_PATH_TAKEN', null);
    expect(await hand.ledger.leftToSettle(VOLUME)).toMatchObject({ key: 'b.png' });
  });

  it('does not say that a name is due before it is', async () => {
    await hand.fallBack('a.png');
    await own('a.png');
    await hand.ledger.expediteName(plain('a.png'), 0);
    const [due] = await hand.dueFiles();
    await hand.ledger.postpone(due!.id, HOUR);
    expect(await hand.ledger.stillDue(due!.id)).toBe(false);
    expect(await hand.ledger.expediteName(plain('unknown.png'), 0)).toBe(false);
    expect(await hand.ledger.stillDue(123_456_789)).toBe(false);
  });

  it('is taken up where another process left it, and committed once', async () => {
    const row = await own('a.png');
    const left = await begin(row);
    await hand.advance(DAY - HOUR);
    const taken = await begin(row);
    expect(taken).toEqual(left);
    await hand.advance(2 * HOUR);
    expect(await hand.ledger.condemnAbandoned()).toBe(0);
    expect(await hand.ledger.commitSettle(row, taken)).toBe(true);
    expect(await hand.ledger.commitSettle(row, left)).toBe(false);
    expect(await localName('a.png')).toBe('a.png');
    expect((await hand.dueFiles()).map(({ name }) => name)).not.toContain('a.png');
  });

  it('is not taken up with other bytes, and condemns the plain path first', async () => {
    const before = await own('a.png');
    const left = await begin(before);
    await hand.publish({ ...saved(await hand.file('a.png', { plainFree: false })), md5: OTHER });
    const row = await hand.row('a.png');
    expect(await hand.ledger.beginSettle(row)).toBeUndefined();
    expect(await hand.dueFiles()).toMatchObject([{ id: left.id, name: 'a.png', unfinished: true, content: { md5: MD5 } }]);
    expect(await hand.ledger.commitSettle(before, left)).toBe(false);
    expect(await hand.ledger.commitSettle(row, left)).toBe(false);
  });

  it('changes nothing when the row has moved on, and condemns the plain path', async () => {
    const row = await own('a.png');
    const intent = await begin(row);
    await hand.publish(sent(await hand.object('a.png')));
    const moved = await hand.row('a.png');
    expect(await hand.ledger.commitSettle(row, intent)).toBe(false);
    expect(await hand.row('a.png')).toEqual(moved);
    expect(await hand.dueFiles()).toMatchObject([{ name: 'a.png', unfinished: true, content: { size: 10, md5: MD5 } }]);
  });

  it('is not committed for a buried row, nor with an intent of another key', async () => {
    const [a, b] = [await own('a.png'), await own('b.png')];
    const intent = await begin(a);
    await failsWith('INTERNAL', hand.ledger.commitSettle(b, intent));
    await hand.ledger.bury(key('a.png'), { purgeAfterMs: DAY });
    expect(await hand.ledger.commitSettle(a, intent)).toBe(false);
    expect(await hand.ledger.commitSettle(await hand.row('a.png'), intent)).toBe(false);
    expect(await localName('a.png')).toBe(localOf(a)!.localName);
  });

  it('cannot be abandoned, forgotten or published like a write', async () => {
    const row = await own('a.png');
    const intent = await begin(row);
    await hand.ledger.abandon([intent]);
    await hand.ledger.forget(intent);
    await failsWith('INTENT_LOST', hand.publish(saved(intent)));
    expect(await hand.ledger.commitSettle(row, intent)).toBe(true);
  });

  it('can be taken back, and is condemned after a day', async () => {
    const row = await own('a.png');
    await hand.ledger.forgetSettle(await begin(row));
    expect(await hand.condemnedAfter(2 * DAY)).toEqual([]);
    const left = await begin(row);
    await hand.advance(DAY);
    expect(await hand.ledger.condemnAbandoned()).toBe(1);
    expect(names(await hand.dueFiles())).toEqual(['a.png']);
    expect(await hand.ledger.commitSettle(row, left)).toBe(false);
  });

  it('finds every row that is left to settle, page by page', async () => {
    const wanted = ['a.png', 'b.png', 'c.png', 'd.png'];
    for (const name of wanted) await own(name);
    await hand.put('remote.png');
    await hand.fallBack('plain.png');
    await own('trash.png');
    await hand.ledger.bury(key('trash.png'), { purgeAfterMs: DAY });
    await hand.ledger.recordFailure(await hand.row('d.png'), 'PLAIN_PATH_TAKEN', HOUR);
    const found: string[] = [];
    for (let after: LedgerRow['key'] | null = null; ; ) {
      const page: LedgerRow[] = await hand.ledger.dueToSettle(VOLUME, after, 2);
      found.push(...page.map((row) => row.key));
      after = page.at(-1)?.key ?? null;
      // a page that was dealt with does not move the next one
      for (const row of page) await hand.ledger.commitSettle(row, await begin(row));
      if (page.length < 2) break;
    }
    expect(found.sort()).toEqual(['a.png', 'b.png', 'c.png']);
    expect(await hand.ledger.dueToSettle(VOLUME, null, 10)).toEqual([]);
    expect(await hand.ledger.leftToSettle(VOLUME)).toMatchObject({ key: 'd.png', lastError: 'PLAIN_PATH_TAKEN' });
    expect(await hand.ledger.leftToSettle('other' as VolumeId)).toBeUndefined();
    await hand.advance(HOUR);
    const [last] = await hand.ledger.dueToSettle(VOLUME, null, 10);
    await hand.ledger.commitSettle(last!, await begin(last!));
    expect(await hand.ledger.leftToSettle(VOLUME)).toBeUndefined();
  });

  it('is begun once when two do so at the same time', async () => {
    const row = await own('a.png');
    const [one, other] = await Promise.all([begin(row), begin(row)]);
    expect(one).toEqual(other);
    const committed = await Promise.all([hand.ledger.commitSettle(row, one), hand.ledger.commitSettle(row, other)]);
    expect(committed.sort()).toEqual([false, true]);
    expect(await localName('a.png')).toBe('a.png');
    await hand.advance(DAY);
    expect(names(await hand.dueFiles())).toEqual([localOf(row)!.localName]);
  });
}
