// This file is longer than files should be, because it lists all promises of one port, and readers compare it with the port.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { isStorageError, StorageError } from '../../server/src/core/errors';
import type { ErrorCode } from '../../server/src/contracts/errors';
import { HeldBody } from '../../server/src/core/store/held-body';
import type { LocalStore } from '../../server/src/core/store/local/local-store';
import type { ByteRange, ObjectStore } from '../../server/src/core/store/object-store';
import { bodyOf, bytesOf, failingBody, hangingBody, md5Of, someBytes } from '../support/bodies';

/** The methods that buckets and disks have in common. Listing and presigning, which only buckets do, have suites of their own. */
export type AnyStore = Pick<ObjectStore, keyof ObjectStore & keyof LocalStore>;

/** One promise of the port. `run` rejects when `store` breaks it. It leaves objects behind and therefore uses names of its own. */
export interface ContractCheck<S = AnyStore> {
  readonly title: string;
  run(store: S, names: (suffix: string) => string): Promise<void>;
}

export async function failsWith(code: ErrorCode, work: Promise<unknown>): Promise<StorageError> {
  const error = await work.then(
    () => assert.fail(`resolved instead of failing with ${code}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof StorageError, `not a StorageError: ${String(error)}`);
  assert.equal(error.code, code, error.message);
  return error;
}

const isMissing = async (store: AnyStore, name: string): Promise<void> => {
  await failsWith('OBJECT_NOT_FOUND', store.head(name));
  await failsWith('OBJECT_NOT_FOUND', store.get(name));
};

async function read(store: AnyStore, name: string, range?: ByteRange): Promise<Buffer> {
  const { body } = await store.get(name, { range });
  return bytesOf(body);
}

const check = (title: string, run: ContractCheck['run']): ContractCheck => ({ title, run });

/** A size in bytes that is larger than one chunk of a stream and than a socket takes at once. */
const LARGE = 3 * 1024 * 1024 + 7;

/** The checks of writes, of reads and of the meaning of names. */
const basics: ContractCheck[] = [
  check('head and get answer the size and the bytes that were put', async (store, names) => {
    const bytes = someBytes(200_001);
    const name = names('plain.bin');
    const put = await store.put(name, bodyOf(bytes), { contentType: 'application/pdf', cacheControl: 'max-age=60' });
    assert.equal(put.size, bytes.length);
    assert.equal((await store.head(name)).size, bytes.length);
    const { facts, body } = await store.get(name);
    assert.equal(facts.size, bytes.length);
    assert.ok((await bytesOf(body)).equals(bytes));
  }),
  check('an MD5 that is answered is the true one, and put, head and get answer the same ETag', async (store, names) => {
    const bytes = someBytes(5_000, 7);
    const name = names('facts.bin');
    const put = await store.put(name, bodyOf(bytes));
    const head = await store.head(name);
    const got = await store.get(name);
    await bytesOf(got.body);
    for (const facts of [put, head, got.facts]) {
      if (facts.md5 !== null) assert.equal(facts.md5, md5Of(bytes));
      assert.equal(facts.etag, put.etag);
    }
    assert.doesNotMatch(put.etag ?? '', /"/);
  }),
  check('bytes that are held in memory are stored like those of a stream', async (store, names) => {
    for (const size of [0, 20_000, LARGE]) {
      const bytes = someBytes(size, 3);
      const put = await store.put(names(`held-${size}`), HeldBody.of(bytes));
      assert.equal(put.size, size);
      if (put.md5 !== null) assert.equal(put.md5, md5Of(bytes));
      assert.ok((await read(store, names(`held-${size}`))).equals(bytes));
    }
  }),
  check('different bytes have different ETags', async (store, names) => {
    const one = await store.put(names('tag-1'), bodyOf('one'));
    const two = await store.put(names('tag-2'), bodyOf('two'));
    if (one.etag !== null) assert.notEqual(one.etag, two.etag);
  }),
  check('a large object is read back with the same bytes', async (store, names) => {
    const bytes = someBytes(LARGE);
    await store.put(names('large.bin'), bodyOf(bytes));
    assert.equal(md5Of(await read(store, names('large.bin'))), md5Of(bytes));
  }),
  check('an object without bytes can be stored and read', async (store, names) => {
    const name = names('empty.txt');
    assert.equal((await store.put(name, bodyOf(''))).size, 0);
    assert.equal((await store.head(name)).size, 0);
    assert.equal((await read(store, name)).length, 0);
  }),
  check('names with unicode, spaces, plus, percent and quotes are exact', async (store, names) => {
    const odd = ['ünï—日本 😀.txt', 'a b.txt', 'a+b.txt', 'a%25b.txt', 'a%2Bb.txt', "q'(u)o!t*e&=;@$,~.txt", 'h#a?s=h.txt', 'sub/folder/x.txt'];
    for (const suffix of odd) await store.put(names(suffix), bodyOf(suffix));
    for (const suffix of odd) assert.equal((await read(store, names(suffix))).toString(), suffix);
    await isMissing(store, names('a%20b.txt'));
  }),
  check('names that differ only by case are names of different objects', async (store, names) => {
    await store.put(names('Case.txt'), bodyOf('upper'));
    await isMissing(store, names('case.txt'));
    await store.put(names('case.txt'), bodyOf('lower'));
    assert.equal((await read(store, names('Case.txt'))).toString(), 'upper');
  }),
  check('names in the plugin’s own folder can be stored and read', async (store, names) => {
    await store.put(`.s3-storage/${names('own')}`, bodyOf('own'));
    assert.equal((await read(store, `.s3-storage/${names('own')}`)).toString(), 'own');
  }),
  check('names that could mean another object are refused', async (store, names) => {
    const bad = ['', '..', '../x', 'a/../b', './a', 'a/./b', 'a//b', '/a', 'a/', 'a\0b', 'a\nb', 'a\\b', '\ud800', 'x'.repeat(1025)];
    for (const name of bad) {
      await failsWith('INVALID_KEY', store.put(name, bodyOf('x')));
      await failsWith('INVALID_KEY', store.head(name));
      await failsWith('INVALID_KEY', store.get(name));
      await failsWith('INVALID_KEY', store.delete(name));
      await failsWith('INVALID_KEY', store.abortWrites(name));
    }
    await isMissing(store, names('b'));
  }),
  check('a PUT that must not overwrite succeeds only where nothing lies, and else fails with NAME_TAKEN', async (store, names) => {
    const name = names('first.txt');
    assert.equal((await store.put(name, bodyOf('first'), { onlyIfAbsent: true })).size, 5);
    const refusal = await failsWith('NAME_TAKEN', store.put(name, bodyOf('second'), { onlyIfAbsent: true }));
    assert.ok(refusal.refused);
    assert.equal((await read(store, name)).toString(), 'first');
    const both = ['one', 'two'].map((text) => store.put(names('race.txt'), bodyOf(text), { onlyIfAbsent: true }));
    const done = await Promise.allSettled(both);
    assert.equal(done.filter(({ status }) => status === 'fulfilled').length, 1);
    const stored = done[0]?.status === 'fulfilled' ? 'one' : 'two';
    assert.equal((await read(store, names('race.txt'))).toString(), stored);
  }),
  check('a PUT that must replace a known object succeeds only where it still lies, and else fails and changes nothing', async (store, names) => {
    const name = names('known.txt');
    const { etag } = await store.put(name, bodyOf('known'));
    // a disk has no tags, and nobody asks it for conditions
    if (etag === null) return;
    const both = ['one', 'two'].map((text) => store.put(name, bodyOf(text), { onlyIfEtag: etag }));
    const done = await Promise.allSettled(both);
    assert.equal(done.filter(({ status }) => status === 'fulfilled').length, 1);
    const stored = done[0]?.status === 'fulfilled' ? 'one' : 'two';
    const refusal = await failsWith('NAME_TAKEN', store.put(name, bodyOf('third'), { onlyIfEtag: etag }));
    assert.ok(refusal.refused);
    assert.equal((await read(store, name)).toString(), stored);
    // S3 calls a missing object by the same code as a missing bucket
    await assert.rejects(store.put(names('missing.txt'), bodyOf('x'), { onlyIfEtag: etag }));
    await isMissing(store, names('missing.txt'));
  }),
  check('puts under different names do not disturb each other', async (store, names) => {
    const all = Array.from({ length: 8 }, (_, at) => ({ name: names(`parallel-${at}`), bytes: someBytes(300_000 + at, at + 1) }));
    await Promise.all(all.map(({ name, bytes }) => store.put(name, bodyOf(bytes))));
    for (const { name, bytes } of all) assert.equal(md5Of(await read(store, name)), md5Of(bytes));
  }),
];

const ranges: ContractCheck[] = [
  check('a range answers exactly its bytes, and the size of the whole object', async (store, names) => {
    const bytes = someBytes(100_000, 3);
    const name = names('ranges.bin');
    await store.put(name, bodyOf(bytes));
    const last = bytes.length - 1;
    const all: ByteRange[] = [
      { start: 0, end: 0 },
      { start: last, end: last },
      { start: 0, end: last },
      { start: 16_383, end: 16_384 },
      { start: 100, end: 70_000 },
    ];
    for (const range of all) {
      const { facts, body } = await store.get(name, { range });
      assert.equal(facts.size, bytes.length);
      assert.ok((await bytesOf(body)).equals(bytes.subarray(range.start, range.end + 1)), `${range.start}-${range.end}`);
    }
  }),
  check('a range outside the object is refused', async (store, names) => {
    await store.put(names('short.bin'), bodyOf('0123456789'));
    await failsWith('REJECTED', store.get(names('short.bin'), { range: { start: 10, end: 12 } }));
  }),
];

const missing: ContractCheck[] = [
  check('a missing object fails with OBJECT_NOT_FOUND, with operation and subject', async (store, names) => {
    await isMissing(store, names('never'));
    const error = await failsWith('OBJECT_NOT_FOUND', store.get(names('never'), { range: { start: 0, end: 3 } }));
    assert.equal(error.operation, 'get');
    assert.equal(error.subject, names('never'));
  }),
  check('a folder is not found as an object', async (store, names) => {
    await store.put(names('folder/file'), bodyOf('x'));
    await isMissing(store, names('folder'));
    await isMissing(store, names('folder/file/below'));
  }),
  check('delete removes exactly one object, and succeeds when there is none', async (store, names) => {
    const name = names('deleted');
    await store.put(name, bodyOf('x'));
    await store.put(names('deleted-not'), bodyOf('y'));
    await store.delete(name);
    await isMissing(store, name);
    await store.delete(name);
    await store.delete(names('folder-that-is-not/there'));
    assert.equal((await read(store, names('deleted-not'))).toString(), 'y');
  }),
  check('abortWrites touches no object, and does not fail where there is none', async (store, names) => {
    await store.put(names('whole'), bodyOf('x'));
    for (const name of [names('whole'), names('never-written')]) {
      await store.abortWrites(name).catch((error: unknown) => {
        assert.ok(isStorageError(error, 'UNSUPPORTED', 'ACCESS_DENIED'), String(error));
      });
    }
    assert.equal((await read(store, names('whole'))).toString(), 'x');
  }),
];

/** The checks that an object is visible only as a whole and with the right bytes. */
const wholeness: ContractCheck[] = [
  check('a put with fewer or more bytes than announced fails with INTEGRITY, and stores nothing visible', async (store, names) => {
    for (const size of [99_999, 100_001, 0]) {
      const error = await failsWith('INTEGRITY', store.put(names(`size-${size}`), bodyOf(someBytes(100_000), { size })));
      assert.equal(error.refused, true);
      await isMissing(store, names(`size-${size}`));
    }
  }),
  check('a put of other bytes than announced fails with INTEGRITY, and stores nothing visible', async (store, names) => {
    const error = await failsWith('INTEGRITY', store.put(names('md5'), bodyOf(someBytes(100_000), { md5: md5Of('other') })));
    assert.equal(error.refused, true);
    await isMissing(store, names('md5'));
    await failsWith('INTEGRITY', store.put(names('md5-0'), bodyOf('', { md5: md5Of('other') })));
    await isMissing(store, names('md5-0'));
  }),
  check('a body that fails half-way ends with BODY_FAILED, nothing is visible, and the name stays free', async (store, names) => {
    const bytes = someBytes(LARGE);
    const name = names('half');
    for (const after of [120, 2_000_000]) {
      const error = await failsWith('BODY_FAILED', store.put(name, failingBody(bytes, after)));
      assert.equal(error.refused, true);
      await isMissing(store, name);
    }
    await store.put(name, bodyOf('whole'));
    assert.equal((await read(store, name)).toString(), 'whole');
  }),
  check('a body that cannot be opened ends with BODY_FAILED', async (store, names) => {
    const open = () => {
      throw new Error('gone');
    };
    await failsWith('BODY_FAILED', store.put(names('unopened'), { size: 1, md5: md5Of('x'), open }));
    await isMissing(store, names('unopened'));
  }),
];

const aborts: ContractCheck[] = [
  check('a signal that has aborted before ends each call with ABORTED, and nothing happens', async (store, names) => {
    const signal = AbortSignal.abort();
    await store.put(names('kept'), bodyOf('x'));
    await failsWith('ABORTED', store.put(names('aborted'), bodyOf('x'), { signal }));
    await failsWith('ABORTED', store.head(names('kept'), { signal }));
    await failsWith('ABORTED', store.get(names('kept'), { signal }));
    await failsWith('ABORTED', store.delete(names('kept'), { signal }));
    await failsWith('ABORTED', store.abortWrites(names('kept'), { signal }));
    await isMissing(store, names('aborted'));
    assert.equal((await read(store, names('kept'))).toString(), 'x');
  }),
  check('a put that is aborted fails with ABORTED at once, closes the body, and stores nothing visible', async (store, names) => {
    const body = hangingBody(someBytes(200_000), 100_000);
    const aborting = new AbortController();
    const put = failsWith('ABORTED', store.put(names('during'), body, { signal: aborting.signal }));
    await body.started;
    aborting.abort();
    await put;
    assert.ok(body.destroyed, 'the stream of the body is still open');
    await isMissing(store, names('during'));
  }),
  check('the body of a get that is aborted fails with ABORTED', async (store, names) => {
    await store.put(names('reading'), bodyOf(someBytes(LARGE)));
    const aborting = new AbortController();
    const { body } = await store.get(names('reading'), { signal: aborting.signal });
    aborting.abort();
    await failsWith('ABORTED', bytesOf(body));
  }),
  check('a signal that aborts after the call changes nothing', async (store, names) => {
    const aborting = new AbortController();
    const { signal } = aborting;
    await store.put(names('after'), bodyOf('x'), { signal });
    const { body } = await store.get(names('after'), { signal });
    assert.equal((await bytesOf(body)).toString(), 'x');
    aborting.abort();
    assert.equal((await read(store, names('after'))).toString(), 'x');
  }),
];

const letGo: ContractCheck[] = [
  check('the body of a get that is destroyed early closes without an error', async (store, names) => {
    await store.put(names('early'), bodyOf(someBytes(LARGE)));
    // the loop runs more often than a store has connections or file handles to lose
    for (let time = 0; time < 60; time += 1) {
      const { body } = await store.get(names('early'));
      let failed: unknown;
      body.on('error', (error) => (failed = error));
      if (time % 2) await once(body, 'readable');
      const closed = once(body, 'close');
      body.destroy();
      await closed;
      assert.equal(failed, undefined);
    }
    assert.equal((await read(store, names('early'))).length, LARGE);
  }),
  check('the body of a put is opened once and closed', async (store, names) => {
    const streams: import('node:stream').Readable[] = [];
    const plain = bodyOf(someBytes(100_000));
    const body = { size: plain.size, md5: plain.md5, open: () => streams[streams.push(plain.open()) - 1]! };
    await store.put(names('closed'), body);
    assert.equal(streams.length, 1);
    assert.ok(streams[0]!.destroyed);
  }),
];

/** Everything that the port promises, as functions that Jest and the suite's own test can run. */
export const OBJECT_STORE_CHECKS: readonly ContractCheck[] = [...basics, ...ranges, ...missing, ...wholeness, ...aborts, ...letGo];

let runs = 0;

/** Names that no other check and no other run uses. */
export function namesOfRun(): (suffix: string) => string {
  const folder = `contract-${process.pid}-${Date.now()}-${(runs += 1)}`;
  return (suffix) => `${folder}/${suffix}`;
}

/** The titles of the checks that the server behind a store does not pass, with the reason. The suite passes them over. */
export type Gaps = () => Readonly<Record<string, string>>;

/** Runs checks as a Jest suite. They share one store, unless each needs a fresh one. */
export function storeSuite<S>(
  title: string,
  checks: readonly ContractCheck<S>[],
  makeStore: () => Promise<S> | S,
  { gaps = () => ({}), fresh = false }: { gaps?: Gaps; fresh?: boolean } = {},
): void {
  describe(title, () => {
    let store: S;
    (fresh ? beforeEach : beforeAll)(async () => {
      store = await makeStore();
    });
    for (const check of checks) {
      test(check.title, async () => {
        const reason = gaps()[check.title];
        if (reason === undefined) await check.run(store, namesOfRun());
        else process.stdout.write(`passed over on this server: ${check.title} (${reason})\n`);
      });
    }
  });
}

/** The contract as a Jest suite for one kind of store. */
export function objectStoreContract(name: string, makeStore: () => Promise<AnyStore> | AnyStore, gaps?: Gaps): void {
  storeSuite(`ObjectStore contract: ${name}`, OBJECT_STORE_CHECKS, makeStore, { gaps });
}
