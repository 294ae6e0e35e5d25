import { unlinkSync, writeFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { StorageError } from '../../../server/src/core/errors';
import type { ObjectKey } from '../../../server/src/core/keys';
import { FirstReads } from '../../../server/src/core/media/first-reads';
import { discard, streamOf, type FileFacts, type Wanted } from '../../../server/src/core/media/serving';
import { bodyOf, bytesOf, someBytes } from '../../support/bodies';
import { mediaWorld, type MediaWorld } from '../../support/media-world';

let world: MediaWorld;
beforeEach(async () => {
  world = await mediaWorld();
});
afterEach(() => world.close());

const denied = () => Promise.reject(new StorageError('ACCESS_DENIED', { status: 403, refused: true }));
const everything = (): Wanted => ({ bytes: 'all' });
const check = (): Wanted => ({ bytes: 'check' });
const first100 = (): Wanted => ({ bytes: 'range', range: { start: 0, end: 99 } });
const open = (name: string, plan: (facts: FileFacts) => Wanted = everything, signal?: AbortSignal) => world.storage.reader.open(world.key(name), plan, { signal });
const gets = () => world.requests.filter((request) => request.startsWith('get'));
/** Puts an object into the bucket as somebody else does, for a file that the library lists. */
async function bring(name: string, bytes: Buffer | string): Promise<void> {
  await world.s3.put(name, bodyOf(bytes));
  world.listed.add(world.key(name));
}
/** Holds every answer of the library back, and counts the questions. */
function slowLibrary() {
  const asked: (readonly ObjectKey[])[] = [];
  let answer: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (answer = resolve));
  const parts = { ...world.jobs, catalog: { ...world.jobs.catalog, listed: async (keys: readonly ObjectKey[]) => (asked.push(keys), await gate, new Set<ObjectKey>()) } };
  return { asked, answer: () => answer(), reader: world.storageOf(parts).reader };
}
/** A clock on which only the test lets time pass. */
function patientClock() {
  const sleepers: { at: number; wake: () => void }[] = [];
  world.clock.sleep = (ms, signal) =>
    new Promise((resolve, reject) => {
      sleepers.push({ at: world.state.now + ms, wake: resolve });
      signal?.addEventListener('abort', () => reject(signal.reason));
    });
  return (ms: number) => {
    world.state.now += ms;
    for (const { at, wake } of sleepers) if (at <= world.state.now) wake();
  };
}
const soon = async (is: () => boolean) => {
  for (const end = performance.now() + 4_000; !is() && performance.now() < end; ) await new Promise(setImmediate);
  expect(is()).toBe(true);
};

describe('names that nobody knows', () => {
  test('are looked up in the library once in two seconds, and so are buried keys', async () => {
    const listed = jest.spyOn(world.jobs.catalog, 'listed');
    await world.put('buried.txt', 'one');
    await world.storage.remove(world.key('buried.txt'));
    for (const [name, kind] of [['nowhere.txt', 'unknown'], ['buried.txt', 'gone']] as const) {
      listed.mockClear();
      for (let visitor = 0; visitor < 3; visitor++) expect((await open(name)).kind).toBe(kind);
      expect(listed).toHaveBeenCalledTimes(1);
      world.state.now += 2_001;
      expect((await open(name)).kind).toBe(kind);
      expect(listed).toHaveBeenCalledTimes(2);
    }
  });

  test('are looked up in the library 4 at a time; visitors who wait for 2 seconds get "unavailable"', async () => {
    const pass = patientClock();
    const { asked, answer, reader } = slowLibrary();
    const visitors = Array.from({ length: 300 }, (_, n) => reader.open(world.key(`nowhere-${n}.txt`), everything));
    await soon(() => asked.length === 4);
    // visitors who find too many others waiting do not wait at all
    expect((await visitors[299])?.kind).toBe('unavailable');
    await world.put('known.txt', 'one');
    expect((await reader.open(world.key('known.txt'), everything)).kind).toBe('file');
    pass(2_000);
    expect((await visitors[10])?.kind).toBe('unavailable');
    expect(asked).toHaveLength(4);
    answer();
    const kinds = (await Promise.all(visitors)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'unknown')).toHaveLength(4);
    expect(new Set(kinds)).toEqual(new Set(['unknown', 'unavailable']));
    // their places are free again
    expect((await reader.open(world.key('later.txt'), everything)).kind).toBe('unknown');
  });

  test('are unavailable while the library cannot answer', async () => {
    jest.spyOn(world.jobs.catalog, 'listed').mockRejectedValue(new StorageError('UNAVAILABLE'));
    expect((await open('nowhere.txt')).kind).toBe('unavailable');
  });
});

