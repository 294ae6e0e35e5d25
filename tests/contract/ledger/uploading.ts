import type { VolumeId } from '../../../server/src/core/keys';
import { DAY, failsWith, found, HOUR, key, MD5, names, sent, VOLUME, type Hand } from './harness';

export function uploading(hand: Hand): void {
  const due = async (limit = 10) =>
    (await hand.due({ work: 'upload', volume: VOLUME, origin: 'fallback', limit })).map((row) => row.key);
  const proven = { etag: '"etag"', md5: MD5 };

  it('are due for local rows of their volume and origin that are not buried, the oldest change first', async () => {
    for (const name of ['b.png', 'a.png', 'c.png', 'buried.png']) {
      await hand.fallBack(name);
      await hand.advance(1000);
    }
    await hand.put('remote.png');
    await hand.object('library.png', { found: found('library.png') });
    await hand.ledger.bury(key('buried.png'), { purgeAfterMs: DAY });
    expect(await due()).toEqual(['b.png', 'a.png', 'c.png']);
    expect(await due(2)).toEqual(['b.png', 'a.png']);
    const elsewhere = 'volume-2' as VolumeId;
    expect(await hand.due({ work: 'upload', volume: elsewhere, origin: 'fallback', limit: 10 })).toEqual([]);
    const library = await hand.due({ work: 'upload', volume: VOLUME, origin: 'library', limit: 10 });
    expect(library).toEqual([await hand.row('library.png')]);
  });

  it('make a local row both', async () => {
    await hand.fallBack('a.png');
    const row = await hand.row('a.png');
    const intent = await hand.object('a.png');
    expect(await hand.commitUpload(row, intent, proven)).toBe(true);
    const both = await hand.row('a.png');
    expect(both).toMatchObject({ rev: row.rev + 1, ticket: row.ticket, origin: 'fallback' });
    expect(both.placement).toEqual({
      ...row.placement,
      state: 'both',
      remote: { locationId: intent.locationId, object: intent.name, etag: '"etag"' },
    });
    expect(await due()).toEqual([]);
    expect(await hand.condemnedAfter(3 * DAY)).toEqual([]);
  });

  it('record the MD5 of a library file', async () => {
    const intent = await hand.object('a.png', { found: found('a.png', 7) });
    expect(await hand.commitUpload(await hand.row('a.png'), intent, proven)).toBe(true);
    expect((await hand.row('a.png')).placement).toMatchObject({ state: 'both', content: { size: 7, md5: MD5 } });
  });

  it('are refused, and their name condemned, when the row has moved on or the MD5 is another one', async () => {
    await hand.fallBack('a.png');
    const read = await hand.row('a.png');
    const late = await hand.object('a.png');
    await hand.fallBack('a.png');
    const row = await hand.row('a.png');
    expect(await hand.commitUpload(read, late, proven)).toBe(false);
    const other = await hand.object('a.png');
    expect(await hand.commitUpload(row, other, { etag: null, md5: '0'.repeat(32) })).toBe(false);
    expect(await hand.row('a.png')).toEqual({ ...row, plainUsed: true });
    expect(names(await hand.dueObjects())).toEqual([late.name, other.name].sort());
  });

  it('are refused when the intent is lost', async () => {
    await hand.fallBack('a.png');
    const row = await hand.row('a.png');
    const intent = await hand.object('a.png');
    await hand.ledger.abandon([intent]);
    expect(await hand.commitUpload(row, intent, proven)).toBe(false);
    expect((await hand.row('a.png')).placement.state).toBe('local');
  });

  it('wait after a failure, which does not raise the rev', async () => {
    await hand.fallBack('a.png');
    const row = await hand.row('a.png');
    await hand.ledger.recordFailure(row, 'ACCESS_DENIED', 2 * HOUR);
    const failed = await hand.row('a.png');
    expect(failed).toEqual({ ...row, attempts: 1, lastError: 'ACCESS_DENIED' });
    expect(await due()).toEqual([]);
    await hand.advance(2 * HOUR);
    expect(await due()).toEqual(['a.png']);
    await hand.ledger.recordFailure(row, 'TIMEOUT', 0);
    expect(await hand.row('a.png')).toMatchObject({ attempts: 2, lastError: 'TIMEOUT' });
    const intent = await hand.object('a.png');
    expect(await hand.commitUpload(row, intent, proven)).toBe(true);
    expect(await hand.row('a.png')).toMatchObject({ attempts: 0, lastError: null });
  });

  it('do not record a failure of a row that has moved on', async () => {
    await hand.fallBack('a.png');
    const read = await hand.row('a.png');
    await hand.fallBack('a.png');
    await hand.ledger.recordFailure(read, 'TIMEOUT', DAY);
    expect(await hand.row('a.png')).toMatchObject({ attempts: 0, lastError: null });
    expect(await due()).toEqual(['a.png']);
  });

  it('forget earlier failures when the row gets new bytes', async () => {
    await hand.fallBack('a.png');
    await hand.ledger.recordFailure(await hand.row('a.png'), 'TIMEOUT', DAY);
    await hand.fallBack('a.png');
    expect(await due()).toEqual(['a.png']);
  });

  it('are tallied, as are the rows of every other state', async () => {
    expect(await hand.ledger.isEmpty()).toBe(true);
    await hand.object('new.png');
    expect(await hand.ledger.isEmpty()).toBe(false);
    await hand.put('remote.png');
    await hand.put('buried.png');
    await hand.ledger.bury(key('buried.png'), { purgeAfterMs: DAY });
    for (const name of ['both.png', 'local.png', 'failed.png', 'waiting.png']) await hand.fallBack(name);
    await hand.commitUpload(await hand.row('both.png'), await hand.object('both.png'), proven);
    await hand.ledger.recordFailure(await hand.row('failed.png'), 'DISK_ERROR', 0);
    // the file waits for S3, which takes it as soon as it can
    await hand.ledger.recordFailure(await hand.row('waiting.png'), 'TIMEOUT', 0);
    await hand.object('library.png', { found: found('library.png', 7) });
    await hand.put('gone.png');
    await hand.ledger.bury(key('gone.png'), { purgeAfterMs: 0 });
    await hand.ledger.purge(await hand.row('gone.png'), { referenced: false, condemnObjects: true });
    expect(await hand.ledger.tallies()).toEqual({
      local: { count: 4, bytes: 37 },
      both: { count: 1, bytes: 10 },
      remote: { count: 1, bytes: 10 },
      trash: { count: 1, bytes: 10 },
      failed: { count: 1, bytes: 10 },
      failedOf: { local: 1, both: 0, remote: 0, missing: 0 },
      lost: { count: 0, bytes: 0 },
      missing: { count: 0, bytes: 0 },
      pendingUploads: { count: 3, bytes: 30 },
      pendingLibrary: { count: 1, bytes: 7 },
      keptByCopy: { count: 0, bytes: 0 },
      onlyOn: [{ volume: VOLUME, count: 4, bytes: 37 }],
    });
  });

  it('are tallied for the volume with the only copy, without buried rows and files in S3', async () => {
    const elsewhere = 'a-volume' as VolumeId;
    await hand.object('there.png', { found: { ...found('there.png', 5), volume: elsewhere } });
    for (const name of ['here.png', 'both.png', 'buried.png']) await hand.fallBack(name);
    await hand.commitUpload(await hand.row('both.png'), await hand.object('both.png'), proven);
    await hand.ledger.bury(key('buried.png'), { purgeAfterMs: DAY });
    expect((await hand.ledger.tallies()).onlyOn).toEqual([
      { volume: elsewhere, count: 1, bytes: 5 },
      { volume: VOLUME, count: 1, bytes: 10 },
    ]);
    await hand.ledger.bury(key('there.png'), { purgeAfterMs: DAY });
    expect((await hand.ledger.tallies()).onlyOn).toEqual([{ volume: VOLUME, count: 1, bytes: 10 }]);
  });

  it('are refused with the intent of another key, and nothing changes', async () => {
    await hand.fallBack('a.png');
    const row = await hand.row('a.png');
    const other = await hand.object('b.png');
    await failsWith('INTERNAL', hand.commitUpload(row, other, proven));
    expect(await hand.row('a.png')).toEqual(row);
    expect(await hand.dueObjects()).toEqual([]);
    await hand.publish(sent(other));
  });

  it('go on for a buried row, and its purge condemns both copies', async () => {
    await hand.fallBack('a.png');
    await hand.ledger.bury(key('a.png'), { purgeAfterMs: 0 });
    const intent = await hand.object('a.png');
    expect(await hand.commitUpload(await hand.row('a.png'), intent, proven)).toBe(true);
    const both = await hand.row('a.png');
    expect(both).toMatchObject({ placement: { state: 'both' }, tombstone: { ticket: expect.any(Number) } });
    await hand.ledger.purge(both, { referenced: false, condemnObjects: true });
    expect(await hand.condemnedAfter(0)).toEqual(['a.png', 'a.png']);
  });
}
