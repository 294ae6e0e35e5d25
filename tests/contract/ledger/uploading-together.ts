import type { ProvenUpload, UploadToBegin } from '../../../server/src/core/ledger/moves';
import type { IntentOf } from '../../../server/src/core/ledger/words';
import type { LedgerRow } from '../../../server/src/core/ledger/state';
import { DAY, failsWith, found, key, MD5, names, LOCATION, VOLUME, type Hand } from './harness';

/** Tests {@link uploading} for many files at once. */
export function uploadingTogether(hand: Hand): void {
  const where = { locationId: LOCATION, prefix: '', plainFree: true };
  const rowsOf = (...of: string[]): Promise<LedgerRow[]> => Promise.all(of.map((name) => hand.row(name)));
  const begun = async (uploads: readonly UploadToBegin[]): Promise<IntentOf<'object'>[]> => {
    const intents = (await hand.ledger.beginUploads(uploads)).flatMap((intent) => intent ?? []);
    expect(intents).toHaveLength(uploads.length);
    return intents;
  };
  const proven = (row: LedgerRow, intent: IntentOf<'object'>, etag: string | null = null, md5 = MD5): ProvenUpload => ({ row, intent, etag, md5 });

  it('begin under the plain name where it is free, else under an own name, in the order of the request', async () => {
    for (const name of ['a.png', 'b.png', 'taken.png', 'spent.png']) await hand.fallBack(name);
    await hand.object('spent.png');
    const rows = await rowsOf('spent.png', 'b.png', 'taken.png', 'a.png');
    const intents = await begun(rows.map((row) => ({ row, ...where, plainFree: row.key !== 'taken.png' })));
    expect(intents.map((intent) => intent.key)).toEqual(['spent.png', 'b.png', 'taken.png', 'a.png']);
    expect([intents[1]?.name, intents[3]?.name]).toEqual(['b.png', 'a.png']);
    expect([intents[0]?.name, intents[2]?.name]).toEqual([expect.not.stringMatching(/^spent\.png$/), expect.not.stringMatching(/^taken\.png$/)]);
    expect((await rowsOf('b.png', 'a.png', 'taken.png')).map(({ plainUsed }) => plainUsed)).toEqual([true, true, false]);
    // each name is pending under its own record, and its ticket is later than that of the write before it
    expect(new Set(intents.map(({ id }) => id)).size).toBe(4);
    intents.forEach(({ ticket }, index) => expect(ticket).toBeGreaterThan(rows[index]!.ticket));
    for (const [index, intent] of intents.entries()) expect(await hand.commitUpload(rows[index]!, intent, { etag: null, md5: MD5 })).toBe(true);
  });

  it('do not begin for a row that has moved on, nor for a key without a row', async () => {
    await hand.fallBack('a.png');
    await hand.fallBack('b.png');
    const [old, other] = await rowsOf('a.png', 'b.png');
    await hand.fallBack('a.png');
    const unknown = { ...other!, key: key('unknown.png') };
    const [first, second, third] = await hand.ledger.beginUploads([old!, other!, unknown].map((row) => ({ row, ...where })));
    expect([first, second?.name, third]).toEqual([undefined, 'b.png', undefined]);
    expect(await hand.row('a.png')).toMatchObject({ plainUsed: false });
    expect(await hand.ledger.find(key('unknown.png'))).toBeUndefined();
  });

  it('never get one name twice, neither for a key that comes twice nor for a recorded name', async () => {
    await hand.fallBack('a.png');
    await hand.fallBack('b.png');
    // this name belongs to another key, whose plain name is the same
    const recorded = await hand.object('folder/b.png');
    const [a, b] = await rowsOf('a.png', 'b.png');
    const intents = await begun([a!, a!, b!].map((row) => ({ row, ...where, prefix: 'folder/' })));
    const drawn = [recorded, ...intents].map(({ name }) => name);
    expect(drawn.slice(0, 2)).toEqual(['folder/b.png', 'folder/a.png']);
    expect(new Set(drawn).size).toBe(4);
    expect((await hand.row('b.png')).plainUsed).toBe(false);
  });

  it('are committed each with its own object, ETag and bytes', async () => {
    const all = Array.from({ length: 130 }, (_, index) => `${index}.png`);
    await hand.ledger.record(all.map((name, index) => ({ key: key(name), local: found(name), size: index })));
    const rows = await rowsOf(...all);
    const intents = await begun(rows.map((row) => ({ row, ...where })));
    const md5Of = (index: number) => String(index).padStart(32, '0');
    const commits = intents.map((intent, index) => proven(rows[index]!, intent, `"${index}"`, md5Of(index)));
    expect(await hand.ledger.commitUploads(commits)).toEqual(all.map(() => true));
    for (const [index, row] of rows.entries()) {
      const remote = { locationId: LOCATION, object: row.key, etag: `"${index}"` };
      const content = { size: index, md5: md5Of(index), mime: null };
      expect(await hand.row(row.key)).toEqual({
        ...row,
        placement: { state: 'both', content, local: { volume: VOLUME, localName: row.key }, remote },
        rev: row.rev + 1,
        plainUsed: true,
      });
    }
    const bytes = (129 * 130) / 2;
    expect(await hand.ledger.tallies()).toMatchObject({ both: { count: 130, bytes }, local: { count: 0, bytes: 0 }, pendingLibrary: { count: 0 } });
    expect(await hand.due({ work: 'upload', volume: VOLUME, origin: 'library', limit: 200 })).toEqual([]);
    await hand.advance(3 * DAY);
    expect([await hand.ledger.condemnAbandoned(), ...(await hand.dueObjects())]).toEqual([0]);
  });

  it('commit although others of them are refused, and only the names of those are condemned', async () => {
    for (const name of ['moved.png', 'lost.png', 'other.png', 'good.png', 'failed.png', 'buried.png']) await hand.fallBack(name);
    await hand.ledger.recordFailure(await hand.row('failed.png'), 'TIMEOUT', DAY);
    await hand.ledger.bury(key('buried.png'), { purgeAfterMs: DAY });
    const rows = await rowsOf('moved.png', 'lost.png', 'other.png', 'good.png', 'failed.png', 'buried.png');
    const intents = await begun(rows.map((row) => ({ row, ...where })));
    await hand.ledger.abandon([intents[1]!]);
    await hand.fallBack('moved.png');
    const commits = rows.map((row, index) => proven(row, intents[index]!, null, row.key === 'other.png' ? '0'.repeat(32) : MD5));
    expect(await hand.ledger.commitUploads(commits)).toEqual([false, false, false, true, true, true]);
    expect((await rowsOf('moved.png', 'lost.png', 'other.png', 'good.png', 'failed.png', 'buried.png')).map(({ placement }) => placement.state)).toEqual([
      'local', 'local', 'local', 'both', 'both', 'both',
    ]);
    expect(await hand.row('failed.png')).toMatchObject({ attempts: 0, lastError: null });
    expect(names(await hand.dueObjects())).toEqual(['lost.png', 'moved.png', 'other.png']);
    expect(await hand.ledger.tallies()).toMatchObject({ both: { count: 2 }, local: { count: 3 }, trash: { count: 1 }, failed: { count: 0 } });
    // the purge of the buried row still comes
    await hand.advance(DAY);
    expect((await hand.ledger.duePurges(10)).map((row) => row.key)).toEqual(['buried.png']);
  });

  it('commit once for a row that comes twice', async () => {
    await hand.fallBack('a.png');
    const row = await hand.row('a.png');
    const intents = await begun([row, row].map((same) => ({ row: same, ...where })));
    expect(await hand.ledger.commitUploads(intents.map((intent) => proven(row, intent)))).toEqual([true, false]);
    expect((await hand.row('a.png')).placement).toMatchObject({ remote: { object: 'a.png' } });
    expect(names(await hand.dueObjects())).toEqual([intents[1]?.name]);
  });

  it('are refused whole with the intent of another key', async () => {
    await hand.fallBack('a.png');
    await hand.fallBack('b.png');
    const rows = await rowsOf('a.png', 'b.png');
    const [a, b] = await begun(rows.map((row) => ({ row, ...where })));
    await failsWith('INTERNAL', hand.ledger.commitUploads([proven(rows[0]!, a!), proven(rows[0]!, b!)]));
    expect((await rowsOf('a.png', 'b.png')).map(({ placement }) => placement.state)).toEqual(['local', 'local']);
    expect(await hand.ledger.commitUploads([proven(rows[0]!, a!), proven(rows[1]!, b!)])).toEqual([true, true]);
  });

  it('leave each row with one object when five processes begin and commit them at the same time', async () => {
    const all = Array.from({ length: 30 }, (_, index) => `${index}.png`);
    for (const name of all) await hand.fallBack(name);
    const groups = await Promise.all(
      Array.from({ length: 5 }, async (_, index) => {
        const rows = await rowsOf(...(index % 2 ? all : [...all].reverse()));
        // a row that another one has committed in between begins no more
        const started = (await hand.ledger.beginUploads(rows.map((row) => ({ row, ...where })))).flatMap((intent, at) => (intent ? [{ row: rows[at]!, intent }] : []));
        const done = await hand.ledger.commitUploads(started.map(({ row, intent }) => proven(row, intent)));
        return { intents: started.map(({ intent }) => intent), done };
      }),
    );
    expect(groups.flatMap(({ done }) => done).filter(Boolean)).toHaveLength(30);
    const live = (await rowsOf(...all)).map(({ placement }) => ('remote' in placement ? placement.remote.object : undefined));
    const drawn = groups.flatMap(({ intents }) => intents.map(({ name }) => name));
    expect(names(await hand.dueObjects())).toEqual(drawn.filter((name) => !live.includes(name)).sort());
  });

  it('can be none, with an empty answer', async () => {
    expect(await hand.ledger.beginUploads([])).toEqual([]);
    expect(await hand.ledger.commitUploads([])).toEqual([]);
  });
}
