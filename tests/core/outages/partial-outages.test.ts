import { htmlPage, s3Error } from '../../support/canned-answers';
import type { Fault } from '../../support/fault-proxy';
import { outageWorld, type OutageWorld, type OutageWorlds } from '../../support/outage-world';

/** S3 does one thing and not the other, or everything but for one file. */
let worlds: OutageWorlds;
let world: OutageWorld;
beforeAll(async () => {
  worlds = await outageWorld();
}, 120_000);
beforeEach(async () => {
  worlds.proxy.heal();
  world = await worlds.open();
  worlds.proxy.forget();
});
afterEach(() => world.close());
afterAll(() => worlds.close(), 60_000);

const full: Fault = { kind: 'answer', answer: s3Error(507, 'XMinioStorageFull') };
const on = (method: string, fault: Fault, name = '') => worlds.proxy.on({ fault, when: (request) => request.method === method && request.path.includes(name) });
const puts = (name = '') => worlds.proxy.count('PUT', name);
const breaker = () => world.connections.breaker!;
/** Lets `ms` pass, and runs the catch-up after every step of it. */
async function wait(ms: number, everyMs = 5_000): Promise<void> {
  for (let left = ms; left > 0; left -= everyMs) {
    world.skip(everyMs);
    await world.catchUp();
  }
}

describe('while S3 answers reads and takes no uploads', () => {
  beforeEach(async () => {
    await world.put('before.txt');
    on('PUT', full);
    worlds.proxy.forget();
  });

  test('reads go on, and after two failures uploads go to the disk without a request to S3', async () => {
    await world.put('one.txt');
    await world.put('two.txt');
    worlds.proxy.forget();
    for (const name of ['three.txt', 'four.txt', 'five.txt']) {
      await world.put(name);
      expect(await world.place(name)).toBe('local');
      expect(await world.read('before.txt')).toBe('before.txt');
    }
    // the plugin does not even ask whether the name is free
    expect(worlds.proxy.count('PUT') + worlds.proxy.count('HEAD')).toBe(0);
    expect(breaker().state.kind).toBe('closed');
  });

  test('one incident, one warning and a few PUTs a minute follow, and a probe does not end the outage', async () => {
    for (const name of ['one.txt', 'two.txt', 'three.txt', 'four.txt']) await world.put(name);
    worlds.proxy.forget();
    await breaker().forceProbe();
    await wait(60_000, 2_000);
    expect(puts()).toBeGreaterThan(1);
    expect(puts()).toBeLessThan(10);
    // beside each PUT the plugin asks only whether its name is free
    expect(worlds.proxy.count('HEAD')).toBeLessThan(2 * puts() + 2);
    expect(world.incidents).toEqual(['SERVER_ERROR']);
    expect(world.lines.warn).toEqual([expect.stringMatching(/^S3 takes no uploads: .*XMinioStorageFull/)]);
    expect(world.outage.current).toMatchObject({ code: 'SERVER_ERROR', reads: false, writes: true, detail: expect.stringContaining('XMinioStorageFull') });
  });

  test('the outage is reported even when one file alone waits and nothing else is uploaded', async () => {
    await world.put('one.txt');
    await wait(60_000, 2_000);
    expect(world.incidents).toEqual(['SERVER_ERROR']);
    expect(world.outage.current).toMatchObject({ writes: true, fellBack: 1 });
    expect(puts()).toBeLessThan(15);
    expect((await world.row('one.txt'))?.lastError).toBe('SERVER_ERROR');
  });

  test('the first upload that passes ends the outage, and all fallbacks follow', async () => {
    const names = ['one.txt', 'two.txt', 'three.txt'];
    for (const name of names) await world.put(name);
    await wait(20_000);
    worlds.proxy.heal();
    await wait(60_000);
    expect(await Promise.all(names.map(world.place))).toEqual(['both', 'both', 'both']);
    expect(world.outage.current).toBeUndefined();
    expect(world.lines.warn).toHaveLength(2);
    await world.put('after.txt');
    expect(await world.place('after.txt')).toBe('remote');
  });

  test('uploads that may not fall back are refused, until one after a pause reaches S3 again', async () => {
    await world.close();
    world = await worlds.open({ keepsLocally: false });
    for (const name of ['one.txt', 'two.txt']) await expect(world.put(name)).rejects.toMatchObject({ code: 'UPLOAD_REFUSED' });
    worlds.proxy.heal();
    await expect(world.put('three.txt')).rejects.toMatchObject({ code: 'UPLOAD_REFUSED' });
    world.skip(2_000);
    await world.put('three.txt');
    expect(await world.place('three.txt')).toBe('remote');
    expect(world.outage.current).toBeUndefined();
  });

  test('a PUT without an answer is waited for only once, and reads go on', async () => {
    worlds.proxy.heal();
    on('PUT', { kind: 'blackhole' });
    await world.put('one.txt');
    worlds.proxy.forget();
    await world.put('two.txt');
    expect(puts()).toBe(0);
    expect(await world.read('before.txt')).toBe('before.txt');
  });
});

