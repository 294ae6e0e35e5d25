import type { DatabaseIdentity } from '../../../../server/src/core/buckets/owner/database-identity';
import { readMarker, writeMarker } from '../../../../server/src/core/buckets/owner/marker';
import type { Area } from '../../../../server/src/core/buckets/owner/owner-book';
import { OwnerWatch, SIGN_OF_LIFE_MS, type Reachable } from '../../../../server/src/core/buckets/owner/owner-watch';
import type { Ownership } from '../../../../server/src/core/ownership';
import { StorageError } from '../../../../server/src/core/errors';
import { MemoryObjectStore } from '../../../../server/src/core/memory/object-store';
import { MemoryOwnerBook } from '../../../../server/src/core/memory/owner-book';
import type { ErrorCode } from '../../../../server/src/contracts/errors';
import { bodyOf } from '../../../support/bodies';

const AREA: Area = { id: 'area', endpoint: 'https://s3.test', bucket: 'media', prefix: '' };
const MINUTE = 60_000;
const A: DatabaseIdentity = { kind: 'sqlite', inode: '1' };
const B: DatabaseIdentity = { kind: 'sqlite', inode: '2' };

let now: number;
let store: MemoryObjectStore;
let failure: ErrorCode | undefined;
let deniedPut: boolean;
beforeEach(() => {
  claims.length = 0;
  now = 1_000_000;
  store = new MemoryObjectStore();
  failure = undefined;
  deniedPut = false;
});

const claims: string[] = [];

interface Server {
  readonly watch: OwnerWatch;
  readonly book: MemoryOwnerBook;
  readonly told: Ownership[];
  readonly lines: string[];
  look(): Promise<string>;
  sign(atOnce?: boolean): Promise<string>;
}

interface Setting {
  book?: MemoryOwnerBook;
  identity?: DatabaseIdentity | null;
  identify?: () => Promise<DatabaseIdentity | null>;
  claimsFrom?: string;
  isRight?: boolean;
  ignoresConditions?: boolean;
  mayWrite?: boolean;
  /** Default: {@link AREA}. The bucket is the same one, whatever the area is called. */
  area?: Area;
}

/** A server on a database. Its store passes the requests on to the one bucket, unless the test breaks it. */
function server({ book = new MemoryOwnerBook(), identity = A, claimsFrom, isRight = true, ignoresConditions = false, mayWrite = true, area = AREA, identify }: Setting = {}): Server {
  const told: Ownership[] = [];
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);
  const fail = (operation: string) => (failure ? Promise.reject(new StorageError(failure, { operation, refused: failure === 'ACCESS_DENIED' })) : undefined);
  const target: Reachable = {
    area,
    store: {
      get: (...of) => fail('get') ?? store.get(...of),
      put: (name, body, options) => fail('put') ?? (deniedPut ? Promise.reject(new StorageError('ACCESS_DENIED', { refused: true })) : store.put(name, body, ignoresConditions ? {} : options)),
      delete: (...of) => store.delete(...of),
    },
    isRightBucket: async () => isRight,
  };
  const watch = new OwnerWatch({
    book, claimsFrom: claimsFrom ?? null, clock: { now: () => now, elapsed: () => now }, identify: identify ?? (async () => identity), mayWrite: () => mayWrite, beforeClaim: async () => void claims.push('claim'),
    log: { debug: log, info: log, warn: log, error: log }, onChange: (_place, ownership) => void told.push(ownership),
  });
  const state = () => {
    const ownership = watch.of(area.id);
    return ownership.state === 'own' ? 'own' : ownership.code;
  };
  return {
    watch, book, told, lines,
    look: async () => (await watch.look(target), state()),
    sign: async (atOnce) => (await watch.serve(target, atOnce), state()),
    ...{ target },
  };
}
const targetOf = (server: Server) => (server as Server & { target: Reachable }).target;
const marker = async () => {
  const seen = await readMarker(store, '');
  return seen.kind === 'marker' ? seen.marker : undefined;
};
const later = (ms: number) => void (now += ms);

