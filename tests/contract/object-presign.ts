import assert from 'node:assert/strict';
import type { ObjectStore } from '../../server/src/core/store/object-store';
import { bodyOf, someBytes } from '../support/bodies';
import { type ContractCheck, failsWith, type Gaps, storeSuite } from './object-store';

const check = (title: string, run: ContractCheck<ObjectStore>['run']): ContractCheck<ObjectStore> => ({ title, run });

async function urlOf(store: ObjectStore, name: string, expiresInSeconds = 60): Promise<string> {
  const url = await store.presign(name, { expiresInSeconds });
  assert.ok(url !== null, 'this store has no URLs');
  return url;
}

/** The answer to somebody who has nothing but the URL. */
async function fetched(url: string, method = 'GET'): Promise<{ status: number; text: string; headers: Headers }> {
  const answer = await fetch(url, { method });
  return { status: answer.status, text: await answer.text(), headers: answer.headers };
}

async function isRefused(url: string, secret: string, method?: string): Promise<void> {
  const { status, text } = await fetched(url, method);
  assert.ok(status >= 400 && status < 500, `${status} for a URL that was not signed so`);
  assert.ok(!text.includes(secret));
}

/** Everything that `ObjectStore.presign` promises for a store that has URLs. */
export const PRESIGN_CHECKS: readonly ContractCheck<ObjectStore>[] = [
  check('a plain GET of the URL answers exactly the object’s bytes', async (store, names) => {
    const bytes = someBytes(50_000);
    await store.put(names('plain.bin'), bodyOf(bytes));
    const answer = await fetch(await urlOf(store, names('plain.bin')));
    assert.equal(answer.status, 200);
    assert.ok(Buffer.from(await answer.arrayBuffer()).equals(bytes));
  }),
  check('a GET of the URL with a range answers exactly the range', async (store, names) => {
    await store.put(names('range.txt'), bodyOf('0123456789'));
    const answer = await fetch(await urlOf(store, names('range.txt')), { headers: { range: 'bytes=2-4' } });
    assert.deepEqual([answer.status, await answer.text()], [206, '234']);
  }),
  check('names with unicode, spaces, plus, percent and quotes are exact', async (store, names) => {
    for (const suffix of ['ünï—日本 😀.txt', 'a b.txt', 'a+b.txt', 'a%2Bb.txt', "q'(u)o!t*e&=;@$,~.txt", 'h#a?s=h.txt', 'sub/folder/x.txt']) {
      await store.put(names(suffix), bodyOf(suffix));
      const { status, text } = await fetched(await urlOf(store, names(suffix)));
      assert.deepEqual([status, text], [200, suffix]);
    }
  }),
  check('a steady URL is the same one for its period, and works', async (store, names) => {
    await store.put(names('steady.txt'), bodyOf('steady'));
    const steady = () => store.presign(names('steady.txt'), { expiresInSeconds: 7 * 24 * 3600, steadyForSeconds: 7 * 12 * 3600 });
    const [first, plain] = [await steady(), await urlOf(store, names('steady.txt'))];
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    assert.equal(await steady(), first);
    assert.notEqual(await urlOf(store, names('steady.txt')), plain);
    assert.equal((await fetched(first ?? '')).text, 'steady');
  }),
  check('a URL that is changed to another object’s name is refused', async (store, names) => {
    await store.put(names('mine.txt'), bodyOf('mine'));
    await store.put(names('secret.txt'), bodyOf('hidden'));
    const url = await urlOf(store, names('mine.txt'));
    assert.ok(url.includes('mine.txt'));
    await isRefused(url.replace('mine.txt', 'secret.txt'), 'hidden');
  }),
  check('the URL allows neither PUT nor DELETE', async (store, names) => {
    await store.put(names('kept.txt'), bodyOf('hidden'));
    const url = await urlOf(store, names('kept.txt'));
    await isRefused(url, 'hidden', 'PUT');
    await isRefused(url, 'hidden', 'DELETE');
    assert.equal((await fetched(url)).text, 'hidden');
  }),
  check('the answer has the type and disposition that the URL was made with, and another type is refused', async (store, names) => {
    await store.put(names('headers.html'), bodyOf('hidden'), { contentType: 'text/html' });
    const contentDisposition = `attachment; filename="a b.txt"; filename*=UTF-8''%C3%A4.txt`;
    const url = await store.presign(names('headers.html'), { expiresInSeconds: 60, contentType: 'text/plain', contentDisposition });
    const { status, headers } = await fetched(url ?? '');
    assert.deepEqual([status, headers.get('content-type'), headers.get('content-disposition')], [200, 'text/plain', contentDisposition]);
    await isRefused((url ?? '').replace('text%2Fplain', 'text%2Fhtml'), 'hidden');
  }),
  check('the URL of a missing object is made, and answers 404 or 403', async (store, names) => {
    const { status } = await fetched(await urlOf(store, names('never.txt')));
    assert.ok(status === 404 || status === 403, String(status));
  }),
  check('names that could mean another object are refused', async (store) => {
    for (const name of ['', '../x', 'a//b', '/a', 'a\0b', 'x'.repeat(1025)]) await failsWith('INVALID_KEY', store.presign(name, { expiresInSeconds: 60 }));
  }),
  check('a time of validity that S3 does not allow is refused', async (store, names) => {
    for (const expiresInSeconds of [0, -1, 1.5, NaN, Infinity, 7 * 24 * 3600 + 1]) {
      const error = await failsWith('REJECTED', store.presign(names('x'), { expiresInSeconds }));
      assert.ok(error.refused);
    }
  }),
  check('a signal that has aborted before ends the call with ABORTED', async (store, names) => {
    await failsWith('ABORTED', store.presign(names('x'), { expiresInSeconds: 60, signal: AbortSignal.abort() }));
  }),
  // this check comes last, because it takes some seconds
  check('an expired URL is refused, and so is one with a later end written into it', async (store, names) => {
    await store.put(names('short.txt'), bodyOf('hidden'));
    const url = await urlOf(store, names('short.txt'), 2);
    assert.equal((await fetched(url)).status, 200);
    await new Promise((resolve) => setTimeout(resolve, 3_500));
    await isRefused(url, 'hidden');
    const longer = new URL(url);
    for (const [key, value] of longer.searchParams) if (/expires/i.test(key)) longer.searchParams.set(key, `${value}000`);
    await isRefused(longer.href, 'hidden');
  }),
];

/** The contract of presigned URLs as a Jest suite for one kind of store. */
export function objectPresignContract(name: string, make: () => Promise<ObjectStore> | ObjectStore, gaps?: Gaps): void {
  storeSuite(`${name} keeps the contract of presigned URLs`, PRESIGN_CHECKS, make, { gaps });
}
