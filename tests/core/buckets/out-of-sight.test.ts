import { createHash } from 'node:crypto';

import type { ErrorCode } from '../../../server/src/contracts/errors';
import { StorageError } from '../../../server/src/core/errors';
import { parseKey } from '../../../server/src/core/keys';
import type { Location } from '../../../server/src/core/ledger/words';
import { MemoryLedger } from '../../../server/src/core/memory/ledger';
import { outOfSight, outOfSightLine } from '../../../server/src/core/buckets/out-of-sight';
import { resolve } from '../../../server/src/core/settings/resolve';
import type { PermittedSettings } from '../../../server/src/core/instance';
import { NOTHING_STORED } from '../../../server/src/core/settings/types';
import { MemoryObjectStore } from '../../../server/src/core/memory/object-store';
import { bodyOf } from '../../support/bodies';
import { commitRestore } from '../../support/ledger-steps';

const clock = { now: () => 0, random: () => 0.5 };
const OLD: Location = { endpoint: 'https://old.example.com', region: 'us-east-1', bucket: 'media' };
const NEW: Location = { ...OLD, endpoint: 'https://new.example.com' };
const FILES = ['a.txt', 'b.txt', 'c.txt'];
const ALL = { count: 3, bytes: 15 };
const NONE = { count: 0, bytes: 0 };

function setUp() {
  const ledger = new MemoryLedger(clock);
  const stores = new Map<string, MemoryObjectStore>();
  const failures = new Map<string, ErrorCode>();
  const at = ({ endpoint, bucket }: Location) => {
    const place = `${endpoint}/${bucket}`;
    const store = stores.get(place) ?? new MemoryObjectStore();
    stores.set(place, store);
    return { place, store };
  };
  const openBucket = (location: Location, { endpoint }: PermittedSettings['settings']) => {
    // as with a real client, requests go to the settings' endpoint, whatever the location says
    const { place, store } = at({ ...location, endpoint: endpoint ?? '' });
    const failing = new MemoryObjectStore();
    failing.head = async () => Promise.reject(new StorageError(failures.get(place) ?? 'INTERNAL', { refused: true }));
    return failures.has(place) ? failing : store;
  };
  const write = async (location: Location, names: readonly string[], copies: readonly Location[] = [location]) => {
    const locationId = await ledger.locationId(location);
    for (const name of names) {
      const content = name;
      const intent = await ledger.begin({ kind: 'object', key: parseKey(name), locationId, prefix: '', plainFree: true });
      const md5 = createHash('md5').update(content).digest('hex');
      await ledger.publish([{ intent, size: content.length, md5, etag: 'tag-1', mime: null }], { condemnObjects: true });
      for (const copy of copies) await at(copy).store.put(name, bodyOf(content));
    }
  };
  return { deps: { ledger, openBucket }, write, fail: (location: Location, code: ErrorCode) => failures.set(at(location).place, code), at };
}

function settings({ endpoint, bucket }: Location, mode: PermittedSettings['mode'] = 'read-write'): PermittedSettings {
  const resolution = resolve({ database: NOTHING_STORED, configFile: { bucket, endpoint, accessKeyId: 'K', secretAccessKey: 's' }, variables: {} });
  return { ...resolution, mode, reason: mode === 'off' ? 'NOT_CONFIGURED' : null, revision: 1 };
}

test('no file is out of sight while the ledger has none in S3, whether S3 is off or does not answer', async () => {
  const { deps, fail } = setUp();
  fail(NEW, 'UNREACHABLE');
  expect(await outOfSight(deps, settings(NEW, 'off'))).toEqual(NONE);
  expect(await outOfSight(deps, settings(NEW))).toEqual(NONE);
});

test('while S3 is off, the files that only S3 has are out of sight, and those with a copy on disk are not', async () => {
  const { deps, write } = setUp();
  await write(OLD, FILES);
  const row = (await deps.ledger.find(parseKey('a.txt')))!;
  const intent = await deps.ledger.begin({ kind: 'file', key: row.key, volume: 'v' as never, plainFree: false });
  await commitRestore(deps.ledger, row, intent);
  expect(await outOfSight(deps, settings(OLD, 'off'))).toEqual({ count: 2, bytes: 10 });
});

test.each<[string, Location, readonly Location[], typeof ALL]>([
  ['the same location leave no file out of sight', OLD, [OLD], NONE],
  ['the same location in another spelling leave no file out of sight', { ...OLD, endpoint: 'https://old.example.com.' }, [{ ...OLD, endpoint: 'https://old.example.com.' }], NONE],
  ['another endpoint put all files out of sight', NEW, [OLD], ALL],
  ['another endpoint to which all was copied leave no file out of sight', NEW, [OLD, NEW], NONE],
  ['another bucket at the same endpoint leave no file out of sight while the old bucket is there', { ...OLD, bucket: 'other' }, [OLD], NONE],
  ['another bucket at the same endpoint put all files out of sight when the old bucket is gone', { ...OLD, bucket: 'other' }, [], ALL],
  ['another bucket at the same endpoint to which all was moved leave no file out of sight', { ...OLD, bucket: 'other' }, [{ ...OLD, bucket: 'other' }], NONE],
])('settings for %s', async (_what, place, copies, expected) => {
  const { deps, write } = setUp();
  await write(OLD, FILES, copies);
  expect(await outOfSight(deps, settings(place))).toEqual(expected);
});

test('a copy of the bucket that lacks a file or has other bytes leaves all files out of sight', async () => {
  const { deps, write, at } = setUp();
  await write(OLD, FILES, [OLD, NEW]);
  const { store } = at(NEW);
  await store.delete('b.txt');
  expect(await outOfSight(deps, settings(NEW))).toEqual(ALL);
  await store.put('b.txt', bodyOf('B.TXT'));
  expect(await outOfSight(deps, settings(NEW))).toEqual(ALL);
});

test('only the files of a location that is not reached are out of sight', async () => {
  const { deps, write } = setUp();
  await write(OLD, ['a.txt']);
  await write(NEW, ['b.txt', 'c.txt']);
  expect(await outOfSight(deps, settings(NEW))).toEqual({ count: 1, bytes: 5 });
});

test.each<[ErrorCode, typeof ALL]>([
  ['ACCESS_DENIED', ALL],
  ['SIGNATURE_MISMATCH', ALL],
  ['BUCKET_NOT_FOUND', ALL],
  ['UNREACHABLE', NONE],
  ['TIMEOUT', NONE],
])('a location that answers %s has these files out of sight: %j', async (code, expected) => {
  const { deps, write, fail } = setUp();
  await write(OLD, FILES);
  fail(OLD, code);
  expect(await outOfSight(deps, settings(OLD))).toEqual(expected);
});

test('a location in which one object is lost has no file out of sight', async () => {
  const { deps, write, at } = setUp();
  await write(OLD, FILES);
  await at(OLD).store.delete('a.txt');
  expect(await outOfSight(deps, settings(OLD))).toEqual(NONE);
});

test('the line for the log is empty without a file out of sight, and else names the number and the reason', () => {
  expect(outOfSightLine(NONE, settings(NEW))).toBe('');
  expect(outOfSightLine(ALL, settings(NEW, 'off'))).toContain('S3 is off (NOT_CONFIGURED), and 3 files (15 bytes)');
  expect(outOfSightLine({ count: 1, bytes: 5 }, settings(NEW))).toMatch(/^1 file \(5 bytes\) are only|bucket "media" at https:\/\/new\.example\.com/);
});