describe('the first database at a free area', () => {
  it('is nobody before its first look, then the owner, and says so in the bucket', async () => {
    const one = server();
    expect(one.watch.of(AREA.id)).toEqual({ state: 'unknown', code: 'OWNER_UNKNOWN' });
    expect(await one.look()).toBe('own');
    expect(await marker()).toMatchObject({ owner: (await one.book.find(AREA.id))!.owner, epoch: 1, database: A });
    expect(one.told).toEqual([{ state: 'own' }]);
  });

  it('shares the area with all its processes, also when they begin at once', async () => {
    const book = new MemoryOwnerBook();
    const servers = [server({ book }), server({ book }), server({ book })];
    expect(await Promise.all(servers.map((one) => one.look()))).toEqual(['own', 'own', 'own']);
    for (let round = 0; round < 3; round++) {
      later(SIGN_OF_LIFE_MS);
      expect(await Promise.all(servers.map((one) => one.sign()))).toEqual(['own', 'own', 'own']);
    }
  });

  it('is the owner after a restart, and after a kill between database and bucket', async () => {
    const one = server();
    await one.sign(true);
    deniedPut = true;
    expect(await one.sign(true)).toBe('own');
    deniedPut = false;
    expect(await server({ book: one.book }).sign(true)).toBe('own');
    expect((await marker())!.token).toBe((await one.book.find(AREA.id))!.token);
  });

  it('is the owner after a first write of unknown outcome, whether or not it landed', async () => {
    for (const lands of [false, true]) {
      store = new MemoryObjectStore();
      const one = server();
      const put = store.put.bind(store);
      store.put = async (...of) => {
        if (lands) await put(...of);
        throw new StorageError('TIMEOUT');
      };
      expect(await one.look()).toBe('OWNER_UNKNOWN');
      store.put = put;
      expect(await one.look()).toBe('own');
    }
  });

  it('leaves no record behind where S3 refuses the marker', async () => {
    deniedPut = true;
    const one = server();
    expect(await one.look()).toBe('OWNER_UNKNOWN');
    expect(await one.book.find(AREA.id)).toBeUndefined();
  });

  it('gives a sign of life at its start and every five minutes, first in the database', async () => {
    const one = server();
    await one.sign(true);
    const { epoch } = (await marker())!;
    later(SIGN_OF_LIFE_MS - 1);
    await one.sign();
    expect((await marker())!.epoch).toBe(epoch);
    later(1);
    failure = undefined;
    await one.sign();
    expect((await marker())!.epoch).toBe(epoch + 1);
    expect((await one.book.find(AREA.id))!.epoch).toBe(epoch + 1);
  });
});

describe('a copy of the database', () => {
  it.each([['with another identity', B], ['with a lost identity, once the owner has gone on', null]])('%s only reads, and the owner stays the owner', async (_title, identity) => {
    const production = server();
    await production.sign(true);
    const book = production.book.copy();
    if (identity === null) {
      await production.sign(true);
      await production.sign(true);
    }
    const copy = server({ book, identity });
    const before = await marker();
    expect(await copy.sign(true)).toBe(identity === null ? 'DATABASE_BEHIND' : 'DATABASE_COPY');
    expect(await marker()).toEqual(before);
    expect(await production.sign(true)).toBe('own');
  });

  it('only reads while production is stopped, and when the marker is gone', async () => {
    const production = server();
    await production.look();
    const copy = server({ book: production.book.copy(), identity: B });
    await store.delete('.s3-storage-owner.json');
    expect(await copy.sign(true)).toBe('DATABASE_COPY');
    expect(store.names()).toEqual([]);
    expect(await production.look()).toBe('own');
  });

  it('that shares even the identity and takes the area loses it to the elder within one look', async () => {
    const production = server();
    await production.sign(true);
    later(MINUTE);
    await production.sign();
    const clone = server({ book: production.book.copy() });
    expect(await clone.sign(true)).toBe('own');
    later(MINUTE);
    expect(await production.sign()).toBe('own');
    later(MINUTE);
    expect(await clone.sign()).toMatch(/^DATABASE_/);
    later(60 * MINUTE);
    expect([await clone.sign(), await production.sign(), await clone.sign()]).toEqual([expect.stringMatching(/^DATABASE_/), 'own', expect.stringMatching(/^DATABASE_/)]);
  });
});

