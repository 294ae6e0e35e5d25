import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { StorageError } from '../../server/src/core/errors';
import { MemoryObjectStore } from '../../server/src/core/memory/object-store';
import { layer } from '../../server/src/core/store/resilience/layer';
import type { Body, GetOptions, ObjectFacts, ObjectStore, ObjectStream, PutOptions } from '../../server/src/core/store/object-store';
import { bodyOf, bytesOf } from '../support/bodies';
import { namesOfRun, OBJECT_STORE_CHECKS } from './object-store';

/** A right store with one method replaced by a wrong one. */
function broken(change: (right: MemoryObjectStore) => Partial<ObjectStore>): ObjectStore {
  const right = new MemoryObjectStore();
  return layer(right, change(right));
}

/** Stores any bytes as if they were the announced ones. */
async function trusting(store: ObjectStore, name: string, body: Body, options: PutOptions | undefined, keep: (bytes: Buffer) => Buffer) {
  const bytes = await bytesOf(body.open()).catch((cause: unknown) => {
    throw new StorageError('BODY_FAILED', { refused: true, cause });
  });
  return store.put(name, bodyOf(keep(bytes)), options);
}

const changedGet =
  (right: ObjectStore, change: (answer: ObjectStream, options: GetOptions) => ObjectStream) =>
  async (name: string, options: GetOptions = {}): Promise<ObjectStream> =>
    change(await right.get(name, options), options);

const withFacts = (facts: ObjectFacts, change: Partial<ObjectFacts>): ObjectFacts => ({ ...facts, ...change });

