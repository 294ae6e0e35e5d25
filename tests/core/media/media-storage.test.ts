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
  test('a fallback outside a request gets an own name when the library cannot say whether it lists the key', async () => {
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

  test('a replace never overwrites: the new bytes get an own name, and the old bytes stay for a day', async () => {
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

  test('the plain name is not used when S3 refuses to say whether it is free', async () => {
    world.fault = (operation) => (operation === 'head' ? Promise.reject(new StorageError('ACCESS_DENIED', { status: 403, refused: true })) : undefined);
    await world.put('a.txt', 'ours');
    expect(world.s3.names()).toEqual([expect.stringMatching(/^a\.\d+\.txt$/)]);
  });

  test('an upload of unknown outcome gets 3 attempts, each under another name, and then falls back', async () => {
    world.fault = (operation) => (operation === 'put' ? unknownOutcome() : undefined);
    await world.put('a.txt', 'one');
    const puts = world.requests.filter((request) => request.startsWith('put'));
    expect(puts).toHaveLength(3);
    expect(new Set(puts).size).toBe(3);
    expect(world.fallbacks).toEqual(['SERVER_ERROR']);
    expect(await world.read('a.txt')).toBe('one');
  });

  test('bytes that arrive late under the name of an abandoned attempt are swept, and swept again a day later', async () => {
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

  test('bytes that were stored and could not be proven are swept, and their name is never used again', async () => {
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

  test('a COMMIT that failed fails the replace, and the former bytes are still served', async () => {
    await world.put('a.txt', 'one');
    const publish = world.ledger.publish;
    world.ledger.publish = () => Promise.reject(new Error('connection terminated'));
    await expect(world.put('a.txt', 'two')).rejects.toThrow('connection terminated');
    world.ledger.publish = publish;
    expect(await world.read('a.txt')).toBe('one');
  });

  test('an attempt after a definite refusal uses the same name', async () => {
    let failures = 2;
    world.fault = (operation) => (operation === 'put' && failures-- > 0 ? down() : undefined);
    await world.put('a.txt', 'one');
    expect(world.requests.filter((request) => request === 'put a.txt')).toHaveLength(3);
    expect(world.s3.names()).toEqual(['a.txt']);
  });

  test.each(['ACCESS_DENIED', 'SIGNATURE_MISMATCH', 'BUCKET_NOT_FOUND'] as const)('an upload that fails with %s falls back to the disk without another attempt', async (code) => {
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

  test('an object for which S3 tells no MD5 is proven by reading the bytes back', async () => {
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

  test('a body that cannot be read fails the upload, and nothing of it stays in S3 or is served', async () => {
    await expect(world.storage.put(world.key('a.txt'), failingBody(someBytes(500), 120), { mime: null })).rejects.toMatchObject({ code: 'BODY_FAILED' });
    expect(world.s3.names()).toEqual([]);
    expect(await world.read('a.txt')).toBe('unknown');
  });

  test('a body that fails once and can be read again falls back to the disk, and no failure of S3 is reported', async () => {
    await world.storage.put(world.key('a.txt'), failingBody(Buffer.from('one'), 2, 1), { mime: null });
    expect(world.fallbacks).toEqual([]);
    expect(await world.read('a.txt')).toBe('one');
    expect(await exists('a.txt')).toBe(true);
    expect(await catchUp(world.jobs, 4, never)).toEqual({ uploaded: 1, failed: 0 });
  });

  test('an upload sends no request to S3 while the breaker is open', async () => {
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
  test('takes a replace during an outage: the old object stays, and the new bytes are served', async () => {
    await world.put('a.txt', 'one');
    world.fault = down;
    await world.put('a.txt', 'two');
    world.fault = undefined;
    expect(await world.object('a.txt')).toBe('one');
    expect(await world.read('a.txt')).toBe('two');
  });

  test('never overwrites a library file from before the plugin, which is swept a day after its replace', async () => {
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

  test('gives a plain path only to a key that the library does not list, not even as a format with an unusual name', async () => {
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
  ])('keeps what somebody else puts, after a replace, at the path of %s', async (_, begin) => {
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

  test('sends its file to S3 when S3 is back, and keeps it as well', async () => {
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

  test('never sends a file to S3 that changed after it was written, and its row gets FILE_CHANGED', async () => {
    world.fault = (operation) => (operation === 'put' ? Promise.reject(new StorageError('ACCESS_DENIED', { status: 403, refused: true })) : undefined);
    await world.put('a.txt', 'one');
    world.fault = undefined;
    await writeFile(path.join(world.folder, 'a.txt'), '0ne');
    expect(await catchUp(world.jobs, 4, never)).toEqual({ uploaded: 0, failed: 1 });
    expect(world.s3.names()).toEqual([]);
    expect((await world.ledger.find(world.key('a.txt')))?.lastError).toBe('FILE_CHANGED');
  });

  test('never brings old bytes back when a replace overtakes their catch-up', async () => {
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

  test('neither overwrites nor sweeps a file that somebody else puts at the path just before the write', async () => {
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

describe('a request with several files', () => {
  const replace = (scope: RequestScope, name: string, content: string) =>
    world.storage.put(world.key(name), bodyOf(content), { mime: null, scope });

  test('replaces an image and its formats together, when it ends', async () => {
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

  test('changes nothing when its replace fails, and its late writes change nothing either', async () => {
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

  test('never mixes with another one: after two replaces at once every key shows the one that started last', async () => {
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

  test('leaves no object behind when its upload fails half-way', async () => {
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

  test('keeps the bytes of a failed upload for the files that the library lists in the end', async () => {
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

  test('removes a format from the disk that its replace dropped and the ledger never saw', async () => {
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

  test('serves a format that its replace drops until it ends, and then removes the format from S3', async () => {
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

  test('an editor’s delete removes the object as soon as the library does not list the key any more', async () => {
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
    const other = world.storageOf({ ...world.jobs, rows: new RowCache((key) => world.ledger.findDated(key), world.clock.elapsed) });
    await other.put(world.key('a.txt'), bodyOf('two'), { mime: 'text/plain' });
    world.listed.add(world.key('a.txt'));
    expect(await world.read('a.txt')).toBe('two');
  });

  test('an unrecorded file on this disk is not served after a server without this disk has deleted it', async () => {
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

  test('a delete of a format that an image still has is taken back, although something else has named the format', async () => {
    await world.put('photo_1a2b_xs.txt', 'one');
    world.unusual.add(world.key('photo_1a2b_xs.txt'));
    await remove('photo_1a2b_xs.txt');
    await purge(world.jobs, never);
    await sweep(world.jobs, never);
    expect(await world.read('photo_1a2b_xs.txt')).toBe('one');
  });

  test('a delete inside the transaction of an import removes nothing within 6 days', async () => {
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

  test('a delete that S3 refuses is repeated within 10 minutes, and holds up no other delete', async () => {
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

describe('an instance in mode read-only', () => {
  test('writes to the disk, reads from S3, and sends no request that changes the bucket', async () => {
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

  test('does not upload by itself what it has written, when it becomes read-write', async () => {
    world.state.mode = 'read-only';
    await world.put('mine.txt', 'staging');
    world.state.mode = 'read-write';
    expect(await catchUp(world.jobs, 4, never)).toEqual({ uploaded: 0, failed: 0 });
    expect(world.s3.names()).toEqual([]);
  });

  test('does not remove an object that was condemned before', async () => {
    await world.put('a.txt', 'one');
    await world.put('a.txt', 'two');
    world.state.mode = 'read-only';
    world.state.now += 48 * 3600_000;
    await sweep(world.jobs, never);
    expect(world.s3.names()).toHaveLength(2);
  });

  test('stops a sweep that is under way before its next object', async () => {
    for (const text of ['one', 'two', 'three']) await world.put('a.txt', text);
    world.state.now += 48 * 3600_000;
    world.fault = (operation) => {
      if (operation === 'delete') world.state.mode = 'read-only';
      return undefined;
    };
    await sweep(world.jobs, never);
    expect(world.s3.names()).toHaveLength(2);
  });

  test('never removes the objects of what it deleted or replaced, not even when it becomes read-write later', async () => {
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
  test('a file without a copy on this disk is unavailable while S3 is away', async () => {
    await world.put('a.txt', 'one');
    world.fault = down;
    expect(await world.read('a.txt')).toBe('unavailable');
  });

  test('a stale file on the disk is not served in place of an object that cannot be reached', async () => {
    await world.put('a.txt', 'one');
    await writeFile(path.join(world.folder, 'a.txt'), 'stale');
    world.fault = down;
    expect(await world.read('a.txt')).toBe('unavailable');
  });

  test('a file of another server’s disk is served from this disk only with exactly the recorded bytes', async () => {
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

  test('a remembered row is read again when another process has replaced the file and removed the old object', async () => {
    await world.put('a.txt', 'one');
    expect(await world.read('a.txt')).toBe('one');
    // the replace is like another process's: this one's cache hears nothing of it
    const forget = jest.spyOn(world.jobs.rows, 'forget').mockImplementation(() => undefined);
    await world.put('a.txt', 'two');
    forget.mockRestore();
    await world.s3.delete('a.txt');
    expect(await world.read('a.txt')).toBe('two');
  });

  test('an object that only the bucket has is adopted and served if the library lists its key, and else is unknown', async () => {
    await world.s3.put('mine.txt', bodyOf('from rclone'));
    await world.s3.put('secret.txt', bodyOf('not ours'));
    world.listed.add(world.key('mine.txt'));
    expect(await world.read('secret.txt')).toBe('unknown');
    expect(await world.read('mine.txt')).toBe('from rclone');
    expect((await world.ledger.find(world.key('mine.txt')))?.placement.state).toBe('remote');
  });

  test('a fallback leaves no temporary file behind', async () => {
    world.fault = down;
    await world.put('a.txt', 'one');
    expect(await readdir(path.join(world.folder, '.s3-storage', 'tmp'))).toEqual([]);
  });
});
