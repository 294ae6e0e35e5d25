import type { VolumeId } from '../../../server/src/core/keys';
import { DAY, found, HOUR, key, MD5, LOCATION, names, saved, sent, VOLUME, type Hand } from './harness';

export function sweeping(hand: Hand): void {
  it('are due at once after a write that came to nothing', async () => {
    const [object, file] = [await hand.object('a.png'), await hand.file('b.png')];
    await hand.ledger.abandon([object, file]);
    const common = { unfinished: true, content: null, condemnedAt: expect.any(Number), condemnedMs: expect.any(Number) };
    expect(await hand.dueObjects()).toEqual([
      { id: object.id, key: 'a.png', kind: 'object', name: 'a.png', locationId: object.locationId, ...common },
    ]);
    expect(await hand.dueFiles()).toEqual([
      { id: file.id, key: 'b.png', kind: 'file', name: 'b.png', volume: file.volume, ...common },
    ]);
    expect(await hand.ledger.dueNames({ kind: 'object', locationId: 99 }, 10)).toEqual([]);
    expect(await hand.ledger.dueNames({ kind: 'file', volume: 'other' as VolumeId }, 10)).toEqual([]);
  });

  it('count as unfinished unless their write was published', async () => {
    const unfinished = async () => Object.fromEntries((await hand.dueObjects()).map((due) => [due.key, due.unfinished]));
    await hand.put('published.png');
    await hand.ledger.bury(key('published.png'), { purgeAfterMs: 0 });
    const [row] = await hand.ledger.duePurges(10);
    await hand.ledger.purge(row!, { referenced: false, condemnObjects: true });
    const abandoned = await hand.object('abandoned.png');
    await hand.ledger.abandon([abandoned]);
    const superseded = await hand.object('superseded.png');
    await hand.put('superseded.png', { plainFree: false });
    expect(await hand.publish(sent(superseded))).toEqual(['superseded']);
    await hand.fallBack('moved-on.png');
    const local = await hand.row('moved-on.png');
    const late = await hand.object('moved-on.png');
    expect(await hand.commitUpload({ ...local, rev: local.rev + 7 }, late, { etag: null, md5: MD5 })).toBe(false);
    await hand.object('crashed.png');
    await hand.advance(DAY);
    await hand.ledger.condemnAbandoned();
    expect(await unfinished()).toEqual({
      'published.png': false,
      'abandoned.png': true,
      'superseded.png': true,
      'moved-on.png': true,
      'crashed.png': true,
    });
    await hand.ledger.swept([abandoned.id]);
    await hand.advance(DAY);
    expect((await unfinished())['abandoned.png']).toBe(true);
  });

  it('say what is known of their bytes, and when they were condemned', async () => {
    await hand.put('library.png', { found: found('library.png', 7) });
    const replaced = await hand.row('library.png');
    expect(replaced.placement.state).toBe('remote');
    await hand.fallBack('fallback.png');
    await hand.put('fallback.png');
    const content = { size: 3, md5: MD5 };
    const pending = await hand.ledger.begin({ kind: 'file', key: key('abandoned.png'), volume: VOLUME, plainFree: true, content });
    await hand.advance(DAY);
    await hand.ledger.abandon([pending]);
    const due = await hand.dueFiles();
    expect(Object.fromEntries(due.map((name) => [name.name, name.content]))).toEqual({
      'library.png': { size: 7, md5: null },
      'fallback.png': { size: 10, md5: MD5 },
      'abandoned.png': content,
    });
    const at = (of: string) => due.find(({ name }) => name === of)!.condemnedAt;
    // in a test of a database, time passes when the test moves the stored times into the past
    expect(at('abandoned.png') - at('library.png')).toBeGreaterThanOrEqual(DAY);
  });

  it('say what was about to be written under an object’s name, whether it began alone or with others', async () => {
    const content = { size: 3, md5: MD5 };
    for (const name of ['with.png', 'others.png']) await hand.fallBack(name);
    const place = { locationId: LOCATION, prefix: '', plainFree: true };
    const alone = await hand.ledger.begin({ kind: 'object', key: key('alone.png'), ...place, content });
    const rows = [await hand.row('with.png'), await hand.row('others.png')];
    const together = await hand.ledger.beginUploads([{ row: rows[0]!, ...place, content }, { row: rows[1]!, ...place }]);
    await hand.ledger.abandon([alone, ...together.flatMap((intent) => intent ?? [])]);
    const due = await hand.dueObjects();
    expect(Object.fromEntries(due.map((name) => [name.name, name.content]))).toEqual({ 'alone.png': content, 'with.png': content, 'others.png': null });
  });

  it('come oldest first, and no more of them than asked for', async () => {
    const intents = [];
    for (const name of ['c.png', 'a.png', 'b.png']) intents.push(await hand.object(name));
    for (const intent of intents) {
      await hand.ledger.abandon([intent]);
      await hand.advance(1000);
    }
    const due = await hand.ledger.dueNames({ kind: 'object', locationId: 1 }, 2);
    expect(due.map(({ name }) => name)).toEqual(['c.png', 'a.png']);
  });

  it('come a second time a day after the first, and then never again', async () => {
    const intent = await hand.object('a.png');
    await hand.ledger.abandon([intent]);
    await hand.ledger.swept([intent.id]);
    expect(await hand.dueObjects()).toEqual([]);
    await hand.ledger.swept([intent.id]);
    expect(await hand.condemnedAfter(DAY - HOUR)).toEqual([]);
    expect(await hand.condemnedAfter(HOUR)).toEqual(['a.png']);
    await hand.ledger.swept([intent.id]);
    expect(await hand.condemnedAfter(10 * DAY)).toEqual([]);
  });

  it('come twice for an object whose write had ended, because a PUT that was given up may land late', async () => {
    const { name } = await hand.put('a.png');
    await hand.put('a.png', { plainFree: false });
    expect(await hand.condemnedAfter(DAY)).toEqual([name]);
    for (const { id } of await hand.dueObjects()) await hand.ledger.swept([id]);
    expect(await hand.condemnedAfter(DAY - HOUR)).toEqual([]);
    expect(await hand.condemnedAfter(HOUR)).toEqual([name]);
    for (const { id } of await hand.dueObjects()) await hand.ledger.swept([id]);
    expect(await hand.condemnedAfter(10 * DAY)).toEqual([]);
  });

  it('are forgotten after one removal for a file whose write had ended, since nothing lands late on a disk', async () => {
    await hand.fallBack('a.png');
    await hand.put('a.png');
    await hand.ledger.abandon([await hand.file('b.png', { plainFree: true })]);
    await hand.advance(DAY);
    for (const { id } of await hand.dueFiles()) await hand.ledger.swept([id]);
    expect(await hand.dueFiles()).toEqual([]);
    expect(await hand.condemnedAfter(DAY)).toEqual(['b.png']);
  });

  it('wait when their bytes could not be removed, and hold up no other', async () => {
    const [first, second] = [await hand.object('a.png'), await hand.object('b.png')];
    await hand.ledger.abandon([first]);
    await hand.advance(1000);
    await hand.ledger.abandon([second]);
    await hand.ledger.postpone(first.id, HOUR);
    expect(names(await hand.dueObjects())).toEqual(['b.png']);
    // a second postponement before the name is due changes nothing, and neither does one of a pending name
    await hand.ledger.postpone(first.id, 10 * DAY);
    const pending = await hand.object('c.png');
    await hand.ledger.postpone(pending.id, 10 * DAY);
    await hand.ledger.abandon([pending]);
    await hand.advance(HOUR);
    expect(names(await hand.dueObjects()).sort()).toEqual(['a.png', 'b.png', 'c.png']);
  });

  it('do not include pending names, and swept takes no unknown or pending id', async () => {
    const intent = await hand.object('a.png');
    await hand.ledger.swept([intent.id]);
    await hand.ledger.swept([123_456_789]);
    expect(await hand.condemnedAfter(HOUR)).toEqual([]);
    await hand.publish(sent(intent));
  });

  it('include pending names after a day without a sign of their writer', async () => {
    await hand.object('a.png');
    await hand.advance(DAY - HOUR);
    expect(await hand.ledger.condemnAbandoned()).toBe(0);
    await hand.advance(HOUR);
    expect(await hand.ledger.condemnAbandoned()).toBe(1);
    expect(await hand.ledger.condemnAbandoned()).toBe(0);
    expect(names(await hand.dueObjects())).toEqual(['a.png']);
  });

  it('are recorded once each, and come a day after two replacements', async () => {
    const first = await hand.fallBack('a.png');
    const second = await hand.fallBack('a.png');
    await hand.publish(saved(await hand.file('a.png')));
    const due = await hand.condemnedAfter(DAY);
    expect(due).toEqual([first.name, second.name].sort());
  });

  it('stay condemned through a later touch, forget or write', async () => {
    const intent = await hand.file('a.png');
    await hand.ledger.abandon([intent]);
    await hand.ledger.touch([intent]);
    await hand.ledger.forget(intent);
    await hand.fallBack('a.png');
    expect(names(await hand.dueFiles())).toEqual(['a.png']);
  });
}