describe('a file on disk without a row', () => {
  test('is unknown when it vanishes between the look-up and the opening', async () => {
    await writeFile(path.join(world.folder, 'stray.txt'), 'stray');
    const opened = await open('stray.txt', () => {
      // the reader makes the plan between the look and the opening
      unlinkSync(path.join(world.folder, 'stray.txt'));
      return { bytes: 'all' };
    });
    expect(opened.kind).toBe('unknown');
  });

  test('is served from S3 when it was moved there between the look-up and the opening', async () => {
    await writeFile(path.join(world.folder, 'a.txt'), 'one');
    world.listed.add(world.key('a.txt'));
    // the process reads the row before phase 1 and phase 2 have moved the file
    expect(await world.jobs.rows.get(world.key('a.txt'))).toBeUndefined();
    const { bytes } = { bytes: Buffer.from('one') };
    await world.s3.put('a.txt', bodyOf(bytes));
    await world.ledger.adopt(world.key('a.txt'), { locationId: world.bucket.locationId, object: 'a.txt' as never, etag: bodyOf(bytes).md5 }, { size: 3, md5: bodyOf(bytes).md5, mime: null });
    let plans = 0;
    const opened = await open('a.txt', () => {
      if (plans++ === 0) unlinkSync(path.join(world.folder, 'a.txt'));
      return { bytes: 'all' };
    });
    expect(opened).toMatchObject({ kind: 'file', from: 's3' });
    expect(gets()).toEqual(['get a.txt']);
  });

  test('is served with the new length when somebody replaces it between the look-up and the opening', async () => {
    const file = path.join(world.folder, 'stray.txt');
    await writeFile(file, 'stray');
    const seen: number[] = [];
    const opened = await open('stray.txt', ({ size }) => {
      if (seen.push(size) === 1) writeFileSync(file, 'longer than before');
      return { bytes: 'all' };
    });
    expect(seen).toEqual([5, 18]);
    expect(opened.kind === 'file' && (await bytesOf(opened.body!)).toString()).toBe('longer than before');
  });
});

describe('a HEAD request', () => {
  test('reads one byte from S3, and is answered as a GET would be when the object cannot be read or has changed', async () => {
    const read = jest.spyOn(world.s3, 'get');
    await world.put('a.txt', 'one');
    await world.put('empty.txt', '');
    expect(await open('a.txt', check)).toMatchObject({ kind: 'file', body: null, facts: { size: 3 } });
    expect(read).toHaveBeenLastCalledWith('a.txt', expect.objectContaining({ range: { start: 0, end: 0 } }));
    expect(await open('empty.txt', check)).toMatchObject({ kind: 'file', body: null, facts: { size: 0 } });
    world.fault = (operation) => (operation === 'get' ? denied() : undefined);
    expect((await open('a.txt', check)).kind).toBe('unavailable');
    expect((await open('a.txt')).kind).toBe('unavailable');
    world.fault = undefined;
    await world.s3.put('a.txt', bodyOf('0ne'));
    expect((await open('a.txt', check)).kind).toBe('unavailable');
  });

  test('opens a file on disk, and is answered "unavailable" when the file is not there', async () => {
    world.fault = denied;
    await world.put('a.txt', 'one');
    const row = await world.ledger.find(world.key('a.txt'));
    expect(await open('a.txt', check)).toMatchObject({ kind: 'file', body: null, from: 'disk' });
    await rm(path.join(world.folder, (row?.placement as { local: { localName: string } }).local.localName));
    expect((await open('a.txt', check)).kind).toBe('unavailable');
  });
});