/** Ways of breaking the port's promises that have happened somewhere. */
const BROKEN: Record<string, () => ObjectStore> = {
  'stores half': () => broken((right) => ({ put: (name, body, options) => trusting(right, name, body, options, (bytes) => bytes.subarray(0, bytes.length >> 1)) })),
  'stores what comes, unchecked': () => broken((right) => ({ put: (name, body, options) => trusting(right, name, body, options, (bytes) => bytes) })),
  'changes a byte': () =>
    broken((right) => ({
      put: (name, body, options) =>
        trusting(right, name, body, options, (bytes) => {
          const changed = Buffer.from(bytes);
          if (changed.length > 9) changed[9]! ^= 1;
          return changed;
        }),
    })),
  'checks the size only': () =>
    broken((right) => ({
      put: async (name, body, options) => {
        const bytes = await bytesOf(body.open()).catch((cause: unknown) => {
          throw new StorageError('BODY_FAILED', { refused: true, cause });
        });
        return right.put(name, { ...bodyOf(bytes), size: body.size }, options);
      },
    })),
  'replaces an object with any tag': () => broken((right) => ({ put: (name, body, { onlyIfEtag: _ignored, ...options } = {}) => right.put(name, body, options) })),
  'ignores ranges': () => broken((right) => ({ get: (name, { signal } = {}) => right.get(name, { signal }) })),
  'takes the end of a range for exclusive': () =>
    broken((right) => ({
      get: (name, { range, signal } = {}) =>
        right.get(name, { signal, range: range && { start: range.start, end: Math.max(range.start, range.end - 1) } }),
    })),
  'answers the range’s size as the object’s': () =>
    broken((right) => ({
      get: changedGet(right, (answer, { range }) =>
        range ? { ...answer, facts: withFacts(answer.facts, { size: range.end - range.start + 1 }) } : answer,
      ),
    })),
  'clips a range outside the object': () =>
    broken((right) => ({
      get: async (name, options = {}) => {
        const { size } = await right.head(name);
        return options.range && options.range.end >= size ? right.get(name) : right.get(name, options);
      },
    })),
  'answers an empty object for a missing one': () =>
    broken((right) => ({
      get: (name, options) =>
        right.get(name, options).catch((error: unknown) => {
          if (error instanceof StorageError && error.code !== 'OBJECT_NOT_FOUND') throw error;
          return { facts: { size: 0, etag: null, md5: null }, body: Readable.from([]) };
        }),
    })),
  'answers a plain error for a missing object': () =>
    broken((right) => ({
      head: (name, options) =>
        right.head(name, options).catch(() => {
          throw new Error('404');
        }),
    })),
  'fails to delete what is missing': () => broken((right) => ({ delete: async (name, options) => void (await right.head(name, options), await right.delete(name)) })),
  'deletes nothing': () => broken(() => ({ delete: async () => undefined })),
  'deletes by prefix': () =>
    broken((right) => ({
      delete: async (name, options) => {
        await right.delete(name, options);
        for (const other of right.names()) if (other.startsWith(name)) await right.delete(other);
      },
    })),
  'claims an MD5 that is not the object’s': () =>
    broken((right) => ({ put: async (...args) => withFacts(await right.put(...args), { md5: createHash('md5').update('x').digest('hex') }) })),
  'has another tag in head': () => broken((right) => ({ head: async (...args) => withFacts(await right.head(...args), { etag: 'other' }) })),
  'has one tag for all': () =>
    broken((right) => {
      const same = (facts: ObjectFacts) => withFacts(facts, { etag: 'same' });
      return {
        put: async (...args) => same(await right.put(...args)),
        head: async (...args) => same(await right.head(...args)),
        get: changedGet(right, (answer) => ({ ...answer, facts: same(answer.facts) })),
      };
    }),
  'leaves the quotes on the tag': () =>
    broken((right) => {
      const quoted = (facts: ObjectFacts) => withFacts(facts, { etag: `"${facts.etag}"` });
      return {
        put: async (...args) => quoted(await right.put(...args)),
        head: async (...args) => quoted(await right.head(...args)),
        get: changedGet(right, (answer) => ({ ...answer, facts: quoted(answer.facts) })),
      };
    }),
  'folds case': () =>
    broken((right) => ({
      put: (name, ...rest) => right.put(name.toLowerCase(), ...rest),
      head: (name, ...rest) => right.head(name.toLowerCase(), ...rest),
      get: (name, ...rest) => right.get(name.toLowerCase(), ...rest),
    })),
  'decodes names': () => {
    const decoded = (name: string) => {
      try {
        return decodeURIComponent(name);
      } catch {
        return name;
      }
    };
    return broken((right) => ({
      put: (name, ...rest) => right.put(decoded(name), ...rest),
      head: (name, ...rest) => right.head(decoded(name), ...rest),
      get: (name, ...rest) => right.get(decoded(name), ...rest),
    }));
  },
  'repairs names': () => {
    const repaired = (name: string) => new URL(name || 'x', 'http://h/').pathname.replace(/\/+/g, '/').slice(1) || 'x';
    return broken((right) => ({ put: (name, ...rest) => right.put(repaired(name), ...rest) }));
  },
  'shows half an object while it is written': () =>
    broken((right) => ({
      put: async (name, body, options) => {
        await right.put(name, bodyOf('half'));
        return right.put(name, body, options);
      },
    })),
  'leaves half an object after a failure': () =>
    broken((right) => ({
      put: (name, body, options) =>
        right.put(name, body, options).catch(async (error: unknown) => {
          if (error instanceof StorageError && error.code === 'BODY_FAILED') await right.put(name, bodyOf('half'));
          throw error;
        }),
    })),
  'does not say that it refused': () =>
    broken((right) => ({
      put: (name, body, options) =>
        right.put(name, body, options).catch((error: unknown) => {
          throw error instanceof StorageError ? new StorageError(error.code, { cause: error }) : error;
        }),
    })),
  'ignores abort in put': () => broken((right) => ({ put: (name, body, { signal: _ignored, ...options } = {}) => right.put(name, body, options) })),
  'ignores abort in head': () => broken((right) => ({ head: (name) => right.head(name) })),
  'ignores abort in get': () => broken((right) => ({ get: (name, { range } = {}) => right.get(name, { range }) })),
  'frees the object with its parts': () => broken((right) => ({ abortWrites: (name, options) => right.delete(name, options) })),
  'fails to free what is missing': () =>
    broken((right) => ({ abortWrites: async (name, options) => void (await right.abortWrites(name, options), await right.head(name)) })),
  'ignores abort in freeing': () => broken((right) => ({ abortWrites: (name) => right.abortWrites(name) })),
  'ignores abort in delete': () => broken((right) => ({ delete: (name) => right.delete(name) })),
  'looks at the signal only before': () =>
    broken((right) => ({
      get: async (name, { range, signal } = {}) => {
        await right.head(name, { signal });
        return right.get(name, { range });
      },
    })),
  'never closes the body that it was given': () =>
    broken((right) => ({
      put: (name, body, options) =>
        right.put(name, { ...body, open: () => Readable.from(body.open().iterator({ destroyOnReturn: false }), { objectMode: false }) }, options),
    })),
  'opens the body twice': () =>
    broken((right) => ({
      put: async (name, body, options) => {
        body.open().on('error', () => undefined).destroy();
        return right.put(name, body, options);
      },
    })),
  'mixes up puts at the same time': () => {
    let last: Body;
    return broken((right) => ({
      put: async (name, body, options) => {
        last = body;
        await new Promise((resolve) => setImmediate(resolve));
        return right.put(name, last, options);
      },
    }));
  },
  'fails when a body is destroyed': () =>
    broken((right) => ({
      get: changedGet(right, (answer) => {
        const { body } = answer;
        body._destroy = (error, done) => done(error ?? (body.readableEnded ? null : new Error('destroyed')));
        return answer;
      }),
    })),
};

const PATIENCE_MS = 2_000;

/** The titles of the checks that `store` fails. A check that does not end has failed. */
async function failedChecks(store: ObjectStore): Promise<string[]> {
  const failed: string[] = [];
  for (const { title, run } of OBJECT_STORE_CHECKS) {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('did not end')), PATIENCE_MS);
    });
    await Promise.race([run(store, namesOfRun()), late]).catch(() => failed.push(title));
    clearTimeout(timer);
    if (failed.length > 0) break;
  }
  return failed;
}

describe('the contract of object stores', () => {
  test('is passed by a right store', async () => {
    expect(await failedChecks(broken(() => ({})))).toEqual([]);
  });

  test.each(Object.keys(BROKEN))('finds out a store that %s', async (fault) => {
    expect(await failedChecks(BROKEN[fault]!())).not.toEqual([]);
  });
});
