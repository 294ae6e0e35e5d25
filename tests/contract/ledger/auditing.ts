import type { LocalName, ObjectName } from '../../../server/src/core/keys';
import type { AuditedRow } from '../../../server/src/core/ledger/reports';
import type { LedgerRow } from '../../../server/src/core/ledger/state';
import { nameId } from '../../../server/src/core/ledger/transitions';
import { DAY, failsWith, found, HOUR, key, MD5, names, LOCATION, VOLUME, type Hand } from './harness';
import { commitCleanup } from '../../support/ledger-steps';

export function auditing(hand: Hand): void {
  /** Makes a row `both`, whose local name is a plain path. */
  const both = async (name: string) => {
    await hand.fallBack(name);
    await hand.commitUpload(await hand.row(name), await hand.object(name), { etag: '"e"', md5: MD5 });
    return hand.row(name);
  };
  const pages = async (limit: number): Promise<AuditedRow[]> => {
    const all: AuditedRow[] = [];
    for (let after: string | null = null; ; ) {
      const page = await hand.ledger.page({ after, limit });
      all.push(...page.rows);
      if (page.next === null) return all;
      after = page.next;
    }
  };
  const copyOf = (name: string) => ({ volume: VOLUME, localName: name as LocalName });
  const ownFile = (name: string) => ({ kind: 'file' as const, name: `.s3-storage/${name}` as LocalName, volume: VOLUME });
  /** Every change, made as if it were right for the row. */
  const changes: [string, (row: LedgerRow) => Promise<boolean>][] = [
    ['demote', (row) => hand.ledger.demote(row, copyOf(row.key))],
    ['dropLocal', (row) => hand.ledger.dropLocal(row)],
    ['commitRescue', async (row) => hand.ledger.commitRescue(row, await hand.file(row.key, { plainFree: false }))],
    ['markLost', (row) => hand.ledger.markLost(row)],
    ['buryUnlisted', (row) => hand.ledger.buryUnlisted(row, DAY)],
  ];

  it('page answers every row that has bytes once, whatever changes meanwhile', async () => {
    const keys = Array.from({ length: 7 }, (_, n) => `${n}.png`);
    for (const name of keys) await hand.put(name);
    await hand.object('new.png');
    const first = await hand.ledger.page({ after: null, limit: 3 });
    for (const name of keys) await hand.put(name);
    const rest: AuditedRow[] = [];
    for (let after = first.next; after !== null; ) {
      const page = await hand.ledger.page({ after, limit: 3 });
      rest.push(...page.rows);
      after = page.next;
    }
    expect([...first.rows, ...rest].map(({ row }) => row.key).sort()).toEqual(keys);
    expect(rest[0]?.row).toEqual(await hand.row(rest[0]?.row.key ?? ''));
  });

  it('page says how long ago a row changed', async () => {
    await hand.put('a.png');
    await hand.advance(2 * HOUR);
    const [audited] = await pages(10);
    expect(audited?.unchangedMs).toBeGreaterThanOrEqual(2 * HOUR);
    expect(audited?.unchangedMs).toBeLessThan(3 * HOUR);
  });

  it('markSeen marks a row as seen, and changes nothing else of it', async () => {
    const rows = [await both('a.png'), await both('b.png')];
    await hand.ledger.markSeen([key('a.png'), key('unknown.png')], 7);
    const marks = new Map((await pages(10)).map(({ row, auditedBy }) => [row.key, auditedBy]));
    expect(marks).toEqual(new Map([[key('a.png'), 7], [key('b.png'), null]]));
    expect([await hand.row('a.png'), await hand.row('b.png')]).toEqual(rows);
  });

  it('rowsOf answers the rows of many keys, each once', async () => {
    await hand.put('a.png');
    await hand.put('B.png');
    const asked = ['a.png', 'b.png', 'B.png', 'a.png'].map(key);
    expect((await hand.ledger.rowsOf(asked)).map((row) => row.key).sort()).toEqual(['B.png', 'a.png']);
    expect(await hand.ledger.rowsOf([])).toEqual([]);
  });

  it('each method takes lists of any length, such as 40,000 files', async () => {
    const names = Array.from({ length: 40_000 }, (_, index) => `${index}.png`);
    const files = names.map((name) => ({ key: key(name), local: { volume: VOLUME, localName: name as LocalName }, size: 1 }));
    expect(await hand.ledger.record(files)).toBe(40_000);
    expect(await hand.ledger.record(files)).toBe(0);
    expect(new Set((await hand.ledger.rowsOf(names.map(key))).map((row) => row.key)).size).toBe(40_000);
    expect((await hand.ledger.liveFiles(VOLUME, names as LocalName[])).size).toBe(40_000);
    expect((await hand.ledger.recordedNames(files.map(({ local }) => ({ kind: 'file', name: local.localName, volume: VOLUME })))).size).toBe(0);
    expect((await hand.ledger.condemnedFiles(VOLUME, names.map(key))).size).toBe(0);
    await hand.ledger.markSeen(names.map(key), 1);
    await hand.ledger.expedite(names.map(key));
    const claim = { work: 'upload', volume: VOLUME, origin: 'library', limit: 40_000 } as const;
    const claimed = await hand.ledger.claim(claim, HOUR);
    expect([claimed.length, (await hand.ledger.claim(claim, HOUR)).length]).toEqual([40_000, 0]);
    await hand.ledger.release(claimed);
    expect(await hand.ledger.claim(claim, HOUR)).toHaveLength(40_000);
    expect(await hand.ledger.recordMissing(names.map((name) => key(`missing ${name}`)), 'NOT_ON_DISK')).toBe(40_000);
  }, 300_000);

  it('recordedNames tells pending and condemned names from live and unknown ones', async () => {
    const pending = await hand.object('pending.png');
    const superseded = await hand.put('a.png');
    const live = await hand.put('a.png');
    const unknown = { kind: 'object' as const, name: 'unknown.png' as ObjectName, locationId: LOCATION };
    const elsewhere = { ...pending, locationId: LOCATION + 1 };
    const recorded = await hand.ledger.recordedNames([pending, superseded, live, unknown, elsewhere]);
    expect([...recorded].sort()).toEqual([nameId(pending), nameId(superseded)].sort());
  });

  it('liveFiles tells live files from other files', async () => {
    await hand.fallBack('a.png');
    const asked = ['a.png', 'A.png', 'b.png'] as LocalName[];
    expect(await hand.ledger.liveFiles(VOLUME, asked)).toEqual(new Set(['a.png']));
    expect(await hand.ledger.liveFiles('other' as typeof VOLUME, asked)).toEqual(new Set());
  });

  it('demote makes a row in both places local, and forgets its object without condemning it', async () => {
    const row = await both('a.png');
    expect(await hand.ledger.demote(row, copyOf('a.png'))).toBe(true);
    const now = await hand.row('a.png');
    expect(now).toMatchObject({ origin: 'library', rev: row.rev + 1, plainUsed: true, placement: { state: 'local', content: { md5: MD5 }, local: copyOf('a.png') } });
    expect('remote' in now.placement).toBe(false);
    expect(await hand.condemnedAfter(3 * DAY)).toEqual([]);
    expect((await hand.object('a.png')).name).not.toBe('a.png');
  });

  it('demote makes a remote row local with a copy that nobody has recorded', async () => {
    await hand.put('a.png');
    expect(await hand.ledger.demote(await hand.row('a.png'), copyOf('a.png'))).toBe(true);
    expect((await hand.row('a.png')).placement).toMatchObject({ state: 'local', local: copyOf('a.png') });
  });

  it('demote takes neither another copy than the row’s own nor a condemned one', async () => {
    const row = await both('a.png');
    expect(await hand.ledger.demote(row, copyOf('other.png'))).toBe(false);
    expect(await commitCleanup(hand.ledger, row, { graceMs: DAY })).toBe(true);
    const remote = await hand.row('a.png');
    expect(await hand.ledger.demote(remote, copyOf('a.png'))).toBe(false);
    expect(await hand.row('a.png')).toEqual(remote);
  });

  it('condemnedFiles answers the condemned files of keys on one volume, and no live, pending or swept ones', async () => {
    const cleaned = async (name: string) => commitCleanup(hand.ledger, await both(name), { graceMs: HOUR });
    for (const name of ['a.png', 'B.png', 'unasked.png', 'swept.png']) await cleaned(name);
    await both('live.png');
    await hand.put('object.png');
    await hand.put('object.png');
    const pending = await hand.file('pending.png');
    const elsewhere = await hand.ledger.begin({ kind: 'file', key: key('a.png'), volume: 'volume-2' as typeof VOLUME, plainFree: false });
    const unfinished = await hand.file('a.png');
    await hand.ledger.abandon([elsewhere, unfinished]);
    await hand.advance(HOUR);
    const swept = (await hand.dueFiles()).find(({ name }) => name === 'swept.png');
    await hand.ledger.swept([swept!.id]);
    const asked = ['a.png', 'A.png', 'B.png', 'swept.png', 'live.png', 'object.png', pending.key].map(key);
    const files = await hand.ledger.condemnedFiles(VOLUME, asked);
    expect([...files.keys()].sort()).toEqual(['B.png', 'a.png']);
    expect([...(files.get(key('a.png')) ?? [])].sort()).toEqual([unfinished.name, 'a.png'].sort());
    expect(files.get(key('B.png'))).toEqual(['B.png']);
    expect(await hand.ledger.condemnedFiles(VOLUME, [])).toEqual(new Map());
  });

  const rescues: [string, (name: string) => Promise<unknown>][] = [
    ['remote', async (name) => commitCleanup(hand.ledger, await both(name), { graceMs: DAY })],
    ['both', both],
  ];
  it.each(rescues)('commitRescue makes a row that is %s local with the same content, and forgets what it pointed to', async (state, arrange) => {
    await arrange('a.png');
    const row = await hand.row('a.png');
    expect(row.placement.state).toBe(state);
    await hand.ledger.markLost(row);
    const intent = await hand.file('a.png', { plainFree: false });
    expect(await hand.ledger.commitRescue(row, intent)).toBe(true);
    const content = 'content' in row.placement && row.placement.content;
    const local = copyOf(intent.name);
    expect(await hand.row('a.png')).toEqual({
      ...row, rev: row.rev + 1, origin: 'library', plainUsed: true, attempts: 0, lastError: null, placement: { state: 'local', content, local },
    });
    expect((await hand.due({ work: 'upload', volume: VOLUME, origin: 'library', limit: 10 })).map((due) => due.key)).toEqual(['a.png']);
    expect(await hand.condemnedAfter(3 * DAY)).toEqual(state === 'remote' ? ['a.png'] : []);
    expect((await hand.object('a.png')).name).not.toBe('a.png');
  });

  it('commitRescue changes nothing of a local row but where its file lies', async () => {
    await hand.fallBack('a.png');
    const row = await hand.row('a.png');
    const intent = await hand.file('a.png', { plainFree: false });
    expect(await hand.ledger.commitRescue(row, intent)).toBe(true);
    expect(await hand.row('a.png')).toEqual({ ...row, rev: row.rev + 1, placement: { ...row.placement, local: copyOf(intent.name) } });
    expect(await hand.condemnedAfter(3 * DAY)).toEqual([]);
  });

  it('commitRescue takes no condemned name and none of another key, and condemns a name that comes too late', async () => {
    const row = await both('a.png');
    const abandoned = await hand.file('a.png', { plainFree: false });
    await hand.ledger.abandon([abandoned]);
    expect(await hand.ledger.commitRescue(row, abandoned)).toBe(false);
    await failsWith('INTERNAL', hand.ledger.commitRescue(row, await hand.file('b.png')));
    expect(await hand.row('a.png')).toEqual(row);
    const late = await hand.file('a.png', { plainFree: false });
    expect(await hand.ledger.commitRescue({ ...row, rev: row.rev - 1 }, late)).toBe(false);
    expect(names(await hand.dueFiles())).toEqual([abandoned.name, late.name].sort());
  });

  it('dropLocal makes a row in both places remote, and forgets its file without condemning it', async () => {
    const row = await both('a.png');
    expect(await hand.ledger.dropLocal(row)).toBe(true);
    const { local: _, ...kept } = row.placement as typeof row.placement & { local: unknown };
    expect(await hand.row('a.png')).toEqual({ ...row, rev: row.rev + 1, placement: { ...kept, state: 'remote' } });
    expect(await hand.condemnedAfter(3 * DAY)).toEqual([]);
  });

  it('markLost notes the error once and counts the row as failed, until a later write clears it', async () => {
    await hand.put('a.png');
    const row = await hand.row('a.png');
    expect(await hand.ledger.markLost(row)).toBe(true);
    expect(await hand.row('a.png')).toEqual({ ...row, attempts: 1, lastError: 'LOST' });
    expect(await hand.ledger.markLost(row)).toBe(true);
    expect(await hand.row('a.png')).toEqual({ ...row, attempts: 1, lastError: 'LOST' });
    expect((await hand.ledger.tallies()).failed.count).toBe(1);
    await hand.put('a.png');
    expect(await hand.row('a.png')).toMatchObject({ attempts: 0, lastError: null });
  });

  it('buryUnlisted buries a row, whose purge is due after the grace', async () => {
    await hand.put('a.png');
    expect(await hand.ledger.buryUnlisted(await hand.row('a.png'), 2 * HOUR)).toBe(true);
    expect((await hand.row('a.png')).tombstone).not.toBeNull();
    expect(await hand.ledger.duePurges(10)).toEqual([]);
    await hand.advance(2 * HOUR);
    expect(await hand.ledger.duePurges(10)).toEqual([await hand.row('a.png')]);
  });

  it('condemnStray condemns a file that is not on record, and leaves a recorded name as it is', async () => {
    expect(await hand.ledger.condemnStray(ownFile('stray.1.png'))).toBe(true);
    expect(names(await hand.dueFiles())).toEqual(['.s3-storage/stray.1.png']);
    expect(await hand.ledger.condemnStray(ownFile('stray.1.png'))).toBe(false);
    const pending = await hand.file('a.png', { plainFree: false });
    expect(await hand.ledger.condemnStray(pending)).toBe(false);
    expect(names(await hand.dueFiles())).toEqual(['.s3-storage/stray.1.png']);
  });

  it.each(changes)('%s changes nothing in a row that has moved on', async (_name, change) => {
    const read = await both('a.png');
    await hand.fallBack('a.png');
    await hand.commitUpload(await hand.row('a.png'), await hand.object('a.png'), { etag: '"e"', md5: MD5 });
    const row = await hand.row('a.png');
    expect(await change(read)).toBe(false);
    expect(await hand.row('a.png')).toEqual(row);
  });

  it.each(changes)('%s changes nothing in a buried row, even if it was read so', async (_name, change) => {
    await both('a.png');
    await hand.ledger.bury(key('a.png'), { purgeAfterMs: DAY });
    const row = await hand.row('a.png');
    expect(await change(row)).toBe(false);
    expect(await hand.row('a.png')).toEqual(row);
  });

  it.each(changes)('%s changes nothing in a row without bytes, nor for an unknown key', async (_name, change) => {
    await hand.object('a.png');
    const row = await hand.row('a.png');
    expect(await change(row)).toBe(false);
    expect(await hand.row('a.png')).toEqual(row);
    expect(await change({ ...row, key: key('unknown.png') })).toBe(false);
  });

  it('demote and dropLocal leave a local row alone', async () => {
    await hand.ledger.record([{ key: key('a.png'), local: found('a.png'), size: 7 }]);
    const row = await hand.row('a.png');
    expect(await hand.ledger.demote(row, copyOf('a.png'))).toBe(false);
    expect(await hand.ledger.dropLocal(row)).toBe(false);
    expect(await hand.row('a.png')).toEqual(row);
  });
}