describe('one file that does not pass', () => {
  const others = ['a.txt', 'b.txt', 'c.txt', 'd.txt'];
  const poison = (fault: Fault) => on('PUT', fault, 'poison');

  test.each([
    ['a proxy’s limit on the size of a body', htmlPage(413), 'TOO_LARGE'],
    ['a proxy’s limit without a page', { status: 413 }, 'TOO_LARGE'],
    ['a firewall’s page', htmlPage(403), 'FILE_REFUSED'],
    ['a refusal by S3 itself', s3Error(400, 'InvalidRequest'), 'FILE_REFUSED'],
  ])('causes no outage, holds up no other file and gets 5 attempts because of %s', async (_what, answer, code) => {
    poison({ kind: 'answer', answer });
    await world.put('poison.bin');
    for (const name of others) await world.put(name);
    expect(await Promise.all(others.map(world.place))).toEqual(others.map(() => 'remote'));
    expect(await world.place('poison.bin')).toBe('local');
    expect(await world.read('poison.bin')).toBe('poison.bin');
    await wait(2 * 3600_000, 60_000);
    expect(await world.row('poison.bin')).toMatchObject({ attempts: 5, lastError: code });
    expect(puts('poison')).toBeLessThan(10);
    expect([world.incidents, breaker().state.kind, breaker().writes.state.kind]).toEqual([[], 'closed', 'closed']);
    expect(world.lines.warn.every((line) => line.includes('poison.bin'))).toBe(true);
    // once the fault is mended, the file follows by itself
    worlds.proxy.heal();
    world.skip(24 * 3600_000);
    await world.catchUp();
    expect(await world.place('poison.bin')).toBe('both');
  });

  test.each([
    ['an error of S3', { kind: 'answer', answer: s3Error(500, 'InternalError') }],
    ['a broken connection', { kind: 'reset' }],
  ] as const)('causes no outage and holds up no other file because of %s', async (_what, fault) => {
    poison(fault);
    for (const name of others.slice(0, 2)) await world.put(name);
    await world.put('poison.bin');
    for (const name of others.slice(2)) await world.put(name);
    await world.put('poison-2.bin');
    await world.put('e.txt');
    expect(await Promise.all([...others, 'e.txt'].map(world.place))).toEqual([...others, 'e.txt'].map(() => 'remote'));
    worlds.proxy.forget();
    await wait(60_000, 2_000);
    expect(puts('poison')).toBeLessThan(40);
    expect(breaker().state.kind).toBe('closed');
    expect(world.incidents).toEqual([]);
    expect(world.outage.current).toBeUndefined();
    expect(await world.row('poison.bin')).toMatchObject({ lastError: 'FILE_REFUSED' });
  });

  test.each([
    ['a proxy’s limit', htmlPage(413)],
    ['a firewall’s page', htmlPage(403)],
    ['an error of S3', s3Error(500, 'InternalError')],
  ])('does not block phase 1 because of %s', async (_what, answer) => {
    poison({ kind: 'answer', answer });
    await world.libraryFiles(['poison.bin', ...others]);
    await world.put('new.txt');
    for (let time = 0; time < 30 && (await world.phase1()); time++) world.skip(30_000);
    expect(await world.phase1()).toBe(false);
    expect(await Promise.all(others.map(world.place))).toEqual(others.map(() => 'both'));
    expect(world.incidents).toEqual([]);
  });

  test('is refused with the reason when it may not fall back to the disk', async () => {
    await world.close();
    world = await worlds.open({ keepsLocally: false });
    poison({ kind: 'answer', answer: htmlPage(413) });
    await expect(world.put('poison.bin')).rejects.toMatchObject({ code: 'TOO_LARGE', message: expect.stringContaining('413') });
    expect(world.incidents).toEqual([]);
  });

  test('is not blamed when every upload gets a page, because that is an outage', async () => {
    on('PUT', { kind: 'answer', answer: htmlPage(403) });
    for (const name of others) await world.put(name);
    expect(world.outage.current).toMatchObject({ code: 'NOT_S3', writes: true, reads: false });
    await wait(3600_000, 60_000);
    for (const name of others) expect((await world.row(name))?.lastError).not.toBe('FILE_REFUSED');
    worlds.proxy.heal();
    await wait(60_000);
    expect(await Promise.all(others.map(world.place))).toEqual(others.map(() => 'both'));
  });
});

