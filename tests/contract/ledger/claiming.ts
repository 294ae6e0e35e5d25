import type { VolumeId } from '../../../server/src/core/keys';
import type { LedgerRow } from '../../../server/src/core/ledger/state';
import type { Claim } from '../../../server/src/core/ledger/words';
import { DAY, found, HOUR, key, MD5, VOLUME, type Hand } from './harness';

const uploads: Claim = { work: 'upload', volume: VOLUME, origin: 'fallback', limit: 100 };
const cleanups: Claim = { work: 'cleanup', volume: VOLUME, limit: 100 };
const restores: Claim = { work: 'restore', limit: 100 };

export function claiming(hand: Hand): void {
  it('outlast the beginning of the write that they are for', async () => {
    await hand.ledger.record([{ key: key('a.png'), local: { volume: VOLUME, localName: 'a.png' as never }, size: 1 }]);
    const request = { work: 'upload', volume: VOLUME, origin: 'library', limit: 10 } as const;
    expect(await hand.ledger.claim(request, HOUR)).toHaveLength(1);
    await hand.object('a.png');
    expect(await hand.ledger.claim(request, HOUR)).toEqual([]);
  });

  const claim = async (request: Claim, forMs = HOUR) => (await hand.ledger.claim(request, forMs)).map((row) => row.key as string);

  /** Makes a row `both`. */
  const both = async (name: string) => {
    await hand.fallBack(name);
    await hand.commitUpload(await hand.row(name), await hand.object(name), { etag: null, md5: MD5 });
  };

  it('take for each work the rows in its state, on its volume and of its origin', async () => {
    await hand.object('new.png');
    await hand.fallBack('local.png');
    await hand.object('library.png', { found: found('library.png') });
    await hand.object('other.png', { found: { ...found('other.png'), volume: 'volume-2' as VolumeId } });
    await both('both.png');
    await hand.put('remote.png');
    expect(await claim(uploads)).toEqual(['local.png']);
    expect(await claim({ ...uploads, origin: 'library' } as Claim)).toEqual(['library.png']);
    expect(await claim({ ...cleanups, volume: 'volume-2' as VolumeId } as Claim)).toEqual([]);
    expect(await claim(cleanups)).toEqual(['both.png']);
    expect(await claim(restores)).toEqual(['remote.png']);
  });

  it('never take buried rows', async () => {
    await hand.fallBack('local.png');
    await both('both.png');
    await hand.put('remote.png');
    for (const name of ['local.png', 'both.png', 'remote.png']) await hand.ledger.bury(key(name), { purgeAfterMs: DAY });
    for (const request of [uploads, cleanups, restores]) expect(await claim(request)).toEqual([]);
  });

  it('keep a row from others until they end, and do not change it', async () => {
    await hand.fallBack('a.png');
    const row = await hand.row('a.png');
    expect(await hand.ledger.claim(uploads, HOUR)).toEqual([row]);
    expect(await hand.row('a.png')).toEqual(row);
    expect(await claim(uploads)).toEqual([]);
    await hand.advance(HOUR - 60_000);
    expect(await claim(uploads)).toEqual([]);
    await hand.advance(60_000);
    expect(await claim(uploads)).toEqual(['a.png']);
  });

  it('are renewed only by their holder, while they last', async () => {
    await hand.fallBack('a.png');
    await hand.fallBack('b.png');
    const rows = await hand.ledger.claim(uploads, HOUR, 'one');
    await hand.advance(HOUR - 60_000);
    await hand.ledger.renewClaims(rows, HOUR, 'another');
    await hand.ledger.renewClaims(rows.filter((row) => row.key === key('a.png')), HOUR, 'one');
    await hand.advance(60_000);
    expect(await hand.ledger.claim(uploads, 10 * HOUR, 'another')).toMatchObject([{ key: 'b.png' }]);
    // a claim that was given back, has failed or belongs to another holder now is not held any more
    await hand.ledger.release(rows.filter((row) => row.key === key('a.png')));
    await hand.ledger.renewClaims(rows, HOUR, 'one');
    expect(await claim(uploads)).toEqual(['a.png']);
  });

  it('that a dead process held on this volume or for files in S3 are released at once, and no others', async () => {
    for (const name of ['a.png', 'b.png', 'failed.png']) await hand.fallBack(name);
    await both('both.png');
    await hand.put('remote.png');
    // the claims come one after the other, because MariaDB may leave a row unclaimed when claims come at the same time
    const by = async (holder: string, ...of: Claim[]) => {
      const claimed: LedgerRow[] = [];
      for (const request of of) claimed.push(...(await hand.ledger.claim(request, HOUR, holder)));
      return claimed;
    };
    const [failed] = (await by('dead', { ...uploads, limit: 1 })) as [LedgerRow];
    await hand.ledger.recordFailure(failed, 'REJECTED', HOUR);
    await by('living', { ...uploads, limit: 1 });
    expect(await by('dead', uploads, cleanups, restores)).toHaveLength(3);
    expect(await hand.ledger.releaseClaimsOf('dead', 'volume-2' as VolumeId)).toBe(1);
    expect(await by('next', restores)).toHaveLength(1);
    expect(await hand.ledger.releaseClaimsOf('dead', VOLUME)).toBe(2);
    expect((await by('next', uploads, cleanups, restores)).map((row) => row.placement.state).sort()).toEqual(['both', 'local']);
    await hand.advance(HOUR);
    expect(await hand.ledger.releaseClaimsOf('living', VOLUME)).toBe(0);
  });

  it('end when the row changes, which is then due for its next work', async () => {
    await hand.fallBack('a.png');
    await claim(uploads);
    await hand.fallBack('a.png');
    expect(await claim(uploads)).toEqual(['a.png']);
    const intent = await hand.object('a.png');
    await hand.commitUpload(await hand.row('a.png'), intent, { etag: null, md5: MD5 });
    expect(await claim(cleanups)).toEqual(['a.png']);
  });

  it('take rows that failed after rows that were never tried, and only when their time has come', async () => {
    for (const name of ['a.png', 'b.png', 'c.png']) {
      await hand.fallBack(name);
      await hand.advance(1000);
    }
    await hand.ledger.recordFailure(await hand.row('a.png'), 'TIMEOUT', 0);
    await hand.ledger.recordFailure(await hand.row('b.png'), 'TIMEOUT', HOUR);
    expect(await claim({ ...uploads, limit: 1 })).toEqual(['c.png']);
    expect(await claim({ ...uploads, limit: 1 })).toEqual(['a.png']);
    expect(await claim(uploads)).toEqual([]);
  });

  it('that are released leave their row due at once', async () => {
    await hand.fallBack('a.png');
    await hand.fallBack('b.png');
    await hand.ledger.recordFailure(await hand.row('b.png'), 'TIMEOUT', 0);
    const claimed = await hand.ledger.claim(uploads, DAY);
    await hand.ledger.release(claimed.slice(1));
    expect(await claim(uploads)).toEqual(['b.png']);
    await hand.ledger.release([]);
  });

  it('are not released for a row that failed meanwhile, or changed and has another holder now', async () => {
    await hand.fallBack('failed.png');
    await hand.fallBack('changed.png');
    const claimed = await hand.ledger.claim(uploads, DAY);
    await hand.ledger.recordFailure(await hand.row('failed.png'), 'TIMEOUT', DAY);
    await hand.fallBack('changed.png');
    expect(await claim(uploads, DAY)).toEqual(['changed.png']);
    await hand.ledger.release(claimed);
    expect(await claim(uploads)).toEqual([]);
  });
}
