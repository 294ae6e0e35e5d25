import { access, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { StorageError } from '../../../server/src/core/errors';
import type { VolumeId } from '../../../server/src/core/keys';
import { catchUp } from '../../../server/src/core/upkeep/catch-up';
import { purge } from '../../../server/src/core/sweep/purge';
import { sweep } from '../../../server/src/core/sweep/sweep';
import { RequestScope } from '../../../server/src/core/media/request-scope';
import { RowCache } from '../../../server/src/core/media/row-cache';
import { bodyOf, failingBody, someBytes } from '../../support/bodies';
import { mediaWorld, type MediaWorld } from '../../support/media-world';

let world: MediaWorld;
beforeEach(async () => {
  world = await mediaWorld();
});
afterEach(() => world.close());

const never = new AbortController().signal;
const down = () => Promise.reject(new StorageError('UNREACHABLE', { refused: true }));
const unknownOutcome = () => Promise.reject(new StorageError('SERVER_ERROR', { status: 500 }));
const exists = (file: string) => access(path.join(world.folder, file)).then(() => true, () => false);

describe('writing', () => {
  test('where the library does not say in time that it has no such key, a fallback outside a request gets a name of its own', async () => {
    world.fault = down;
    jest.spyOn(world.jobs.catalog, 'listedAnywhere').mockRejectedValue(new StorageError('UNAVAILABLE'));
    await world.put('a.txt', 'one');
    expect(await exists('a.txt')).toBe(false);
    expect(await world.read('a.txt')).toBe('one');
  });

  test('a fresh file is one object under its plain name, and nothing stays on disk', async () => {
    await world.put('a.txt', 'one');
    expect(world.s3.names()).toEqual(['a.txt']);
    expect(await exists('a.txt')).toBe(false);
    expect(await world.read('a.txt')).toBe('one');
  });

  test('the prefix is put before the key', async () => {
    const prefixed = await mediaWorld({ prefix: 'media/' });
    await prefixed.put('a.txt', 'one');
    expect(prefixed.s3.names()).toEqual(['media/a.txt']);
    await prefixed.close();
  });

  test('a replace never overwrites: the new bytes get a name of their own, the old stay for a day', async () => {
    await world.put('a.txt', 'one');
    await world.put('a.txt', 'two');
    const names = world.s3.names();
    expect(names).toHaveLength(2);
    expect(names[1]).toMatch(/^a\.\d+\.txt$/);
    expect(await world.object('a.txt')).toBe('one');
    expect(await world.read('a.txt')).toBe('two');
    await sweep(world.jobs, never);
    expect(world.s3.names()).toHaveLength(2);
    world.state.now += 24 * 3600_000 + 1;
    await sweep(world.jobs, never);
    expect(world.s3.names()).toEqual([names[1]]);
    expect(await world.read('a.txt')).toBe('two');
  });

  test('an object that somebody else put under the plain name is left alone', async () => {
    await world.s3.put('a.txt', bodyOf('theirs'));
    await world.put('a.txt', 'ours');
    expect(await world.object('a.txt')).toBe('theirs');
    expect(await world.read('a.txt')).toBe('ours');
  });

  test('when S3 will not say whether the plain name is free, it is not used', async () => {
    world.fault = (operation) => (operation === 'head' ? Promise.reject(new StorageError('ACCESS_DENIED', { status: 403, refused: true })) : undefined);
    await world.put('a.txt', 'ours');
    expect(world.s3.names()).toEqual([expect.stringMatching(/^a\.\d+\.txt$/)]);
  });

  test('three attempts in all, and after an unknown outcome each under another name', async () => {
    world.fault = (operation) => (operation === 'put' ? unknownOutcome() : undefined);
    await world.put('a.txt', 'one');
    const puts = world.requests.filter((request) => request.startsWith('put'));
    expect(puts).toHaveLength(3);
    expect(new Set(puts).size).toBe(3);
    expect(world.fallbacks).toEqual(['SERVER_ERROR']);
    expect(await world.read('a.txt')).toBe('one');
  });

  test('what lands late under the name of an attempt that was given up is swept, again a day later', async () => {
    const late: (() => Promise<unknown>)[] = [];
    world.fault = (operation, name, real) => {
      if (operation !== 'put') return undefined;
      late.push(() => real.put(name, bodyOf('one')));
      return unknownOutcome();
    };
    await world.put('a.txt', 'one');
    world.fault = undefined;
    world.breaker.probeWith(async () => undefined);
    await world.breaker.forceProbe();
    await late[0]?.();
    await sweep(world.jobs, never);
    await late[1]?.();
    expect(world.s3.names()).toHaveLength(1);
    world.state.now += 25 * 3600_000;
    await sweep(world.jobs, never);
    expect(world.s3.names()).toEqual([]);
    expect(await world.read('a.txt')).toBe('one');
  });

  test('a proof that is refused leaves stored bytes behind: their name is burnt and swept, never used again', async () => {
    world.fault = (operation, name, real) => {
      if (operation === 'put') return real.put(name, bodyOf('one')).then((facts) => ({ ...facts, md5: null, etag: null }));
      if (operation !== 'head' || !world.requests.includes(`put ${name}`)) return undefined;
      return Promise.reject(new StorageError('THROTTLED', { status: 503, refused: true }));
    };
    await world.put('a.txt', 'one');
    const puts = world.requests.filter((request) => request.startsWith('put'));
    expect(new Set(puts).size).toBe(puts.length);
    expect(world.s3.names()).toHaveLength(puts.length);
    world.fault = undefined;
    await sweep(world.jobs, never);
    expect(world.s3.names()).toEqual([]);
    expect(await world.read('a.txt')).toBe('one');
  });

  test('a COMMIT whose answer was lost is looked up, not undone', async () => {
    const publish = world.ledger.publish;
    world.ledger.publish = async (...args) => {
      await publish(...args);
      throw new Error('connection terminated');
    };
    await world.put('a.txt', 'one');
    world.ledger.publish = publish;
    await sweep(world.jobs, never);
    expect(await world.read('a.txt')).toBe('one');
  });

  test('a COMMIT that failed fails the upload, and what was served before is still served', async () => {
    await world.put('a.txt', 'one');
    const publish = world.ledger.publish;
    world.ledger.publish = () => Promise.reject(new Error('connection terminated'));
    await expect(world.put('a.txt', 'two')).rejects.toThrow('connection terminated');
    world.ledger.publish = publish;
    expect(await world.read('a.txt')).toBe('one');
  });

  test('a definite refusal keeps the name', async () => {
    let failures = 2;
    world.fault = (operation) => (operation === 'put' && failures-- > 0 ? down() : undefined);
    await world.put('a.txt', 'one');
    expect(world.requests.filter((request) => request === 'put a.txt')).toHaveLength(3);
    expect(world.s3.names()).toEqual(['a.txt']);
  });

  test.each(['ACCESS_DENIED', 'SIGNATURE_MISMATCH', 'BUCKET_NOT_FOUND'] as const)('%s goes to disk without another attempt', async (code) => {
    world.fault = (operation) => (operation === 'put' ? Promise.reject(new StorageError(code, { status: 403, refused: true })) : undefined);
    await world.put('a.txt', 'one');
    expect(world.requests.filter((request) => request.startsWith('put'))).toHaveLength(1);
    expect(await readFile(path.join(world.folder, 'a.txt'), 'utf8')).toBe('one');
  });

  test('bytes that S3 stored wrongly are never published, whatever it answered', async () => {
    world.fault = (operation, name, real) =>
      operation === 'put' ? real.put(name, bodyOf('0ne')).then((facts) => ({ ...facts, md5: null, etag: null })) : undefined;
    await world.put('a.txt', 'one');
    world.fault = undefined;
    expect(await world.read('a.txt')).toBe('one');
    expect(await exists('a.txt')).toBe(true);
  });

  test('a store without MD5s is proven by reading the bytes back', async () => {
    const blind = { etag: 'opaque', md5: null };
    world.fault = (operation, name, real) => {
      if (operation === 'put') return real.put(name, bodyOf('one')).then((facts) => ({ ...facts, ...blind }));
      if (operation === 'head') return real.head(name).then((facts) => ({ ...facts, ...blind }));
      return operation === 'get' ? real.get(name).then((found) => ({ ...found, facts: { ...found.facts, ...blind } })) : undefined;
    };
    await world.put('a.txt', 'one');
    expect(world.requests).toContain('get a.txt');
    expect(await world.read('a.txt')).toBe('one');
    expect(await exists('a.txt')).toBe(false);
  });

  test('a body that cannot be read fails the upload; nothing is served and nothing stays', async () => {
    await expect(world.storage.put(world.key('a.txt'), failingBody(someBytes(500), 120), { mime: null })).rejects.toMatchObject({ code: 'BODY_FAILED' });
    expect(world.s3.names()).toEqual([]);
    expect(await world.read('a.txt')).toBe('unknown');
  });

  test('a body that stood still once goes to the disk when it can be read again, and S3 is not blamed', async () => {
    await world.storage.put(world.key('a.txt'), failingBody(Buffer.from('one'), 2, 1), { mime: null });
    expect(world.fallbacks).toEqual([]);
    expect(await world.read('a.txt')).toBe('one');
    expect(await exists('a.txt')).toBe(true);
    expect(await catchUp(world.jobs, 4, never)).toEqual({ uploaded: 1, failed: 0 });
  });

  test('while the breaker is open an upload asks S3 nothing', async () => {
    world.fault = down;
    await world.put('a.txt', 'one');
    await world.put('b.txt', 'two');
    world.requests.length = 0;
    await world.put('c.txt', 'three');
    expect(world.requests).toEqual([]);
    expect(await world.read('c.txt')).toBe('three');
  });
});

describe('the disk as fallback', () => {
  test('a replace during an outage leaves the old object and the library’s file alone, and is served', async () => {
    await world.put('a.txt', 'one');
    world.fault = down;
    await world.put('a.txt', 'two');
    world.fault = undefined;
    expect(await world.object('a.txt')).toBe('one');
    expect(await world.read('a.txt')).toBe('two');
  });

  test('a file of the library that was there before the plugin is never overwritten, and goes when it was replaced', async () => {
    await writeFile(path.join(world.folder, 'old.txt'), 'library');
    expect(await world.read('old.txt')).toBe('library');
    world.fault = down;
    await world.put('old.txt', 'new');
    expect(await readFile(path.join(world.folder, 'old.txt'), 'utf8')).toBe('library');
    expect(await world.read('old.txt')).toBe('new');
    world.state.now += 24 * 3600_000 + 1;
    await sweep(world.jobs, never);
    expect(await exists('old.txt')).toBe(false);
    expect(await world.read('old.txt')).toBe('new');
  });

  test('the plain path is not given to a key of which the library has bytes somewhere, whoever has named it', async () => {
    world.listed.add(world.key('photo.txt'));
    world.unusual.add(world.key('photo_xs.txt'));
    world.fault = down;
    for (const name of ['photo.txt', 'photo_xs.txt', 'new.txt']) await world.put(name, name);
    expect([await exists('photo.txt'), await exists('photo_xs.txt'), await exists('new.txt')]).toEqual([false, false, true]);
  });

  test.each([
    ['a library file that was never read', () => writeFile(path.join(world.folder, 'a.txt'), 'old')],
    [
      'a fallback file',
      async () => {
        world.fault = down;
        await world.put('a.txt', 'old');
      },
    ],
  ])('what somebody else puts at the path of %s that was replaced is not removed with it', async (_, begin) => {
    // the disk's clock does not move: files written from here on are younger than names condemned from here on
    world.state.now -= 2 * 3600_000;
    await begin();
    world.fault = undefined;
    await world.put('a.txt', 'new');
    await writeFile(path.join(world.folder, 'a.txt'), 'foe');
    world.state.now += 24 * 3600_000 + 1;
    await sweep(world.jobs, never);
    expect(await readFile(path.join(world.folder, 'a.txt'), 'utf8')).toBe('foe');
    expect(world.lines).toContain('"a.txt" is not the file that was replaced or deleted: it was left alone');
    expect(await world.read('a.txt')).toBe('new');
  });

  test('catches up: the file follows to S3 when that is back, and stays on disk', async () => {
    world.fault = down;
    await world.put('a.txt', 'one');
    world.fault = undefined;
    expect(await catchUp(world.jobs, 4, never)).toEqual({ uploaded: 0, failed: 0 }); // the breaker is open
    world.breaker.probeWith(async () => undefined);
    await world.breaker.forceProbe();
    expect(await catchUp(world.jobs, 4, never)).toEqual({ uploaded: 1, failed: 0 });
    expect(world.s3.names()).toEqual(['a.txt']);
    expect((await world.ledger.find(world.key('a.txt')))?.placement.state).toBe('both');
    expect(await exists('a.txt')).toBe(true);
  });

  test('a file that changed on disk after it was written is not uploaded in its stead', async () => {
    world.fault = (operation) => (operation === 'put' ? Promise.reject(new StorageError('ACCESS_DENIED', { status: 403, refused: true })) : undefined);
    await world.put('a.txt', 'one');
    world.fault = undefined;
    await writeFile(path.join(world.folder, 'a.txt'), '0ne');
    expect(await catchUp(world.jobs, 4, never)).toEqual({ uploaded: 0, failed: 1 });
    expect(world.s3.names()).toEqual([]);
    expect((await world.ledger.find(world.key('a.txt')))?.lastError).toBe('FILE_CHANGED');
  });

  test('an upload overtaken by a replace does not bring the old bytes back', async () => {
    world.fault = (operation) => (operation === 'put' ? Promise.reject(new StorageError('ACCESS_DENIED', { status: 403, refused: true })) : undefined);
    await world.put('a.txt', 'one');
    let replaced = false;
    world.fault = (operation) => {
      if (operation !== 'put' || replaced) return undefined;
      replaced = true;
      return world.put('a.txt', 'two').then(() => Promise.reject(new StorageError('THROTTLED', { status: 503, refused: true })));
    };
    await catchUp(world.jobs, 1, never);
    world.fault = undefined;
    expect(await world.read('a.txt')).toBe('two');
  });

  test('a name that somebody takes between the look and the write is neither overwritten nor condemned', async () => {
    world.fault = down;
    const real = world.jobs.disk.exists.bind(world.jobs.disk);
    jest.spyOn(world.jobs.disk, 'exists').mockImplementation(async (name) => {
      const answer = await real(name);
      await writeFile(path.join(world.folder, 'a.txt'), 'theirs');
      return answer;
    });
    await world.put('a.txt', 'ours');
    expect(await world.read('a.txt')).toBe('ours');
    world.state.now += 48 * 3600_000;
    await sweep(world.jobs, never);
    expect(await readFile(path.join(world.folder, 'a.txt'), 'utf8')).toBe('theirs');
  });
});

describe('one request', () => {
  const replace = (scope: RequestScope, name: string, content: string) =>
    world.storage.put(world.key(name), bodyOf(content), { mime: null, scope });

  test('an image and its formats are replaced together', async () => {
    await world.put('a.txt', 'one');
    await world.put('thumbnail_a.txt', 'one small');
    const scope = new RequestScope('replace');
    await world.storage.inScope(scope, async () => {
      await replace(scope, 'a.txt', 'two');
      await replace(scope, 'thumbnail_a.txt', 'two small');
      expect(await world.read('a.txt')).toBe('one');
      expect(await world.read('thumbnail_a.txt')).toBe('one small');
    });
    expect(await world.read('a.txt')).toBe('two');
    expect(await world.read('thumbnail_a.txt')).toBe('two small');
  });

  test('a replace that fails changes nothing, and its late writes change nothing either', async () => {
    await world.put('a.txt', 'one');
    const scope = new RequestScope('replace');
    let late: Promise<void> | undefined;
    await expect(
      world.storage.inScope(scope, async () => {
        await replace(scope, 'a.txt', 'two');
        late = new Promise<void>((resolve) => setTimeout(resolve, 20)).then(() => replace(scope, 'a.txt', 'three'));
        late.catch(() => undefined);
        throw new Error('Strapi could not save the row');
      }),
    ).rejects.toThrow('Strapi could not save the row');
    await expect(late).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await world.read('a.txt')).toBe('one');
    await sweep(world.jobs, never);
    expect(world.s3.names()).toEqual(['a.txt']);
  });

  test('two replaces at once: every key shows the one that started last, never a mixture', async () => {
    await world.put('a.txt', '0');
    await world.put('t.txt', '0');
    const [first, second] = [new RequestScope('replace'), new RequestScope('replace')];
    await world.storage.inScope(first, async () => {
      await replace(first, 'a.txt', '1');
      await world.storage.inScope(second, async () => {
        await Promise.all([replace(second, 't.txt', '2'), replace(second, 'a.txt', '2')]);
      });
      await replace(first, 't.txt', '1');
    });
    expect([await world.read('a.txt'), await world.read('t.txt')]).toEqual(['2', '2']);
  });

  test('an upload that fails half-way leaves no files behind', async () => {
    const scope = new RequestScope('upload');
    await expect(
      world.storage.inScope(scope, async () => {
        await world.storage.put(world.key('a.txt'), bodyOf('one'), { mime: null, scope });
        throw new Error('thumbnail failed');
      }),
    ).rejects.toThrow('thumbnail failed');
    world.state.now += 11 * 60_000;
    await purge(world.jobs, never);
    await sweep(world.jobs, never);
    expect(world.s3.names()).toEqual([]);
  });

  test('a file of a failed upload that the library lists in the end keeps its bytes', async () => {
    const scope = new RequestScope('upload');
    const put = (name: string) => world.storage.put(world.key(name), bodyOf('one'), { mime: null, scope });
    await world.storage
      .inScope(scope, async () => {
        await put('early.txt');
        throw new Error('another file failed');
      })
      .catch(() => undefined);
    await put('late.txt');
    // this happens between the end of the request and the moment when Strapi lists its other files
    await purge(world.jobs, never);
    await sweep(world.jobs, never);
    for (const name of ['early.txt', 'late.txt']) world.listed.add(world.key(name));
    world.state.now += 11 * 60_000;
    await purge(world.jobs, never);
    await sweep(world.jobs, never);
    expect([await world.read('early.txt'), await world.read('late.txt')]).toEqual(['one', 'one']);
  });

  test('so do formats of the library that the ledger never saw', async () => {
    await writeFile(path.join(world.folder, 'large_a.txt'), 'library');
    const scope = new RequestScope('replace');
    await world.storage.inScope(scope, async () => {
      await replace(scope, 'a.txt', 'two');
      await world.storage.remove(world.key('large_a.txt'), scope);
    });
    await purge(world.jobs, never);
    await sweep(world.jobs, never);
    expect(await world.read('large_a.txt')).toBe('gone');
    expect(await exists('large_a.txt')).toBe(false);
  });

  test('formats that a replace dropped go with it', async () => {
    await world.put('a.txt', 'one');
    await world.put('large_a.txt', 'large');
    const scope = new RequestScope('replace');
    await world.storage.inScope(scope, async () => {
      await replace(scope, 'a.txt', 'two');
      await world.storage.remove(world.key('large_a.txt'), scope);
      expect(await world.read('large_a.txt')).toBe('large');
    });
    await purge(world.jobs, never);
    await sweep(world.jobs, never);
    expect(await world.read('large_a.txt')).toBe('gone');
    expect(await world.object('large_a.txt')).toBeUndefined();
  });
});

