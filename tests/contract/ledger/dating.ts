import { DAY, HOUR, key, MD5, saved, sent, VOLUME, type Hand } from './harness';
import { commitCleanup } from '../../support/ledger-steps';

/** The times at which bytes became current. A ledger counts them on its own clock, so only differences can be compared. */
export function dating(hand: Hand): void {
  const time = async (name: string) => {
    const { contentAt } = (await hand.ledger.findDated(key(name))) ?? {};
    if (contentAt === undefined) throw new Error(`${name} has no time`);
    return contentAt;
  };

  it('a row has the time of its bytes, and is otherwise the same', async () => {
    await hand.put('a.png');
    const { contentAt, ...row } = (await hand.ledger.findDated(key('a.png'))) ?? {};
    expect([row, typeof contentAt]).toEqual([await hand.row('a.png'), 'number']);
    expect(await hand.ledger.findDated(key('b.png'))).toBeUndefined();
  });

  it('a first write that is under way has no time yet', async () => {
    await hand.object('a.png');
    expect((await hand.ledger.findDated(key('a.png')))?.contentAt).toBeUndefined();
  });

  it('the time of a replacement is later by the time between them', async () => {
    await hand.put('a.png');
    await hand.advance(HOUR);
    const before = await time('a.png');
    await hand.put('a.png');
    const second = await time('a.png');
    expect(Math.round((second - before) / HOUR)).toBe(1);
    await hand.fallBack('a.png');
    expect(await time('a.png')).toBeGreaterThan(second);
  });

  it('a replacement in the same second is later by a second, and so is one after somebody has set the clock back', async () => {
    await hand.put('a.png');
    const first = await time('a.png');
    await hand.put('a.png');
    expect((await time('a.png')) - first).toBeGreaterThanOrEqual(1_000);
    await hand.advance(-HOUR);
    const ahead = await time('a.png');
    await hand.put('a.png');
    expect((await time('a.png')) - ahead).toBe(1_000);
  });

  it('a replacement of several keys gives each of them a later time', async () => {
    await hand.put('a.png');
    await hand.put('b.png');
    const before = [await time('a.png'), await time('b.png')];
    await hand.publish(sent(await hand.object('a.png')), sent(await hand.object('b.png')), sent(await hand.object('c.png')));
    expect((await time('a.png')) - (before[0] ?? 0)).toBeGreaterThanOrEqual(1_000);
    expect((await time('b.png')) - (before[1] ?? 0)).toBeGreaterThanOrEqual(1_000);
    expect(await time('c.png')).toBeGreaterThan(0);
  });

  it('the time stays while the same bytes move to S3, leave the disk, fail, and are buried and wanted again', async () => {
    await hand.publish(saved(await hand.file('a.png')));
    const first = await time('a.png');
    const steps: (() => Promise<unknown>)[] = [
      async () => hand.commitUpload(await hand.row('a.png'), await hand.object('a.png'), { etag: '"e"', md5: MD5 }),
      async () => hand.ledger.recordFailure(await hand.row('a.png'), 'TIMEOUT', 0),
      async () => commitCleanup(hand.ledger, await hand.row('a.png'), { graceMs: 0 }),
      () => hand.ledger.bury(key('a.png'), { purgeAfterMs: DAY }),
    ];
    for (const step of steps) {
      await step();
      expect(await time('a.png')).toBe(first);
    }
  });

  it('bytes that come after a deletion have a later time than those before it', async () => {
    await hand.put('a.png');
    const first = await time('a.png');
    await hand.ledger.bury(key('a.png'), { purgeAfterMs: 0 });
    await hand.put('a.png');
    expect((await time('a.png')) - first).toBeGreaterThanOrEqual(1_000);
  });

  it('a file that plain Strapi has put in the place of ours has a later time', async () => {
    await hand.put('a.png');
    const first = await time('a.png');
    const file = { volume: VOLUME, size: 11, md5: '0cc175b9c0f1b6a831c399e269772661' };
    expect(await hand.ledger.takeUp(await hand.row('a.png'), file, { origin: 'fallback', condemnObjects: true })).toBe(true);
    expect((await time('a.png')) - first).toBeGreaterThanOrEqual(1_000);
  });
}