describe('a file whose row has no ETag', () => {
  const bytes = someBytes(200_000);
  beforeEach(async () => {
    const put = world.s3.put.bind(world.s3);
    jest.spyOn(world.s3, 'put').mockImplementation(async (...given) => ({ ...(await put(...given)), etag: null }));
    const get = world.s3.get.bind(world.s3);
    jest.spyOn(world.s3, 'get').mockImplementation(async (...given) => {
      const found = await get(...given);
      // the bytes come as a network gives them
      const whole = await bytesOf(found.body);
      return { facts: { ...found.facts, etag: null }, body: bodyOf(whole).open() };
    });
    await world.storage.put(world.key('a.bin'), bodyOf(bytes), { mime: null });
    expect((await world.ledger.find(world.key('a.bin')))?.placement).toMatchObject({ remote: { etag: null } });
  });

  test('is served whole, byte for byte', async () => {
    const opened = await open('a.bin');
    expect(opened).toMatchObject({ kind: 'file', from: 's3', facts: { wholeOnly: true } });
    expect(opened.kind === 'file' && (await bytesOf(opened.body!)).equals(bytes)).toBe(true);
  });

  test('is cut short when the object has other bytes of the same length', async () => {
    await world.s3.put('a.bin', bodyOf(someBytes(bytes.length, 2)));
    const opened = await open('a.bin');
    if (opened.kind !== 'file') throw new Error(opened.kind);
    let received = 0;
    const all = (async () => {
      for await (const chunk of opened.body as AsyncIterable<Buffer>) received += chunk.length;
    })();
    await expect(all).rejects.toMatchObject({ code: 'INTEGRITY' });
    expect(received).toBeLessThan(bytes.length);
    expect(world.lines.join()).toContain('cut short');
  });

  test('sends no byte when it is small and the object has other bytes', async () => {
    await world.storage.put(world.key('small.bin'), bodyOf('secret'), { mime: null });
    await world.s3.put('small.bin', bodyOf('SECRET'));
    const opened = await open('small.bin');
    let received = 0;
    const body = opened.kind === 'file' && streamOf(opened.body!);
    if (body) body.on('data', (chunk: Buffer) => (received += chunk.length));
    await expect(new Promise((_resolve, reject) => body && body.on('error', reject))).rejects.toMatchObject({ code: 'INTEGRITY' });
    expect(received).toBe(0);
  });

  test('is unavailable for a range, because nobody could prove the bytes of a part', async () => {
    expect((await open('a.bin', first100)).kind).toBe('unavailable');
  });

  test('ends its read from S3 when the visitor leaves', async () => {
    let source: Readable | undefined;
    jest.spyOn(world.s3, 'get').mockImplementation(async () => {
      source = new Readable({ read() {} });
      source.push(bytes.subarray(0, 1000));
      return { facts: { size: bytes.length, etag: null, md5: null }, body: source };
    });
    const opened = await open('a.bin');
    if (opened.kind === 'file') discard(opened.body);
    await soon(() => source?.destroyed === true);
  });
});

describe('a visitor who leaves', () => {
  test('ends the request to S3, and the breaker stays closed', async () => {
    await world.put('a.txt', 'one');
    const visitor = new AbortController();
    let asked: AbortSignal | undefined;
    jest.spyOn(world.s3, 'get').mockImplementation((_name, options) => {
      asked = options?.signal;
      return new Promise((_resolve, reject) => options?.signal?.addEventListener('abort', () => reject(new StorageError('ABORTED'))));
    });
    const opening = open('a.txt', everything, visitor.signal);
    await soon(() => asked !== undefined);
    visitor.abort();
    expect((await opening).kind).toBe('unavailable');
    expect(asked?.aborted).toBe(true);
    expect(world.breaker.state.kind).toBe('closed');
  });

  test('leaves the queue for the library, which is never asked for that name', async () => {
    patientClock();
    const { asked, answer, reader } = slowLibrary();
    const asking = Array.from({ length: 4 }, (_, n) => reader.open(world.key(`asking-${n}.txt`), everything));
    await soon(() => asked.length === 4);
    const visitor = new AbortController();
    const waiting = reader.open(world.key('waiting.txt'), everything, { signal: visitor.signal });
    await new Promise(setImmediate);
    visitor.abort();
    expect((await waiting).kind).toBe('unavailable');
    answer();
    await Promise.all(asking);
    expect(asked).toHaveLength(4);
  });
});