describe('an instance that may only read by its settings', () => {
  it('takes no free area, so that production is not demoted by a copy that boots first', async () => {
    const copy = server({ identity: B, mayWrite: false });
    expect(await copy.sign(true)).toBe('OWNER_UNKNOWN');
    expect([store.names(), await copy.book.find(AREA.id)]).toEqual([[], undefined]);
    expect(await server().look()).toBe('own');
    expect(await copy.sign(true)).toBe('BUCKET_OWNED');
  });

  it('neither writes a lost marker again nor gives signs of life nor claims by the environment', async () => {
    const production = server();
    await production.look();
    const { owner } = (await marker())!;
    const reader = server({ book: production.book, mayWrite: false });
    const before = await marker();
    later(2 * SIGN_OF_LIFE_MS);
    expect(await reader.sign(true)).toBe('own');
    expect(await marker()).toEqual(before);
    expect(await server({ identity: B, claimsFrom: owner, mayWrite: false }).sign(true)).toBe('BUCKET_OWNED');
    await store.delete('.s3-storage-owner.json');
    expect(await reader.sign(true)).toBe('MARKER_MISSING');
    expect(store.names()).toEqual([]);
  });
});

it('an owner whose look had no answer gives no sign of life, so that it undoes no claim', async () => {
  const production = server({ ignoresConditions: true });
  await production.look();
  const copy = server({ book: production.book.copy(), identity: B, ignoresConditions: true });
  await copy.watch.claim(targetOf(copy), (await marker())!.owner);
  const get = store.get.bind(store);
  store.get = () => Promise.reject(new StorageError('TIMEOUT'));
  later(SIGN_OF_LIFE_MS);
  await production.sign(true);
  store.get = get;
  expect([await copy.look(), await production.look()]).toEqual(['own', 'BUCKET_OWNED']);
});

describe('a database that was set back', () => {
  it('by hours only reads', async () => {
    const one = server();
    await one.sign(true);
    const backup = one.book.copy();
    await one.sign(true);
    await one.sign(true);
    expect(await server({ book: backup }).sign(true)).toBe('DATABASE_BEHIND');
  });

  it('by a failover that lost the last epoch goes on, in the process that began it', async () => {
    const one = server();
    await one.sign(true);
    const before = (await one.book.find(AREA.id))!;
    later(MINUTE);
    await one.sign(true);
    await one.book.replace(AREA.id, (await one.book.find(AREA.id))!.token, before);
    expect(await one.look()).toBe('own');
    expect((await marker())!.token).toBe((await one.book.find(AREA.id))!.token);
  });

  it('under a running process by more than that only reads', async () => {
    const one = server();
    await one.sign(true);
    const before = (await one.book.find(AREA.id))!;
    await one.sign(true);
    await one.sign(true);
    await one.book.replace(AREA.id, (await one.book.find(AREA.id))!.token, before);
    expect(await one.look()).toBe('DATABASE_BEHIND');
  });
});

describe('a database that gets another identity under a running owner', () => {
  const change = async (before: DatabaseIdentity, after: DatabaseIdentity) => {
    let present = before;
    const one = server({ identify: async () => present });
    await one.sign(true);
    present = after;
    return one;
  };

  it('stays the owner, and has the new identity in the marker from its next look on, so that a restart finds it there', async () => {
    const one = await change(A, B);
    later(MINUTE);
    expect(await one.sign()).toBe('own');
    expect((await marker())!.database).toEqual(B);
    expect(await server({ book: one.book, identity: B }).sign(true)).toBe('own');
    expect(await server({ book: one.book.copy(), identity: A }).look()).toBe('DATABASE_COPY');
  });

  it('is a copy for a process that starts only afterwards', async () => {
    const one = await change(A, B);
    expect(await server({ book: one.book, identity: B }).look()).toBe('DATABASE_COPY');
  });

  it('is no longer the owner if the marker is not in step', async () => {
    const one = await change(A, B);
    await server({ book: one.book.copy(), identity: A }).sign(true);
    expect(await one.look()).not.toBe('own');
  });
});