describe('deleting', () => {
  const remove = async (name: string) => {
    const scope = new RequestScope('remove');
    await world.storage.inScope(scope, async () => {
      await world.storage.remove(world.key(name), scope);
      world.listed.delete(world.key(name));
    });
  };

  test('an editor’s delete removes the object as soon as the library let go of it', async () => {
    await world.put('a.txt', 'one');
    world.listed.add(world.key('a.txt'));
    await remove('a.txt');
    expect(await world.read('a.txt')).toBe('gone');
    await purge(world.jobs, never);
    await sweep(world.jobs, never);
    expect(world.s3.names()).toEqual([]);
  });

  test('a file that was deleted here and imported again by another process never shows its old bytes once more', async () => {
    await world.put('a.txt', 'one');
    world.listed.add(world.key('a.txt'));
    await remove('a.txt');
    expect(await world.read('a.txt')).toBe('gone');
    const other = world.storageOf({ ...world.jobs, rows: new RowCache((key) => world.ledger.find(key), world.clock.elapsed) });
    await other.put(world.key('a.txt'), bodyOf('two'), { mime: 'text/plain' });
    world.listed.add(world.key('a.txt'));
    expect(await world.read('a.txt')).toBe('two');
  });

  test('what a server without this disk has deleted is not served from it, where nobody has recorded it', async () => {
    await writeFile(path.join(world.folder, 'a.txt'), 'one');
    world.listed.add(world.key('a.txt'));
    // that server buries the row, because it finds nothing on its own disk
    await world.ledger.bury(world.key('a.txt'), { purgeAfterMs: 60_000 });
    expect(await world.read('a.txt')).toBe('one');
    world.listed.delete(world.key('a.txt'));
    expect(await world.read('a.txt')).toBe('gone');
  });

  test('a delete that Strapi could not finish is taken back', async () => {
    await world.put('a.txt', 'one');
    world.listed.add(world.key('a.txt'));
    await world.storage.remove(world.key('a.txt'));
    expect(await world.read('a.txt')).toBe('one');
    world.state.now += 11 * 60_000;
    await purge(world.jobs, never);
    await sweep(world.jobs, never);
    expect(await world.read('a.txt')).toBe('one');
    expect((await world.ledger.find(world.key('a.txt')))?.tombstone).toBeNull();
  });

  test('so is the delete of a format that something else has named, and that an image still has', async () => {
    await world.put('photo_1a2b_xs.txt', 'one');
    world.unusual.add(world.key('photo_1a2b_xs.txt'));
    await remove('photo_1a2b_xs.txt');
    await purge(world.jobs, never);
    await sweep(world.jobs, never);
    expect(await world.read('photo_1a2b_xs.txt')).toBe('one');
  });

  test('a delete inside a transaction of an import is not acted on for a week', async () => {
    await world.put('a.txt', 'one');
    world.state.inTransaction = true;
    await world.storage.remove(world.key('a.txt'));
    world.state.inTransaction = false;
    world.state.now += 6 * 24 * 3600_000;
    await purge(world.jobs, never);
    await sweep(world.jobs, never);
    expect(world.s3.names()).toEqual(['a.txt']);
  });

  test('a file of the library that the ledger never saw is deleted from the disk', async () => {
    await writeFile(path.join(world.folder, 'old.txt'), 'library');
    await remove('old.txt');
    await purge(world.jobs, never);
    await sweep(world.jobs, never);
    expect(await exists('old.txt')).toBe(false);
  });

  test('a delete that S3 refuses is tried again later, and holds up no other', async () => {
    await world.put('locked.txt', 'one');
    await world.put('a.txt', 'one');
    await remove('locked.txt');
    await remove('a.txt');
    world.fault = (operation, name) =>
      operation === 'delete' && name === 'locked.txt' ? Promise.reject(new StorageError('ACCESS_DENIED', { status: 403, refused: true })) : undefined;
    await purge(world.jobs, never);
    await sweep(world.jobs, never);
    expect(world.s3.names()).toEqual(['locked.txt']);
    world.requests.length = 0;
    await sweep(world.jobs, never);
    expect(world.requests).toEqual([]);
    world.fault = undefined;
    world.state.now += 10 * 60_000;
    await sweep(world.jobs, never);
    expect(world.s3.names()).toEqual([]);
  });

  test('a key that was deleted and uploaded again never gets its plain name a second time', async () => {
    await world.put('a.txt', 'one');
    await remove('a.txt');
    await purge(world.jobs, never);
    await world.put('a.txt', 'two');
    await sweep(world.jobs, never);
    expect(world.s3.names()).toEqual([expect.stringMatching(/^a\.\d+\.txt$/)]);
    expect(await world.read('a.txt')).toBe('two');
  });
});