describe('reads', () => {
  const denied: Fault = { kind: 'answer', answer: s3Error(403, 'AccessDenied') };
  beforeEach(async () => {
    for (const name of ['a.txt', 'b.txt', 'c.txt']) await world.put(name);
  });

  test('cause one incident and one warning with S3’s code while all are refused, until the first that is not', async () => {
    on('GET', denied);
    for (let time = 0; time < 3; time++) {
      for (const name of ['a.txt', 'b.txt', 'c.txt']) expect(await world.read(name)).toBe('unavailable');
      await settled(() => world.outage.current !== undefined);
    }
    expect(world.outage.current).toMatchObject({ code: 'ACCESS_DENIED', reads: true, writes: false });
    expect(world.incidents).toEqual(['ACCESS_DENIED']);
    expect(world.lines.warn).toEqual([expect.stringMatching(/^S3 does not give out what it stores: .*AccessDenied/)]);
    // uploads go on, and their success does not end the outage
    await world.put('d.txt');
    expect(world.outage.current).toMatchObject({ reads: true });
    worlds.proxy.heal();
    expect(await world.read('b.txt')).toBe('b.txt');
    expect(world.outage.current).toBeUndefined();
  });

  test('are part of the outage while S3 is away, which the probe ends for reads and uploads together', async () => {
    worlds.proxy.on({ fault: { kind: 'reset' } });
    for (const name of ['a.txt', 'b.txt', 'c.txt']) expect(await world.read(name)).toBe('unavailable');
    await settled(() => world.outage.current !== undefined);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(world.outage.current).toMatchObject({ reads: true, writes: true });
    worlds.proxy.heal();
    await breaker().forceProbe();
    expect(world.outage.current).toBeUndefined();
    expect(world.lines.warn).toEqual([expect.stringMatching(/^S3 is not usable: /), expect.stringMatching(/^S3 is usable again/)]);
  });

  test('need no visitor to end their outage once S3 answers again', async () => {
    on('GET', denied);
    await world.read('a.txt');
    await settled(() => world.outage.current !== undefined);
    worlds.proxy.heal();
    await settled(() => world.outage.current === undefined);
    expect(world.outage.current).toBeUndefined();
  }, 20_000);

  test('cause no outage when those of one object are refused, and that object is logged once', async () => {
    on('GET', denied, 'a.txt');
    for (let time = 0; time < 3; time++) {
      expect(await world.read('a.txt')).toBe('unavailable');
      await settled(() => world.lines.warn.length > 0);
      world.skip(30_000);
    }
    expect(await world.read('b.txt')).toBe('b.txt');
    expect(world.incidents).toEqual([]);
    expect(world.lines.warn).toEqual([expect.stringMatching(/"a\.txt" cannot be read from S3, others can: .*AccessDenied/)]);
  });

  test.each([
    ['an error', { kind: 'answer', answer: s3Error(500, 'InternalError') }],
    ['no answer', { kind: 'blackhole' }],
  ] as const)('go on for other objects when those of one object get %s', async (_what, fault) => {
    on('GET', fault, 'a.txt');
    for (let time = 0; time < 3; time++) {
      expect(await world.read('a.txt')).toBe('unavailable');
      await settled(() => breaker().state.kind === 'closed');
      expect(await world.read('b.txt')).toBe('b.txt');
    }
    expect(world.incidents).toEqual([]);
  }, 30_000);
});

describe('a setting that is changed', () => {
  test('keeps the breaker and the outage, unless it changes the connection to S3', async () => {
    worlds.proxy.on({ fault: { kind: 'reset' } });
    await world.put('a.txt');
    await settled(() => breaker().state.kind === 'open');
    const known = breaker();
    await world.connections.apply(world.settings({ uploadScheduleEnabled: true, concurrency: 9, cacheControl: 'no-store' }));
    expect(world.connections.breaker).toBe(known);
    expect(world.connections.writable?.cacheControl).toBe('no-store');
    expect(world.outage.current).toBeDefined();
    worlds.proxy.heal();
    await world.connections.apply(world.settings({ timeoutMs: 999 }));
    expect(world.connections.breaker).not.toBe(known);
    // the former connection's trouble says nothing about this connection
    expect(world.outage.current).toBeUndefined();
    worlds.proxy.forget();
    await world.connections.check();
    await world.connections.check();
    expect(worlds.proxy.count()).toBe(1);
    expect(world.lines.warn.join()).not.toContain('usable again');
  });
});

/** Waits for the work in the background, ten seconds at most. */
async function settled(done: () => boolean): Promise<void> {
  for (let time = 0; time < 500 && !done(); time++) await new Promise((resolve) => setTimeout(resolve, 20));
}
