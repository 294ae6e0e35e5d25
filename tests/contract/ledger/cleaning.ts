import type { ObjectName } from '../../../server/src/core/keys';
import type { LedgerRow, RowIn } from '../../../server/src/core/ledger/state';
import { DAY, failsWith, HOUR, key, MD5, names, saved, VOLUME, type Hand } from './harness';
import { commitCleanup, commitRestore } from '../../support/ledger-steps';

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
    expect(await commitCleanup(hand.ledger, row, GRACE)).toBe(true);
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
    expect(await commitCleanup(hand.ledger, read, GRACE)).toBe(false);
    expect(await hand.row('a.png')).toEqual(row);
  });

  it('changes nothing when the row is buried, even if it was read so', async () => {
    await both('a.png');
    await hand.ledger.bury(key('a.png'), { purgeAfterMs: DAY });
    const row = await hand.row('a.png');
    expect(await commitCleanup(hand.ledger, row, GRACE)).toBe(false);
    expect(await hand.row('a.png')).toEqual(row);
    expect(await hand.condemnedAfter(DAY)).toEqual([]);
  });

  it.each(['local', 'remote', 'new'] as const)('changes nothing in a row that is %s', async (state) => {
    if (state === 'new') await hand.object('a.png');
    else await (state === 'local' ? hand.fallBack('a.png') : hand.put('a.png'));
    const row = await hand.row('a.png');
    expect(row.placement.state).toBe(state);
    expect(await commitCleanup(hand.ledger, row, GRACE)).toBe(false);
    expect(await hand.row('a.png')).toEqual(row);
    expect(await commitCleanup(hand.ledger, { ...row, key: key('unknown.png') }, GRACE)).toBe(false);
  });

  it('cleans many rows in one step: one that is refused, or comes twice, does not hold up the others', async () => {
    const rows = [await both('a.png'), await both('b.png'), await both('c.png')];
    const [a, b, c] = rows as [LedgerRow, LedgerRow, LedgerRow];
    await hand.ledger.bury(key('b.png'), { purgeAfterMs: DAY });
    const unknown = { ...a, key: key('unknown.png') };
    expect(await hand.ledger.commitCleanups([a, b, unknown, c, a], { graceMs: 0 })).toEqual([true, false, false, true, false]);
    expect((await hand.row('a.png')).placement.state).toBe('remote');
    expect((await hand.row('b.png')).placement.state).toBe('both');
    expect((await hand.row('a.png')).rev).toBe(a.rev + 1);
    expect(names(await hand.dueFiles()).sort()).toEqual(['a.png', 'c.png']);
    expect(await hand.ledger.commitCleanups([], { graceMs: 0 })).toEqual([]);
  });
}

export function restoring(hand: Hand): void {
  it('begins and commits many rows in one step, each under a name of its own', async () => {
    for (const name of ['a.png', 'b.png', 'c.png']) await hand.put(name);
    const rows = (await Promise.all(['a.png', 'b.png', 'c.png'].map((name) => hand.row(name)))) as RowIn<'remote'>[];
    const stale = { ...rows[1]!, rev: rows[1]!.rev - 1 };
    const unknown = { ...rows[0]!, key: key('unknown.png') };
    const begun = await hand.ledger.beginRestores([rows[0]!, stale, rows[2]!, unknown].map((row) => ({ row, volume: VOLUME })));
    expect(begun.map((intent) => intent?.key)).toEqual(['a.png', undefined, 'c.png', undefined]);
    const [a, , c] = begun;
    expect([a?.kind, a?.volume, c?.volume]).toEqual(['file', VOLUME, VOLUME]);
    expect(new Set([a?.name, c?.name]).size).toBe(2);
    expect(a!.ticket).toBeGreaterThan(rows[0]!.ticket);
    const committed = await hand.ledger.commitRestores([{ row: rows[0]!, intent: a! }, { row: { ...rows[2]!, rev: 0 }, intent: c! }]);
    expect(committed).toEqual([true, false]);
    expect((await hand.row('a.png')).placement).toMatchObject({ state: 'both', local: { volume: VOLUME, localName: a!.name } });
    expect((await hand.row('c.png')).placement.state).toBe('remote');
    // the name of the refused one is condemned
    expect(names(await hand.dueFiles())).toEqual([c!.name]);
  });

  it('changes a remote row to both, under the new local name', async () => {
    const { name } = await hand.put('a.png');
    const row = await hand.row('a.png');
    const intent = await hand.file('a.png');
    expect(await commitRestore(hand.ledger, row, intent)).toBe(true);
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
    expect(await commitRestore(hand.ledger, read, intent)).toBe(false);
    expect(await hand.row('a.png')).toEqual(row);
    expect(names(await hand.dueFiles())).toEqual([intent.name]);
  });

  it('is refused, and its name condemned, when the row is buried, even if it was read so', async () => {
    await hand.put('a.png');
    await hand.ledger.bury(key('a.png'), { purgeAfterMs: DAY });
    const row = await hand.row('a.png');
    const intent = await hand.file('a.png');
    expect(await commitRestore(hand.ledger, row, intent)).toBe(false);
    expect(await hand.row('a.png')).toEqual(row);
    expect(names(await hand.dueFiles())).toEqual([intent.name]);
  });

  it('is refused when the row is not remote', async () => {
    await hand.fallBack('a.png');
    const row = await hand.row('a.png');
    const intent = await hand.file('a.png');
    expect(await commitRestore(hand.ledger, row, intent)).toBe(false);
    expect(await hand.row('a.png')).toEqual(row);
    expect(names(await hand.dueFiles())).toEqual([intent.name]);
  });

  it('is refused when the intent is lost', async () => {
    await hand.put('a.png');
    const row = await hand.row('a.png');
    const intent = await hand.file('a.png');
    await hand.ledger.abandon([intent]);
    expect(await commitRestore(hand.ledger, row, intent)).toBe(false);
    expect(await hand.row('a.png')).toEqual(row);
  });

  it('is refused with the intent of another key, and nothing changes', async () => {
    await hand.put('a.png');
    const row = await hand.row('a.png');
    const other = await hand.file('b.png');
    await failsWith('INTERNAL', commitRestore(hand.ledger, row, other));
    expect(await hand.row('a.png')).toEqual(row);
    expect(await hand.dueFiles()).toEqual([]);
    await hand.publish(saved(other));
  });
}