describe('the first reads of a file that only the bucket has', () => {
  const LARGE = 3 * 1024 * 1024;
  /** Holds back the bytes of each object, but not S3's answer, until `go`. */
  function slowObjects() {
    const get = world.s3.get.bind(world.s3);
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    const bodies: Readable[] = [];
    jest.spyOn(world.s3, 'get').mockImplementation(async (name, options) => {
      const { facts, body } = await get(name, { range: options?.range });
      if (options?.range) return { facts, body };
      const held = Readable.from((async function* () { await gate; yield* body as AsyncIterable<Buffer>; })(), { objectMode: false });
      bodies.push(held);
      return { facts, body: held };
    });
    return { go: () => go(), bodies };
  }

  test('adopt the object with one GET when fifty visitors come at once', async () => {
    await bring('a.txt', someBytes(50_000));
    const opened = await Promise.all(Array.from({ length: 50 }, () => open('a.txt', first100)));
    for (const each of opened) {
      expect(each).toMatchObject({ kind: 'file', from: 's3' });
      if (each.kind === 'file') expect((await bytesOf(each.body!)).equals(someBytes(50_000).subarray(0, 100))).toBe(true);
    }
    // one GET adopts the file, and each visitor's GET gets the wanted part
    expect(gets()).toHaveLength(51);
  });

  test('answer a range of a large file with "unavailable", while one GET reads the file in the background', async () => {
    await bring('large.bin', someBytes(LARGE));
    const pass = patientClock();
    const { go, bodies } = slowObjects();
    const opened = await Promise.all(Array.from({ length: 50 }, () => open('large.bin', first100)));
    expect(new Set(opened.map(({ kind }) => kind))).toEqual(new Set(['unavailable']));
    expect(gets()).toHaveLength(1);
    go();
    await soon(() => bodies[0]?.destroyed === true);
    // no time passes: with a row remembered from before, the plugin would read the file once more
    pass(0);
    const later = await open('large.bin', first100);
    expect(later.kind === 'file' && (await bytesOf(later.body!)).equals(someBytes(LARGE).subarray(0, 100))).toBe(true);
    expect(gets()).toHaveLength(2);
  });

  test('go on in the background for 30 seconds after the visitor was answered, and no longer', async () => {
    await bring('large.bin', someBytes(LARGE));
    const pass = patientClock();
    const { bodies } = slowObjects();
    await open('large.bin', first100);
    pass(29_000);
    await new Promise(setImmediate);
    expect(bodies[0]?.destroyed).toBe(false);
    pass(1_000);
    await soon(() => bodies[0]?.destroyed === true);
  });

  test('answer 20 HEADs with one GET whose body is not read, and adopt nothing', async () => {
    await bring('large.bin', someBytes(LARGE));
    const { bodies } = slowObjects();
    for (let head = 0; head < 20; head++) {
      expect(await open('large.bin', check)).toMatchObject({ kind: 'file', body: null, facts: { size: LARGE, etag: bodyOf(someBytes(LARGE)).md5 } });
      await soon(() => bodies.every(({ destroyed }) => destroyed));
    }
    expect(await world.ledger.find(world.key('large.bin'))).toBeUndefined();
    expect(gets()).toHaveLength(1);
    world.state.now += 5_000;
    world.fault = (operation) => (operation === 'get' ? denied() : undefined);
    expect((await open('large.bin', check)).kind).toBe('unavailable');
  });

  test('end when the last of three visitors leaves, and not before', async () => {
    await bring('large.bin', someBytes(LARGE));
    const { bodies } = slowObjects();
    const joined = jest.spyOn(FirstReads.prototype, 'join');
    const visitors = Array.from({ length: 3 }, () => new AbortController());
    const opening = visitors.map(({ signal }) => open('large.bin', everything, signal));
    await soon(() => bodies.length === 1 && joined.mock.calls.length === 3);
    visitors[0]?.abort();
    visitors[1]?.abort();
    expect((await opening[0])?.kind).toBe('unavailable');
    expect(bodies[0]?.destroyed).toBe(false);
    visitors[2]?.abort();
    await soon(() => bodies[0]?.destroyed === true);
    await Promise.all(opening);
    // the visitors' leaving says nothing about the file
    jest.restoreAllMocks();
    expect((await open('large.bin')).kind).toBe('file');
  });

  test('ask S3 for an object that is not there only once in 5 seconds', async () => {
    world.listed.add(world.key('nowhere.txt'));
    for (let visitor = 0; visitor < 100; visitor++) expect((await open('nowhere.txt')).kind).toBe('unavailable');
    expect(gets()).toHaveLength(1);
    world.state.now += 5_000;
    await bring('nowhere.txt', 'there after all');
    expect(await world.read('nowhere.txt')).toBe('there after all');
  });

  test('take 4 files at a time; the other files wait their turn', async () => {
    patientClock();
    for (let n = 0; n < 10; n++) await bring(`${n}.txt`, `bytes ${n}`);
    const { go, bodies } = slowObjects();
    const opening = Array.from({ length: 10 }, (_, n) => world.read(`${n}.txt`));
    await soon(() => bodies.length === 4);
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(bodies).toHaveLength(4);
    go();
    expect(await Promise.all(opening)).toEqual(Array.from({ length: 10 }, (_, n) => `bytes ${n}`));
  });
});