describe('a marker', () => {
  it('of another project stays', async () => {
    await server().look();
    const before = await marker();
    expect(await server({ identity: B }).sign(true)).toBe('BUCKET_OWNED');
    expect(await marker()).toEqual(before);
  });

  it('that is lost after a claim is written again by the present owner only, whoever looks first, also after a restart', async () => {
    const production = server();
    await production.look();
    const stranger = server({ identity: { kind: 'sqlite', inode: '9' } });
    await stranger.look();
    const moved = server({ book: production.book.copy(), identity: B });
    await moved.look();
    await moved.watch.claim(targetOf(moved), moved.watch.ownerOf(AREA.id).owner);
    await production.look();
    await store.delete('.s3-storage-owner.json');
    const restarted = [server({ book: production.book }), server({ book: stranger.book, identity: { kind: 'sqlite', inode: '9' } })];
    for (const former of [production, stranger, ...restarted]) expect(await former.sign(true)).toBe('BUCKET_OWNED');
    expect(store.names()).toEqual([]);
    expect(await moved.look()).toBe('own');
  });

  it('that is gone is written again where the bucket is the right one, and nowhere else', async () => {
    const one = server();
    await one.look();
    await store.delete('.s3-storage-owner.json');
    expect(await server({ book: one.book, isRight: false }).look()).toBe('MARKER_MISSING');
    expect(store.names()).toEqual([]);
    expect(await one.look()).toBe('own');
    expect(store.names()).toEqual(['.s3-storage-owner.json']);
  });

  it('that nobody understands stays, and takes the rights of the owner until it is gone', async () => {
    const one = server();
    await one.look();
    await store.put('.s3-storage-owner.json', bodyOf('<html>'));
    expect(await one.sign(true)).toBe('MARKER_UNREADABLE');
    expect(await readMarker(store, '')).toMatchObject({ kind: 'garbage' });
    await store.delete('.s3-storage-owner.json');
    expect(await one.look()).toBe('own');
  });

  it('that S3 does not give out leaves an owner its rights, and gives nobody new ones', async () => {
    const one = server();
    await one.look();
    failure = 'TIMEOUT';
    expect(await one.sign(true)).toBe('own');
    expect(await server({ book: one.book }).look()).toBe('OWNER_UNKNOWN');
  });

  it('that the key may not read takes the rights away', async () => {
    const one = server();
    await one.look();
    failure = 'ACCESS_DENIED';
    expect(await one.look()).toBe('MARKER_UNREADABLE');
  });

  it('that a key without the right to list cannot see is written only where the store surely refuses to overwrite', async () => {
    const get = store.get.bind(store);
    store.get = (name, options) => (store.names().includes(name) ? get(name, options) : Promise.reject(new StorageError('ACCESS_DENIED', { status: 403, refused: true })));
    expect(await server({ ignoresConditions: true }).look()).toBe('MARKER_UNREADABLE');
    expect(store.names()).toEqual([]);
    expect(await server().look()).toBe('own');
    expect(store.names()).toEqual(['.s3-storage-owner.json']);
  });
});

describe('a removal', () => {
  it('needs a fresh look that says that the database is the owner', async () => {
    const one = server();
    const confirm = () => one.watch.confirm(targetOf(one), 10_000);
    expect(await confirm()).toBe(true);
    failure = 'TIMEOUT';
    later(10_000);
    expect(await confirm()).toBe(true);
    later(1);
    expect(await confirm()).toBe(false);
    failure = undefined;
    expect(await confirm()).toBe(true);
    await server({ identity: B }).watch.claim(targetOf(server({ identity: B })), (await marker())!.owner);
    later(10_001);
    expect(await confirm()).toBe(false);
  });
});

