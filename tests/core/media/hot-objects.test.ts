import { Readable } from 'node:stream';
import { StorageError } from '../../../server/src/core/errors';
import { HotObjects } from '../../../server/src/core/media/hot-objects';
import type { Opened, Wanted } from '../../../server/src/core/media/serving';
import { bodyOf, bytesOf, someBytes } from '../../support/bodies';
import { mediaWorld, type MediaWorld } from '../../support/media-world';

const MIB = 1024 * 1024;

describe('the memory for small objects', () => {
  let limitMb: number;
  let hot: HotObjects;
  beforeEach(() => {
    limitMb = 1;
    hot = new HotObjects(() => limitMb);
  });
  const bytes = (size: number) => Promise.resolve(Buffer.alloc(size));

  test('takes objects of up to an eighth of its limit, and never more than 256 KiB', () => {
    expect([hot.takes('a', MIB / 8), hot.takes('a', MIB / 8 + 1)]).toEqual([true, false]);
    limitMb = 100;
    expect([hot.takes('a', MIB / 4), hot.takes('a', MIB / 4 + 1)]).toEqual([true, false]);
    limitMb = 0;
    expect(hot.takes('a', 1)).toBe(false);
  });

  test('takes no further object while downloads take a quarter of its limit, but those that are held or under way', async () => {
    let answer: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => (answer = resolve)).then(() => Buffer.alloc(MIB / 8));
    await hot.get('held', 10, () => bytes(10));
    const loading = [hot.get('a', MIB / 8, () => slow), hot.get('b', MIB / 8, () => slow)];
    expect([hot.takes('c', 1), hot.takes('a', MIB / 8), hot.takes('held', 10)]).toEqual([false, true, true]);
    answer();
    await Promise.all(loading);
    expect(hot.takes('c', MIB / 8)).toBe(true);
  });

  test('loads an object once for all who ask for it at once, and holds it', async () => {
    const load = jest.fn(() => bytes(10));
    const all = await Promise.all([hot.get('a', 10, load), hot.get('a', 10, load), hot.get('a', 10, load)]);
    expect([load.mock.calls.length, new Set(all).size]).toEqual([1, 1]);
    expect(await hot.get('a', 10, load)).toBe(all[0]);
    expect([load.mock.calls.length, hot.now]).toEqual([1, { count: 1, bytes: 10 }]);
  });

  test('gives up the object that nobody has asked for the longest, and never exceeds its limit', async () => {
    for (let name = 0; name < 8; name++) await hot.get(`${name}`, MIB / 8, () => bytes(MIB / 8));
    expect(hot.now).toEqual({ count: 8, bytes: MIB });
    expect(hot.held('0')).toBeDefined();
    await hot.get('new', MIB / 8, () => bytes(MIB / 8));
    expect(hot.now).toEqual({ count: 8, bytes: MIB });
    expect([hot.held('0'), hot.held('1')].map((held) => held !== undefined)).toEqual([true, false]);
  });

  test('holds no more than the bytes, also where they came as a part of a larger buffer', async () => {
    await hot.get('a', 10, async () => Buffer.from('0123456789'.repeat(1_000)).subarray(0, 10));
    expect([hot.held('a')?.toString(), hot.held('a')?.buffer.byteLength]).toEqual(['0123456789', 10]);
  });

  test('lets everything go when somebody sets its limit to zero', async () => {
    await hot.get('a', 10, () => bytes(10));
    limitMb = 0;
    expect([hot.takes('a', 1), hot.now]).toEqual([false, { count: 0, bytes: 0 }]);
  });

  test('holds nothing after a failure, and tries again', async () => {
    await expect(hot.get('a', 10, () => Promise.reject(new StorageError('TIMEOUT')))).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(await hot.get('a', 10, async () => undefined)).toBeUndefined();
    expect(hot.now).toEqual({ count: 0, bytes: 0 });
    expect(await hot.get('a', 10, () => bytes(10))).toHaveLength(10);
  });

  test('a visitor who goes does not end the download of the others', async () => {
    const gone = new AbortController();
    let answer: (bytes: Buffer) => void = () => undefined;
    const load = () => new Promise<Buffer>((resolve) => (answer = resolve));
    const [first, second] = [hot.get('a', 10, load, gone.signal), hot.get('a', 10, load)];
    gone.abort(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    answer(Buffer.from('bytes'));
    expect((await second)?.toString()).toBe('bytes');
  });
});