test('a copy on the disk is served without asking the ledger for condemned files', async () => {
  world.fault = () => Promise.reject(new StorageError('UNREACHABLE'));
  await world.put('kept.txt', 'kept');
  const asked = jest.spyOn(world.ledger, 'condemnedFiles');
  expect(await open('kept.txt')).toMatchObject({ kind: 'file', from: 'disk' });
  expect(asked).not.toHaveBeenCalled();
});

describe('the time of the bytes of a file with a row', () => {
  const timeOf = async (name: string) => {
    const opened = await open(name, () => ({ bytes: 'none' }));
    return opened.kind === 'file' ? opened.facts.modifiedMs : opened.kind;
  };

  test('is the time of its writing, at once and after a wait alike, and a replacement has its own', async () => {
    await world.put('dated.txt', 'one');
    const first = world.state.now;
    expect([await timeOf('dated.txt'), world.storage.reader.openAtOnce(world.key('dated.txt'), () => ({ bytes: 'none' }))?.facts.modifiedMs]).toEqual([first, first]);
    world.state.now += 60_000;
    await world.put('dated.txt', 'two');
    expect(await timeOf('dated.txt')).toBe(first + 60_000);
  });

  test('is later even if somebody has set the clock back before the replacement', async () => {
    await world.put('dated.txt', 'one');
    const first = world.state.now;
    world.state.now -= 3600_000;
    await world.put('dated.txt', 'two');
    expect(await timeOf('dated.txt')).toBe(first + 1_000);
  });
});

describe('a visitor who may be sent to S3', () => {
  const sentTo = async (name: string) => {
    const { reader } = world.storageOf({ links: { to: async () => 'https://s3.example.com/object' } });
    return (await reader.open(world.key(name), ({ linkable }) => (linkable ? { bytes: 'link', link: {}, otherwise: { bytes: 'all' } } : { bytes: 'all' }))).kind;
  };
  const both = async (name: string) => {
    await writeFile(path.join(world.folder, name), 'the bytes');
    const local = { volume: world.jobs.volume.id, localName: name as never };
    await world.ledger.record([{ key: world.key(name), local, size: 9 }]);
    const row = await world.ledger.find(world.key(name));
    if (!row) throw new Error('no row');
    const intent = await world.ledger.begin({ kind: 'object', key: row.key, locationId: world.bucket.locationId, prefix: '', plainFree: true });
    const { md5, etag } = await world.s3.put(intent.name, bodyOf('the bytes'));
    await world.ledger.commitUploads([{ row, intent, etag, md5: md5 ?? '' }]);
    return (await world.ledger.find(row.key))?.placement.state;
  };

  test('is sent there for a file in S3, and for one that is on the disk as well', async () => {
    await world.put('remote.txt', 'the bytes');
    expect([await sentTo('remote.txt'), await both('both.txt'), await sentTo('both.txt')]).toEqual(['link', 'both', 'link']);
  });

  test('gets from a copy of production what its own disk has, because production may have removed the object', async () => {
    expect(await both('both.txt')).toBe('both');
    world.state.mode = 'read-only';
    expect(await sentTo('both.txt')).toBe('file');
  });

  test('is not sent after a file that an audit has found nowhere', async () => {
    await world.put('remote.txt', 'the bytes');
    const row = await world.ledger.find(world.key('remote.txt'));
    if (row) await world.ledger.markLost(row);
    expect(await sentTo('remote.txt')).toBe('file');
  });
});
