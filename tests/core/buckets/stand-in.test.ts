import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';

import type { ErrorCode } from '../../../server/src/contracts/errors';
import { codeOf, StorageError } from '../../../server/src/core/errors';
import { proveObject } from '../../../server/src/core/sweep/prove-object';
import { streamOf } from '../../../server/src/core/media/serving';
import { restores } from '../../../server/src/core/jobs/restore/bring-back';
import { sweep } from '../../../server/src/core/sweep/sweep';
import type { LocationId } from '../../../server/src/core/ledger/words';
import { isIn, type RowIn } from '../../../server/src/core/ledger/state';
import type { MoveParts } from '../../../server/src/core/jobs/deps';
import { MemoryObjectStore } from '../../../server/src/core/memory/object-store';
import type { ObjectFacts, ObjectStore } from '../../../server/src/core/store/object-store';
import { bucketsWith } from '../../support/buckets';
import { bodyOf } from '../../support/bodies';
import { mediaWorld, type MediaWorld } from '../../support/media-world';

const bringBack = (deps: MoveParts, row: RowIn<'remote' | 'both'>) => restores(deps, { concurrency: 1, batchSize: 1 }).bringBack(row);

let world: MediaWorld;
let other: LocationId;
/** Changes the facts in every answer of S3 into the facts that S3 shows. */
let disguise: (facts: ObjectFacts) => ObjectFacts;

beforeEach(async () => {
  world = await mediaWorld();
  other = await world.ledger.locationId({ endpoint: 'https://old.example.com', region: 'us-east-1', bucket: 'media' });
  disguise = (facts) => facts;
  world.fault = (operation, name, real) => {
    if (operation === 'head') return real.head(name).then((facts) => disguise(facts));
    if (operation === 'get') return real.get(name).then((found) => ({ ...found, facts: disguise(found.facts) }));
    return undefined;
  };
});
afterEach(() => world.close());

/** Makes a file whose row names the other place, with its tag there. `here` is the content under its name in the present bucket. */
async function elsewhere(name: string, content: string, here: string | null, etag: string | null = 'tag-of-there-2'): Promise<void> {
  const intent = await world.ledger.begin({ kind: 'object', key: world.key(name), locationId: other, prefix: '', plainFree: true });
  const md5 = createHash('md5').update(content).digest('hex');
  await world.ledger.publish([{ intent, size: content.length, md5, etag, mime: 'text/plain' }], { condemnObjects: true });
  if (here !== null) await world.s3.put(intent.name, bodyOf(here));
}

const rowOf = async (name: string) => {
  const row = await world.ledger.find(world.key(name));
  if (!isIn(row, 'both', 'remote')) throw new Error(`${name} is not in S3`);
  return row;
};
const gets = () => world.requests.filter((request) => request.startsWith('get ')).length;

describe('a file of another location that was copied to the present bucket', () => {
  test('is proven by its MD5 and served with one GET', async () => {
    await elsewhere('a.txt', 'the bytes', 'the bytes');
    expect(await world.read('a.txt')).toBe('the bytes');
    expect(gets()).toBe(1);
  });

  test('is proven by the tag of its parts, which is the same in both locations, and served with one GET', async () => {
    disguise = (facts) => ({ ...facts, md5: null, etag: 'tag-of-there-2' });
    await elsewhere('a.txt', 'the bytes', 'the bytes');
    expect(await world.read('a.txt')).toBe('the bytes');
    expect(gets()).toBe(1);
  });

  test('is proven by its bytes when no tag tells, and is read for that only before the first answer', async () => {
    disguise = (facts) => ({ ...facts, md5: null, etag: 'tag-of-here-3' });
    await elsewhere('a.txt', 'the bytes', 'the bytes');
    expect(await world.read('a.txt')).toBe('the bytes');
    expect(gets()).toBe(3);
    expect(await world.read('a.txt')).toBe('the bytes');
    expect(gets()).toBe(4);
  });

  test('is unavailable after its object was exchanged for other bytes, although the former object was proven', async () => {
    let tag = 'one-2';
    disguise = (facts) => ({ ...facts, md5: null, etag: tag });
    await elsewhere('a.txt', 'the bytes', 'the bytes');
    expect(await world.read('a.txt')).toBe('the bytes');
    tag = 'two-2';
    await world.s3.delete('a.txt');
    await world.s3.put('a.txt', bodyOf('THE BYTES'));
    expect(await world.read('a.txt')).toBe('unavailable');
  });

  test.each([
    ['other bytes of the same length', 'THE BYTES'],
    ['bytes of another length', 'other bytes'],
    ['nothing', null],
  ])('is unavailable when the present bucket has %s under its name', async (_what, here) => {
    await elsewhere('a.txt', 'the bytes', here);
    expect(await world.read('a.txt')).toBe('unavailable');
    disguise = (facts) => ({ ...facts, md5: null, etag: 'tag-of-here-3' });
    expect(await world.read('a.txt')).toBe('unavailable');
    disguise = (facts) => ({ ...facts, md5: null, etag: null });
    expect(await world.read('a.txt')).toBe('unavailable');
  });

  test('is read from its own location first while that is reached', async () => {
    const first = new MemoryObjectStore();
    await first.put('a.txt', bodyOf('the bytes'));
    await elsewhere('a.txt', 'the bytes', 'the bytes', createHash('md5').update('the bytes').digest('hex'));
    const storage = world.storageOf({
      ...world.jobs,
      buckets: bucketsWith(world.jobs.buckets, { storeAt: (location) => (location === other ? first : world.jobs.buckets.storeAt(location)) }),
    });
    const read = async () => {
      const opened = await storage.reader.open(world.key('a.txt'), () => ({ bytes: 'all' }));
      return opened.kind === 'file' && opened.body ? text(streamOf(opened.body)) : opened.kind;
    };
    expect([await read(), gets()]).toEqual(['the bytes', 0]);
    // the bucket was emptied after the copy
    await first.delete('a.txt');
    expect([await read(), gets()]).toEqual(['the bytes', 1]);
  });
});