describe('a reader with memory for small objects', () => {
  let world: MediaWorld;
  beforeEach(async () => {
    world = await mediaWorld();
    world.state.memoryCacheMb = 8;
    await world.put('a.txt', 'the bytes');
    world.requests.length = 0;
  });
  afterEach(() => world.close());

  const open = (wanted: Wanted, name = 'a.txt'): Promise<Opened> => world.storage.reader.open(world.key(name), () => wanted);
  const textOf = async (opened: Opened) => (opened.kind === 'file' ? (opened.body && (await bytesOf(opened.body)).toString()) : opened.kind);
  const gets = () => world.requests.filter((request) => request.startsWith('get '));

  test('asks S3 once, also for ranges and for whether the file can be read', async () => {
    expect(await Promise.all(Array.from({ length: 20 }, () => world.read('a.txt')))).toEqual(Array(20).fill('the bytes'));
    expect(await textOf(await open({ bytes: 'range', range: { start: 4, end: 8 } }))).toBe('bytes');
    expect(await textOf(await open({ bytes: 'check' }))).toBeNull();
    expect(gets()).toEqual(['get a.txt']);
  });

  test('does not download a file for a visitor who only asks whether it can be read', async () => {
    await open({ bytes: 'check' });
    expect(await world.read('a.txt')).toBe('the bytes');
    expect(gets()).toHaveLength(2);
  });

  test('serves the new bytes at once after a replacement', async () => {
    await world.read('a.txt');
    await world.put('a.txt', 'other bytes');
    expect(await world.read('a.txt')).toBe('other bytes');
  });

  test('serves a small file during an outage, once somebody has read it', async () => {
    await world.read('a.txt');
    world.fault = () => Promise.reject(new StorageError('UNREACHABLE', { refused: true }));
    expect(await world.read('a.txt')).toBe('the bytes');
  });

  test('does not serve a deleted file from memory', async () => {
    await world.read('a.txt');
    await world.storage.remove(world.key('a.txt'));
    // the second visitor meets the row that the first one has read
    expect([await world.read('a.txt'), await world.read('a.txt')]).toEqual(['gone', 'gone']);
  });

  test('opens at once what is in memory, and what nobody wants bytes of, and nothing else', async () => {
    const { reader } = world.storage;
    const atOnce = (wanted: Wanted) => reader.openAtOnce(world.key('a.txt'), () => wanted);
    const [all, none, part]: Wanted[] = [{ bytes: 'all' }, { bytes: 'none' }, { bytes: 'range', range: { start: 4, end: 8 } }];
    expect(atOnce(none as Wanted)).toBeUndefined();
    await reader.open(world.key('a.txt'), () => ({ bytes: 'none' }));
    expect([atOnce(none as Wanted)?.body, atOnce(all as Wanted)]).toEqual([null, undefined]);
    await world.read('a.txt');
    expect(await Promise.all([all, part].map((wanted) => textOf(atOnce(wanted as Wanted) as Opened)))).toEqual(['the bytes', 'bytes']);
    world.state.now += 2_000;
    expect(atOnce(all as Wanted)).toBeUndefined();
  });

  test('opens nothing at once of a file that may have changed while the plugin was away', async () => {
    const away = { isReady: () => false, ready: async () => false };
    const { reader } = world.storageOf({ away });
    expect((await reader.open(world.key('a.txt'), () => ({ bytes: 'all' }))).kind).toBe('unavailable');
    away.isReady = () => true;
    await world.storage.reader.open(world.key('a.txt'), () => ({ bytes: 'all' }));
    expect(reader.openAtOnce(world.key('a.txt'), () => ({ bytes: 'none' }))).toBeDefined();
    away.isReady = () => false;
    expect(reader.openAtOnce(world.key('a.txt'), () => ({ bytes: 'none' }))).toBeUndefined();
  });

  test.each<[string, () => Promise<unknown>]>([
    ['has another tag', () => world.s3.put('a.txt', bodyOf('THE BYTES'))],
    ['has the tag, and other bytes', async () => {
      const { facts } = await world.s3.get('a.txt');
      world.fault = (operation) => (operation === 'get' ? Promise.resolve({ facts, body: Readable.from([Buffer.from('THE BYTES')]) }) : undefined);
    }],
  ])('neither serves nor holds an object that %s', async (_what, damage) => {
    await damage();
    expect(await world.read('a.txt')).toBe('unavailable');
    world.fault = undefined;
    await world.s3.put('a.txt', bodyOf('the bytes'));
    expect(await world.read('a.txt')).toBe('the bytes');
  });

  test('streams a larger file, and holds none of it', async () => {
    await world.storage.put(world.key('large.bin'), bodyOf(someBytes(MIB / 4 + 1)), { mime: null });
    for (let time = 0; time < 2; time++) {
      const opened = await open({ bytes: 'all' }, 'large.bin');
      expect(opened.kind === 'file' && opened.body instanceof Readable).toBe(true);
      expect((await textOf(opened))?.length).toBeGreaterThan(0);
    }
    expect(gets()).toHaveLength(2);
  });
});