describe('read-only', () => {
  test('writes stay on disk, reads come from S3, and no request changes the bucket', async () => {
    await world.put('a.txt', 'one');
    world.listed.add(world.key('a.txt'));
    world.state.mode = 'read-only';
    world.requests.length = 0;
    await world.put('b.txt', 'mine');
    await world.put('a.txt', 'changed here');
    expect([await world.read('a.txt'), await world.read('b.txt')]).toEqual(['changed here', 'mine']);
    await world.storage.remove(world.key('b.txt'));
    world.state.now += 30 * 24 * 3600_000;
    await purge(world.jobs, never);
    await sweep(world.jobs, never);
    await catchUp(world.jobs, 4, never);
    expect(world.requests.filter((request) => !/^(get|head) /.test(request))).toEqual([]);
    expect(await world.object('a.txt')).toBe('one');
  });

  test('what it wrote is its own business: not uploaded by itself, should it become read-write', async () => {
    world.state.mode = 'read-only';
    await world.put('mine.txt', 'staging');
    world.state.mode = 'read-write';
    expect(await catchUp(world.jobs, 4, never)).toEqual({ uploaded: 0, failed: 0 });
    expect(world.s3.names()).toEqual([]);
  });

  test('what was condemned before is not removed while it is read-only', async () => {
    await world.put('a.txt', 'one');
    await world.put('a.txt', 'two');
    world.state.mode = 'read-only';
    world.state.now += 48 * 3600_000;
    await sweep(world.jobs, never);
    expect(world.s3.names()).toHaveLength(2);
  });

  test('becoming read-only stops a sweep under way before its next object', async () => {
    for (const text of ['one', 'two', 'three']) await world.put('a.txt', text);
    world.state.now += 48 * 3600_000;
    world.fault = (operation) => {
      if (operation === 'delete') world.state.mode = 'read-only';
      return undefined;
    };
    await sweep(world.jobs, never);
    expect(world.s3.names()).toHaveLength(2);
  });

  test('what a copy deleted is not deleted from the bucket later either, should it become read-write', async () => {
    await world.put('a.txt', 'one');
    await world.put('b.txt', 'one');
    world.state.mode = 'read-only';
    await world.storage.remove(world.key('a.txt'));
    await world.put('b.txt', 'two');
    world.state.now += 30 * 24 * 3600_000;
    await purge(world.jobs, never);
    world.state.mode = 'read-write';
    await sweep(world.jobs, never);
    expect(world.s3.names()).toEqual(['a.txt', 'b.txt']);
  });
});