describe('a claim', () => {
  it('makes the copy the owner, and the former owner a reader', async () => {
    const production = server();
    await production.look();
    const copy = server({ book: production.book.copy(), identity: B });
    await copy.look();
    await copy.watch.claim(targetOf(copy), copy.watch.ownerOf(AREA.id).owner);
    expect([await copy.sign(true), await production.sign(true)]).toEqual(['own', 'BUCKET_OWNED']);
    expect(claims).toEqual(['claim']);
  });

  it('changes nothing where the owner is another one than the person saw', async () => {
    const production = server();
    await production.look();
    const copy = server({ book: production.book.copy(), identity: B });
    const before = await copy.book.find(AREA.id);
    await expect(copy.watch.claim(targetOf(copy), 'somebody')).rejects.toMatchObject({ code: 'CLAIM_OUTDATED' });
    expect([await copy.book.find(AREA.id), await production.look(), await copy.look()]).toEqual([before, 'own', 'DATABASE_COPY']);
  });

  it.each([false, true])('of two at once makes one the owner (the store ignores conditions: %p)', async (ignoresConditions) => {
    const production = server();
    await production.look();
    const from = (await marker())!.owner;
    const copies = [server({ identity: B, ignoresConditions }), server({ identity: { kind: 'sqlite', inode: '3' }, ignoresConditions })];
    await Promise.allSettled(copies.map((copy) => copy.watch.claim(targetOf(copy), from)));
    const states = [await copies[0]!.look(), await copies[1]!.look()].sort();
    expect(states).toEqual(['BUCKET_OWNED', 'own']);
  });

  it('while S3 is away is refused, and leaves everything as it is', async () => {
    const production = server();
    await production.look();
    const copy = server({ book: production.book.copy(), identity: B });
    failure = 'TIMEOUT';
    await expect(copy.watch.claim(targetOf(copy), 'x')).rejects.toMatchObject({ code: 'TIMEOUT' });
    failure = undefined;
    expect([await copy.look(), await production.look()]).toEqual(['DATABASE_COPY', 'own']);
  });

  it('replaces a marker that nobody understands', async () => {
    await store.put('.s3-storage-owner.json', bodyOf('<html>'));
    const one = server();
    expect(await one.look()).toBe('MARKER_UNREADABLE');
    await one.watch.claim(targetOf(one), null);
    expect(await one.look()).toBe('own');
  });

  it('replaces such a marker also where this process has seen the one before', async () => {
    const one = server();
    await one.look();
    await store.put('.s3-storage-owner.json', bodyOf('<html>'));
    expect(await one.look()).toBe('MARKER_UNREADABLE');
    await one.watch.claim(targetOf(one), one.watch.ownerOf(AREA.id).owner);
    expect(await one.look()).toBe('own');
  });

  it('in the environment counts for the owner that it names, and for no later one', async () => {
    const production = server();
    await production.look();
    const { owner } = (await marker())!;
    const moved = server({ book: production.book.copy(), identity: B, claimsFrom: owner });
    expect([await moved.look(), await production.look()]).toEqual(['own', 'BUCKET_OWNED']);
    expect(claims).toEqual(['claim']);
    const third = server({ book: moved.book.copy(), identity: { kind: 'sqlite', inode: '3' }, claimsFrom: owner });
    expect(await third.look()).toBe('DATABASE_COPY');
  });
});

test('an instance that may not change the bucket marks nothing, whoever the owner is', async () => {
  const reader = server({ mayWrite: false });
  expect(await reader.sign(true)).toBe('OWNER_UNKNOWN');
  expect([store.names(), await reader.book.find(AREA.id)]).toEqual([[], undefined]);
  const production = server();
  await production.look();
  const before = await marker();
  const { owner } = before!;
  for (const setting of [{ book: production.book.copy() }, { book: production.book.copy(), identity: B, claimsFrom: owner }, {}]) await server({ ...setting, mayWrite: false }).sign(true);
  expect(await marker()).toEqual(before);
  await store.delete('.s3-storage-owner.json');
  await server({ book: production.book.copy(), mayWrite: false }).sign(true);
  expect(store.names()).toEqual([]);
});

test('a wrong clock changes nothing: times in the marker are for people', async () => {
  const one = server();
  await one.sign(true);
  const seen = await readMarker(store, '');
  if (seen.kind !== 'marker') throw new Error('no marker');
  await writeMarker(store, '', { ...seen.marker, writtenAt: '2099-01-01T00:00:00.000Z' }, seen);
  expect(await one.sign(true)).toBe('own');
});

describe('a server with two names', () => {
  const OTHER: Area = { ...AREA, id: 'other', endpoint: 'https://s3.other-name.test' };

  it('has the same owner by both, whichever name the database used last', async () => {
    const one = server();
    await one.sign(true);
    const { book } = one;
    const renamed = server({ book, area: OTHER });
    expect(await renamed.watch.foresee(targetOf(renamed))).toEqual({ state: 'own' });
    expect(await renamed.sign(true)).toBe('own');
    expect((await book.find(OTHER.id))!.owner).toBe((await book.find(AREA.id))!.owner);
    // the sign of life has left the record of the first name behind
    expect(await server({ book }).sign(true)).toBe('own');
    expect(await server({ book, area: OTHER }).look()).toBe('own');
  });

  it('stays another database’s by both, if this one is a copy', async () => {
    const one = server();
    await one.sign(true);
    const book = one.book.copy();
    const renamed = server({ book, identity: B, area: OTHER });
    expect(await renamed.watch.foresee(targetOf(renamed))).toEqual({ state: 'foreign', code: 'BUCKET_OWNED' });
    expect(await renamed.look()).toBe('BUCKET_OWNED');
    expect(await server({ book, identity: B }).look()).toBe('DATABASE_COPY');
  });
});
