import { DAY, found, HOUR, key, MD5, VOLUME, type Hand } from './harness';

export function migrating(hand: Hand): void {
  const UPLOAD = { work: 'upload', volume: VOLUME, origin: 'library' } as const;
  const remote = (of: string) => ({ locationId: 1, object: of as never, etag: '"e"' });
  const library = async (...names: string[]) => {
    await hand.ledger.record(names.map((name) => ({ key: key(name), local: { volume: VOLUME, localName: name as never }, size: 7 })));
  };

  describe('the adoption that stands in for the upload of a library file', () => {
    it('makes the row both, with the plain name spent and the MD5 known', async () => {
      await library('a.png');
      const row = await hand.row('a.png');
      await hand.ledger.recordFailure(row, 'DISK_ERROR', DAY);
      expect(await hand.ledger.commitAdoption(row, remote('a.png'), MD5)).toBe(true);
      const both = await hand.row('a.png');
      expect(both).toMatchObject({ rev: row.rev + 1, plainUsed: true, attempts: 0, lastError: null, origin: 'library' });
      expect(both.placement).toMatchObject({ state: 'both', content: { size: 7, md5: MD5 }, local: { localName: 'a.png' }, remote: remote('a.png') });
    });

    it('is refused once a write of the plugin’s own was given the plain name, whatever became of it', async () => {
      await library('pending.png', 'condemned.png');
      await hand.object('pending.png');
      await hand.ledger.abandon([await hand.object('condemned.png')]);
      for (const name of ['pending.png', 'condemned.png']) {
        const row = await hand.row(name);
        expect(await hand.ledger.commitAdoption(row, remote(name), MD5)).toBe(false);
        expect(await hand.row(name)).toEqual(row);
      }
    });

    it('is refused when the row has moved on, or has other bytes', async () => {
      await library('a.png');
      const read = await hand.row('a.png');
      await hand.ledger.bury(key('a.png'), { purgeAfterMs: DAY });
      expect(await hand.ledger.commitAdoption(read, remote('a.png'), MD5)).toBe(false);
      await hand.fallBack('b.png');
      expect(await hand.ledger.commitAdoption(await hand.row('b.png'), remote('b.png'), '0'.repeat(32))).toBe(false);
      await hand.put('c.png', { plainFree: false });
      expect(await hand.ledger.commitAdoption(await hand.row('c.png'), remote('c.png'), MD5)).toBe(false);
      for (const name of ['a.png', 'b.png']) expect((await hand.row(name)).placement.state).toBe('local');
    });

    it('leaves later writes without the plain name', async () => {
      await library('a.png');
      await hand.ledger.commitAdoption(await hand.row('a.png'), remote('a.png'), MD5);
      expect((await hand.object('a.png')).name).not.toBe('a.png');
    });
  });

  describe('a row that was given up', () => {
    const due = async () => (await hand.due({ ...UPLOAD, limit: 10 })).map((row) => row.key as string);

    it('is never due and not pending work, while a row that waits is pending work', async () => {
      await library('a.png', 'b.png');
      await hand.ledger.recordFailure(await hand.row('a.png'), 'FILE_CHANGED', null);
      await hand.ledger.recordFailure(await hand.row('b.png'), 'FILE_CHANGED', 2 * HOUR);
      expect(await hand.ledger.pendingWork(UPLOAD)).toBe(true);
      await hand.advance(1000 * DAY);
      expect(await due()).toEqual(['b.png']);
      await hand.ledger.recordFailure(await hand.row('b.png'), 'FILE_CHANGED', null);
      expect(await hand.ledger.pendingWork(UPLOAD)).toBe(false);
      expect(await hand.row('a.png')).toMatchObject({ attempts: 1, lastError: 'FILE_CHANGED' });
    });

    it.each<[string, string[] | 'all']>([['by its key', ['a.png', 'a.png', 'b.png', 'unknown.png']], ['with all others', 'all']])('is due again when it is retried %s, and a job that read it before can commit', async (_how, keys) => {
      await library('a.png', 'b.png', 'c.png');
      const rows = await Promise.all(['a.png', 'b.png'].map((name) => hand.row(name)));
      for (const row of rows) await hand.ledger.recordFailure(row, 'FILE_CHANGED', null);
      expect(await hand.ledger.retry(keys === 'all' ? keys : keys.map(key))).toBe(2);
      expect((await due()).sort()).toEqual(['a.png', 'b.png', 'c.png']);
      expect(await hand.row('a.png')).toEqual(rows[0]);
      expect(await hand.ledger.retry('all')).toBe(0);
      expect(await hand.commitUpload(rows[0]!, await hand.object('a.png'), { etag: null, md5: MD5 })).toBe(true);
    });
  });

  it('retry and unbury take hundreds of rows at once', async () => {
    const names = Array.from({ length: 260 }, (_, index) => `${index}.png`);
    await library(...names);
    await hand.ledger.recordMissing(['x.png', 'y.png'].map(key), 'NOT_ON_DISK');
    for (const name of names.slice(0, 255)) await hand.ledger.recordFailure(await hand.row(name), 'DISK_ERROR', null);
    expect(await hand.ledger.retry('all')).toBe(257);
    for (const name of names.slice(5)) await hand.ledger.bury(key(name), { purgeAfterMs: DAY });
    expect(await hand.ledger.unbury('all')).toBe(255);
    expect(await hand.ledger.tallies()).toMatchObject({ trash: { count: 0 }, failed: { count: 0 }, pendingLibrary: { count: 260, bytes: 1820 } });
  });

  it('sendKept makes the files that a copy kept fallback files, due at once, in hundreds of rows', async () => {
    const names = Array.from({ length: 260 }, (_, index) => `${index}.png`);
    for (const name of names) await hand.fallBack(name, 'read-only');
    await hand.fallBack('fallback.png');
    await library('library.png');
    const before = await hand.row('0.png');
    expect(await hand.ledger.tallies()).toMatchObject({ keptByCopy: { count: 260 }, pendingUploads: { count: 1 }, pendingLibrary: { count: 1 } });
    expect(await hand.ledger.sendKept()).toBe(260);
    expect(await hand.row('0.png')).toEqual({ ...before, rev: before.rev + 1, origin: 'fallback' });
    expect(await hand.ledger.tallies()).toMatchObject({ keptByCopy: { count: 0 }, pendingUploads: { count: 261 }, pendingLibrary: { count: 1 } });
    expect(await hand.ledger.claim({ work: 'upload', volume: VOLUME, origin: 'fallback', limit: 300 }, DAY)).toHaveLength(261);
  });

  it('unbury takes the tombstone away from a buried row, unless it was purged', async () => {
    for (const name of ['a.png', 'gone.png', 'kept.png']) await hand.put(name);
    for (const name of ['a.png', 'gone.png']) await hand.ledger.bury(key(name), { purgeAfterMs: 0 });
    await hand.ledger.purge(await hand.row('gone.png'), { referenced: false, condemnObjects: true });
    const before = await hand.row('a.png');
    expect(await hand.ledger.unbury(['a.png', 'gone.png', 'kept.png', 'unknown.png'].map(key))).toBe(1);
    expect(await hand.row('a.png')).toEqual({ ...before, rev: before.rev + 1, tombstone: null });
    expect((await hand.row('gone.png')).placement.state).toBe('gone');
    expect(await hand.ledger.duePurges(10)).toEqual([]);
    // a purge that read the row before comes too late
    expect(await hand.ledger.purge(before, { referenced: false, condemnObjects: true })).toBe(false);
  });

  it('scan answers every row of the work once, due or not', async () => {
    await library('a.png', 'b.png', 'c.png', 'd.png');
    await hand.object('e.png', { found: { ...found('e.png'), volume: 'volume-2' as never } });
    await hand.put('remote.png');
    await hand.ledger.recordFailure(await hand.row('b.png'), 'DISK_ERROR', null);
    await hand.ledger.bury(key('c.png'), { purgeAfterMs: DAY });
    const seen: string[] = [];
    for (let after = null as never; ; ) {
      const rows = await hand.ledger.scan(UPLOAD, after, 2);
      seen.push(...rows.map((row) => row.key));
      if (rows.length < 2) break;
      after = rows.at(-1)!.key as never;
    }
    expect(seen.sort()).toEqual(['a.png', 'b.png', 'd.png']);
  });

  it('noteProof keeps how a location proves uploads', async () => {
    const id = await hand.ledger.locationId({ endpoint: '', region: 'r', bucket: 'b' });
    expect(await hand.ledger.proofOf(id)).toBeNull();
    await hand.ledger.noteProof(id, 'bytes');
    expect(await hand.ledger.proofOf(id)).toBe('bytes');
    expect(await hand.ledger.locationId({ endpoint: '', region: 'r', bucket: 'b' })).toBe(id);
  });
}
