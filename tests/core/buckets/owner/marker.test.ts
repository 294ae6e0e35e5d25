import { markerName, readMarker, writeMarker, type Marker } from '../../../../server/src/core/buckets/owner/marker';
import { StorageError } from '../../../../server/src/core/errors';
import { MemoryObjectStore } from '../../../../server/src/core/memory/object-store';
import type { PutOptions } from '../../../../server/src/core/store/object-store';
import { bodyOf } from '../../../support/bodies';

const NAME = 'media/.s3-storage-owner.json';
const marker: Marker = { owner: 'us', epoch: 1, token: 't1', heldMs: 5, database: { kind: 'sqlite', inode: '1' }, server: 'web-1', writtenAt: '2026-11-30T00:00:00.000Z' };
let store: MemoryObjectStore;
beforeEach(() => {
  store = new MemoryObjectStore();
});
const write = (text: Partial<Marker>, seen: Parameters<typeof writeMarker>[3]) => writeMarker(store, 'media/', { ...marker, ...text }, seen);
const read = () => readMarker(store, 'media/');
/** Lets each PUT with a condition fail in the same way. */
const conditionFails = (failure: StorageError) => {
  const put = store.put.bind(store);
  store.put = (name, body, options: PutOptions | undefined) => (options?.onlyIfAbsent || options?.onlyIfEtag !== undefined ? Promise.reject(failure) : put(name, body, options));
};

test('the marker lies under the prefix, and reads back', async () => {
  expect(markerName('media/')).toBe(NAME);
  expect(await read()).toEqual({ kind: 'absent' });
  expect(await write({}, { kind: 'absent' })).toBe(true);
  expect(store.names()).toEqual([NAME]);
  expect(await read()).toMatchObject({ kind: 'marker', marker });
});

test.each([
  ['an empty object', '', 'it is empty'],
  ['a page', '<html>', 'it is not JSON'],
  ['other JSON', '[]', 'it is no marker'],
  ['a marker of a later version', '{"version":2}', 'a later version of this plugin wrote it (2)'],
  ['a marker without its owner', '{"version":1,"epoch":1}', 'it is no marker'],
  ['an object of 10 MB', 'x'.repeat(10 * 1024 * 1024), 'it has 10485760 bytes'],
])('%s is no marker that this version understands', async (_title, text, detail) => {
  await store.put(NAME, bodyOf(text));
  expect(await read()).toMatchObject({ kind: 'garbage', detail });
});

test('a refused read is not an absent marker', async () => {
  store.get = () => Promise.reject(new StorageError('ACCESS_DENIED', { status: 403, refused: true }));
  expect(await read()).toEqual({ kind: 'denied' });
});

test('no answer is an error, and not an absent marker', async () => {
  store.get = () => Promise.reject(new StorageError('TIMEOUT'));
  await expect(read()).rejects.toMatchObject({ code: 'TIMEOUT' });
});

test('a marker that has changed meanwhile stays', async () => {
  await write({}, { kind: 'absent' });
  const seen = await read();
  await write({ token: 't2' }, seen);
  expect(await write({ token: 'late' }, seen)).toBe(false);
  expect(await write({ token: 'late' }, { kind: 'absent' })).toBe(false);
  expect(await read()).toMatchObject({ marker: { token: 't2' } });
});

test.each([
  ['refuses conditions', new StorageError('UNSUPPORTED', { status: 501, refused: true })],
  ['takes no quotes around a tag', new StorageError('NAME_TAKEN', { status: 412, refused: true })],
  ['calls a condition a bad request', new StorageError('REJECTED', { status: 400, refused: true })],
])('a store that %s takes the marker after a second look', async (_title, failure) => {
  await write({}, { kind: 'absent' });
  const seen = await read();
  conditionFails(failure);
  expect(await write({ token: 't2' }, seen)).toBe(true);
  expect(await read()).toMatchObject({ marker: { token: 't2' } });
  expect(await write({ token: 'late' }, seen)).toBe(false);
  expect(await read()).toMatchObject({ marker: { token: 't2' } });
});

test('a write of unknown outcome is not repeated without its condition', async () => {
  await write({}, { kind: 'absent' });
  const seen = await read();
  conditionFails(new StorageError('TIMEOUT'));
  await expect(write({ token: 't2' }, seen)).rejects.toMatchObject({ code: 'TIMEOUT' });
  expect(await read()).toMatchObject({ marker: { token: 't1' } });
});

test('where the read is refused, only the condition of the store protects another owner', async () => {
  await write({}, { kind: 'absent' });
  expect(await write({ token: 'x' }, { kind: 'denied' })).toBe(false);
  conditionFails(new StorageError('UNSUPPORTED', { status: 501, refused: true }));
  await expect(write({ token: 'x' }, { kind: 'denied' })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  expect(await read()).toMatchObject({ marker: { token: 't1' } });
});