describe('reading', () => {
  test('S3 down and no copy here: unavailable, never missing', async () => {
    await world.put('a.txt', 'one');
    world.fault = down;
    expect(await world.read('a.txt')).toBe('unavailable');
  });

  test('a file that lies around on disk is not served for an object that cannot be reached', async () => {
    await world.put('a.txt', 'one');
    await writeFile(path.join(world.folder, 'a.txt'), 'stale');
    world.fault = down;
    expect(await world.read('a.txt')).toBe('unavailable');
  });

  test('a copy on another server’s disk is not taken for one on this disk', async () => {
    world.fault = down;
    await world.put('a.txt', 'one');
    jest.spyOn(world.jobs.volume, 'id', 'get').mockReturnValue('another-volume' as VolumeId);
    // the file here has the same name and length, and is another one
    await writeFile(path.join(world.folder, 'a.txt'), 'two');
    expect(await world.read('a.txt')).toBe('unavailable');
    // the same bytes are the file, whatever the disk's id: the folder may be a copy, or its id unreadable
    await writeFile(path.join(world.folder, 'a.txt'), 'one');
    expect(await world.read('a.txt')).toBe('one');
  });

  test('an object that was damaged in the bucket is not served', async () => {
    await world.put('a.txt', 'one');
    await world.s3.put('a.txt', bodyOf('0ne'));
    expect(await world.read('a.txt')).toBe('unavailable');
  });

  test('a row remembered from before another process’ replace and sweep is read again', async () => {
    await world.put('a.txt', 'one');
    expect(await world.read('a.txt')).toBe('one');
    // the replace is like another process's: this one's cache hears nothing of it
    const forget = jest.spyOn(world.jobs.rows, 'forget').mockImplementation(() => undefined);
    await world.put('a.txt', 'two');
    forget.mockRestore();
    await world.s3.delete('a.txt');
    expect(await world.read('a.txt')).toBe('two');
  });

  test('a key the library lists and only the bucket has is recorded and served; any other object is not', async () => {
    await world.s3.put('mine.txt', bodyOf('from rclone'));
    await world.s3.put('secret.txt', bodyOf('not ours'));
    world.listed.add(world.key('mine.txt'));
    expect(await world.read('secret.txt')).toBe('unknown');
    expect(await world.read('mine.txt')).toBe('from rclone');
    expect((await world.ledger.find(world.key('mine.txt')))?.placement.state).toBe('remote');
  });

  test('no temporary file is left of all this', async () => {
    world.fault = down;
    await world.put('a.txt', 'one');
    expect(await readdir(path.join(world.folder, '.s3-storage', 'tmp'))).toEqual([]);
  });
});