describe('a location at another endpoint that does not answer', () => {
  const away = (code: ErrorCode, isElsewhere = true) => {
    const silent = new Proxy({}, { get: () => async () => Promise.reject(new StorageError(code)) }) as ObjectStore;
    return { ...world.jobs, buckets: bucketsWith(world.jobs.buckets, { storeAt: (location) => (location === other ? silent : world.jobs.buckets.storeAt(location)), isElsewhere: (location) => isElsewhere && location === other }) };
  };

  test.each(['UNREACHABLE', 'TIMEOUT', 'CIRCUIT_OPEN'] as const)('fails file by file, and a copy in the present bucket counts: %s', async (code) => {
    await elsewhere('a.txt', 'the bytes', 'the bytes');
    await elsewhere('b.txt', 'the bytes', null);
    const restored = async (name: string) => bringBack(away(code), await rowOf(name)).catch(codeOf);
    expect([await restored('a.txt'), await restored('b.txt')]).toEqual([true, 'UNAVAILABLE']);
  });

  test.each([
    ['at the present endpoint', 'UNREACHABLE', false],
    ['after the work was broken off', 'ABORTED', true],
  ] as const)('keeps its own error %s', async (_, code, isElsewhere) => {
    await elsewhere('a.txt', 'the bytes', 'the bytes');
    await expect(bringBack(away(code, isElsewhere), await rowOf('a.txt'))).rejects.toMatchObject({ code });
  });
});

describe('jobs on files of another location that were copied to the present bucket', () => {
  test('the proof of the cleanup holds for a true copy, and fails for other bytes and for a missing object', async () => {
    await elsewhere('a.txt', 'the bytes', 'the bytes');
    await elsewhere('b.txt', 'the bytes', 'THE BYTES');
    await elsewhere('c.txt', 'the bytes', null);
    const prove = async (name: string) => proveObject(world.jobs, await rowOf(name), (await rowOf(name)).placement.content).then(() => 'proven', codeOf);
    expect([await prove('a.txt'), await prove('b.txt'), await prove('c.txt')]).toEqual(['proven', 'UNAVAILABLE', 'UNAVAILABLE']);
  });

  test('the restore brings back a true copy, and refuses an object with other bytes', async () => {
    await elsewhere('a.txt', 'the bytes', 'the bytes');
    await elsewhere('b.txt', 'the bytes', 'THE BYTES');
    expect(await bringBack(world.jobs, await rowOf('a.txt'))).toBe(true);
    expect((await rowOf('a.txt')).placement.state).toBe('both');
    await expect(bringBack(world.jobs, await rowOf('b.txt'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect((await rowOf('b.txt')).placement.state).toBe('remote');
  });

  test('the sweeper deletes nothing in the present bucket by a name that was written in another location', async () => {
    await elsewhere('a.txt', 'the bytes', 'the bytes');
    await world.ledger.bury(world.key('a.txt'), { purgeAfterMs: 0 });
    await world.ledger.purge((await world.ledger.find(world.key('a.txt')))!, { referenced: false, condemnObjects: true });
    expect(await world.ledger.dueNames({ kind: 'object', locationId: other }, 10)).toHaveLength(1);
    await sweep(world.jobs, new AbortController().signal);
    expect(await world.object('a.txt')).toBe('the bytes');
    expect(world.requests.filter((request) => request.startsWith('delete '))).toEqual([]);
  });
});

test('a large copy is proven in the background: the first visitor gets "unavailable", a later one the file', async () => {
  const content = 'x'.repeat(17 * 1024 * 1024);
  disguise = (facts) => ({ ...facts, md5: null, etag: 'tag-of-here-3' });
  await elsewhere('a.bin', content, content);
  const opened = await world.storage.reader.open(world.key('a.bin'), () => ({ bytes: 'range', range: { start: 0, end: 9 } }));
  expect(opened.kind).toBe('unavailable');
  const again = async (): Promise<string> => (await world.storage.reader.open(world.key('a.bin'), () => ({ bytes: 'all' }))).kind;
  for (let tries = 0; tries < 200 && (await again()) !== 'file'; tries++) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await again()).toBe('file');
});

