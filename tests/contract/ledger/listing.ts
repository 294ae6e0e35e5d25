import type { VolumeId } from '../../../server/src/core/keys';
import type { ListFilter } from '../../../server/src/core/ledger/listing';
import { DAY, found, key, LOCATION, sent, VOLUME, type Hand } from './harness';

const ELSEWHERE = 'volume-2' as VolumeId;

export function listing(hand: Hand): void {
  const all = async (filter: ListFilter) =>
    (await hand.ledger.list(filter, { offset: 0, limit: 100 })).map((row) => row.key as string).sort();

  /** Makes one row of each kind, `new` and `gone` among them. */
  beforeEach(async () => {
    await hand.put('remote.png');
    await hand.fallBack('local.png');
    // the row waits for S3 and has not failed by itself
    await hand.ledger.recordFailure(await hand.row('local.png'), 'ACCESS_DENIED', DAY);
    await hand.fallBack('both.png');
    await hand.commitUpload(await hand.row('both.png'), await hand.object('both.png'), { etag: null, md5: 'd41d8cd98f00b204e9800998ecf8427e' });
    await hand.fallBack('failed.png');
    await hand.ledger.recordFailure(await hand.row('failed.png'), 'DISK_ERROR', DAY);
    await hand.object('elsewhere.png', { found: { ...found('elsewhere.png'), volume: ELSEWHERE } });
    await hand.fallBack('buried.png');
    await hand.ledger.bury(key('buried.png'), { purgeAfterMs: DAY });
    await hand.object('new.png');
    await hand.object('lost.png', { found: found('lost.png') });
    await hand.ledger.recordFailure(await hand.row('lost.png'), 'LOST', null);
    await hand.ledger.recordMissing([key('missing.png')], 'NOT_ON_DISK');
    await hand.put('gone.png');
    await hand.ledger.bury(key('gone.png'), { purgeAfterMs: 0 });
    await hand.ledger.purge(await hand.row('gone.png'), { referenced: false, condemnObjects: true });
  });

  it('holds every row that has bytes, and missing files', async () => {
    expect(await all({})).toEqual(['both.png', 'buried.png', 'elsewhere.png', 'failed.png', 'local.png', 'lost.png', 'missing.png', 'remote.png']);
  });

  it.each([
    [{ state: 'local' }, ['elsewhere.png', 'failed.png', 'local.png']],
    [{ state: 'both' }, ['both.png']],
    [{ state: 'remote' }, ['remote.png']],
    [{ state: 'trash' }, ['buried.png']],
    [{ state: 'lost' }, ['lost.png']],
    [{ state: 'missing' }, ['missing.png']],
    [{ state: 'missing', failed: true }, ['missing.png']],
    [{ failed: true }, ['failed.png', 'lost.png', 'missing.png']],
    [{ failed: false }, ['both.png', 'buried.png', 'elsewhere.png', 'failed.png', 'local.png', 'lost.png', 'missing.png', 'remote.png']],
    [{ onlyOn: [VOLUME] }, ['failed.png', 'local.png']],
    [{ onlyOn: [ELSEWHERE] }, ['elsewhere.png']],
    [{ onlyOn: [VOLUME, ELSEWHERE] }, ['elsewhere.png', 'failed.png', 'local.png']],
    [{ onlyOn: [] }, []],
    [{ onlyOn: [VOLUME], failed: true }, ['failed.png']],
    [{ onlyOn: [VOLUME], state: 'remote' }, []],
    [{ state: 'trash', failed: true }, []],
  ] as [ListFilter, string[]][])('is narrowed by %j, and the count fits', async (filter, keys) => {
    expect(await all(filter)).toEqual(keys);
    expect(await hand.ledger.count(filter)).toBe(keys.length);
  });

  it('tells locations in S3 apart', async () => {
    const other = (await hand.ledger.locationId({ endpoint: '', region: 'r', bucket: 'other' })) + 1000;
    for (const name of ['o1.png', 'o2.png']) {
      await hand.publish(sent(await hand.ledger.begin({ kind: 'object', key: key(name), locationId: other, prefix: '', plainFree: true })));
    }
    await hand.ledger.bury(key('o2.png'), { purgeAfterMs: DAY });
    expect([...(await hand.ledger.onlyAt())].sort((one, two) => one.location - two.location)).toEqual([
      { location: LOCATION, count: 1, bytes: 10 },
      { location: other, count: 1, bytes: 10 },
    ]);
    expect(await all({ at: other })).toEqual(['o1.png', 'o2.png']);
    expect(await all({ at: other, state: 'remote' })).toEqual(['o1.png']);
    expect(await all({ at: LOCATION })).toEqual(['both.png', 'remote.png']);
    expect(await hand.ledger.count({ at: LOCATION, state: 'remote' })).toBe(1);
  });

  it('answers every row once in pages, though rows change meanwhile', async () => {
    const seen: string[] = [];
    for (let offset = 0; offset < 10; offset += 2) {
      const page = await hand.ledger.list({}, { offset, limit: 2 });
      expect(page.length).toBeLessThanOrEqual(2);
      seen.push(...page.map((row) => row.key));
      await hand.put('remote.png');
      await hand.put('local.png');
    }
    expect(seen.sort()).toEqual(await all({}));
  });

  it('holds the whole rows', async () => {
    const [row] = await hand.ledger.list({ state: 'local', failed: true }, { offset: 0, limit: 1 });
    expect(row).toEqual(await hand.row('failed.png'));
  });
}
