import type { ObjectName } from '../../../server/src/core/keys';
import { DAY, failsWith, HOUR, key, MD5, names, saved, type Hand } from './harness';

const GRACE = { graceMs: 2 * HOUR };

export function cleaning(hand: Hand): void {
  /** Makes a row `both`. */
  const both = async (name: string) => {
    await hand.fallBack(name);
    await hand.commitUpload(await hand.row(name), await hand.object(name), { etag: '"e"', md5: MD5 });
    return hand.row(name);
  };

  it('makes a row in both places remote, and condemns the local name with the grace', async () => {
    const row = await both('a.png');
    await hand.ledger.recordFailure(row, 'TIMEOUT', 0);
    expect(await hand.ledger.commitCleanup(row, GRACE)).toBe(true);
    const { local: _, ...kept } = row.placement as typeof row.placement & { local: unknown };
    expect(await hand.row('a.png')).toEqual({ ...row, plainUsed: true, rev: row.rev + 1, placement: { ...kept, state: 'remote' } });
    expect(await hand.dueFiles()).toEqual([]);
    await hand.advance(GRACE.graceMs);
    expect(names(await hand.dueFiles())).toEqual(['a.png']);
    expect(await hand.dueObjects()).toEqual([]);
  });

  it('changes nothing when the row has moved on', async () => {
    const read = await both('a.png');
    await hand.fallBack('a.png');
    await hand.commitUpload(await hand.row('a.png'), await hand.object('a.png'), { etag: '"e"', md5: MD5 });
    const row = await hand.row('a.png');
    expect(row.placement.state).toBe('both');
    expect(await hand.ledger.commitCleanup(read, GRACE)).toBe(false);
    expect(await hand.row('a.png')).toEqual(row);
  });

  it('changes nothing when the row is buried, even if it was read so', async () => {
    await both('a.png');
    await hand.ledger.bury(key('a.png'), { purgeAfterMs: DAY });
    const row = await hand.row('a.png');
    expect(await hand.ledger.commitCleanup(row, GRACE)).toBe(false);
    expect(await hand.row('a.png')).toEqual(row);
    expect(await hand.condemnedAfter(DAY)).toEqual([]);
  });

  it.each(['local', 'remote', 'new'] as const)('changes nothing in a row that is %s', async (state) => {
    if (state === 'new') await hand.object('a.png');
    else await (state === 'local' ? hand.fallBack('a.png') : hand.put('a.png'));
    const row = await hand.row('a.png');
    expect(row.placement.state).toBe(state);
    expect(await hand.ledger.commitCleanup(row, GRACE)).toBe(false);
    expect(await hand.row('a.png')).toEqual(row);
    expect(await hand.ledger.commitCleanup({ ...row, key: key('unknown.png') }, GRACE)).toBe(false);
  });
}

export function restoring(hand: Hand): void {
  it('changes a remote row to both, under the new local name', async () => {
    const { name } = await hand.put('a.png');
    const row = await hand.row('a.png');
    const intent = await hand.file('a.png');
    expect(await hand.ledger.commitRestore(row, intent)).toBe(true);
    expect(await hand.row('a.png')).toEqual({
      ...row,
      rev: row.rev + 1,
      placement: { ...row.placement, state: 'both', local: { volume: intent.volume, localName: intent.name } },
    });
    expect(row.placement).toMatchObject({ remote: { object: name satisfies ObjectName } });
    expect(await hand.condemnedAfter(3 * DAY)).toEqual([]);
  });

  it('is refused, and its name condemned, when the row has moved on', async () => {
    await hand.put('a.png');
    const read = await hand.row('a.png');
    const intent = await hand.file('a.png');
    await hand.put('a.png');
    const row = await hand.row('a.png');
    expect(await hand.ledger.commitRestore(read, intent)).toBe(false);
    expect(await hand.row('a.png')).toEqual(row);
    expect(names(await hand.dueFiles())).toEqual([intent.name]);
  });

  it('is refused, and its name condemned, when the row is buried, even if it was read so', async () => {
    await hand.put('a.png');
    await hand.ledger.bury(key('a.png'), { purgeAfterMs: DAY });
    const row = await hand.row('a.png');
    const intent = await hand.file('a.png');
    expect(await hand.ledger.commitRestore(row, intent)).toBe(false);
    expect(await hand.row('a.png')).toEqual(row);
    expect(names(await hand.dueFiles())).toEqual([intent.name]);
  });

  it('is refused when the row is not remote', async () => {
    await hand.fallBack('a.png');
    const row = await hand.row('a.png');
    const intent = await hand.file('a.png');
    expect(await hand.ledger.commitRestore(row, intent)).toBe(false);
    expect(await hand.row('a.png')).toEqual(row);
    expect(names(await hand.dueFiles())).toEqual([intent.name]);
  });

  it('is refused when the intent is lost', async () => {
    await hand.put('a.png');
    const row = await hand.row('a.png');
    const intent = await hand.file('a.png');
    await hand.ledger.abandon([intent]);
    expect(await hand.ledger.commitRestore(row, intent)).toBe(false);
    expect(await hand.row('a.png')).toEqual(row);
  });

  it('is refused with the intent of another key, and nothing changes', async () => {
    await hand.put('a.png');
    const row = await hand.row('a.png');
    const other = await hand.file('b.png');
    await failsWith('INTERNAL', hand.ledger.commitRestore(row, other));
    expect(await hand.row('a.png')).toEqual(row);
    expect(await hand.dueFiles()).toEqual([]);
    await hand.publish(saved(other));
  });
}
