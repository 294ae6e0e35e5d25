import { StorageError } from '../../../../server/src/core/errors';
import type { Body } from '../../../../server/src/core/store/object-store';
import { bodyOf } from '../../../support/bodies';
import { s3Error, startFaultProxy, type FaultProxy } from '../../../support/fault-proxy';
import { rawBucket, type RawBucket } from '../../../support/raw-s3';
import { startS3, type S3Server } from '../../../support/s3';
import { testS3Store } from '../../../support/s3-store';

/** A PUT of bytes that lie in another bucket of the same server already. */
const TEXT = 'the bytes';
const NAME = 'media/a.txt';
const UNUSUAL = 'media/été & co/a+b %20.txt';

let server: S3Server;
let proxy: FaultProxy;
let former: RawBucket;
let present: RawBucket;
let opened: ReturnType<typeof testS3Store>;
let etag: string;

beforeAll(async () => {
  server = await startS3();
  proxy = await startFaultProxy(server.endpoint);
  [former, present] = [rawBucket(server, await server.createBucket()), rawBucket(server, await server.createBucket())];
  const { region, accessKeyId, secretAccessKey } = server;
  opened = testS3Store({ endpoint: proxy.endpoint, region, credentials: { accessKeyId, secretAccessKey }, bucket: present.bucket, timeoutMs: 5_000 });
  for (const name of [NAME, UNUSUAL]) await former.put(name, TEXT, 'text/html');
  etag = (await former.head(NAME))!.etag.replaceAll('"', '');
}, 120_000);
afterEach(() => proxy.heal());
afterAll(async () => {
  opened?.destroy();
  former?.close();
  present?.close();
  await proxy?.close();
  await server?.stop();
}, 60_000);

/** A body that counts how often somebody opens it. */
function body(): { body: Body; opened: () => number } {
  const real = bodyOf(TEXT);
  let times = 0;
  return { body: { ...real, open: () => (times++, real.open()) }, opened: () => times };
}
const put = (name: string, bytes: Body, source = { bucket: former.bucket, name: NAME, etag }) =>
  opened.store.put(name, bytes, { contentType: 'text/plain', cacheControl: 'no-cache', copyOf: source });

test('S3 copies an object of the same server, with the headers of the PUT, and nobody opens the body', async () => {
  const { body: bytes, opened: times } = body();
  expect(await put('copied.txt', bytes)).toMatchObject({ size: TEXT.length, md5: bytes.md5 });
  expect(times()).toBe(0);
  expect((await present.get('copied.txt')).toString()).toBe(TEXT);
  expect((await present.head('copied.txt'))?.contentType).toBe('text/plain');
});

test('an object with an unusual name is copied or sent, with its bytes', async () => {
  await put('unusual.txt', body().body, { bucket: former.bucket, name: UNUSUAL, etag });
  expect((await present.get('unusual.txt')).toString()).toBe(TEXT);
});

test.each<[string, () => { bucket: string; name: string; etag: string }]>([
  ['is not there', () => ({ bucket: former.bucket, name: 'missing.txt', etag })],
  ['is in a bucket that is not there', () => ({ bucket: 'no-such-bucket-anywhere', name: NAME, etag })],
])('the body is sent where the object %s', async (_what, source) => {
  const { body: bytes, opened: times } = body();
  expect(await put('sent.txt', bytes, source())).toMatchObject({ size: TEXT.length });
  expect([times(), (await present.get('sent.txt')).toString()]).toEqual([1, TEXT]);
});

test('the body is sent where S3 denies the copy', async () => {
  const { body: bytes, opened: times } = body();
  proxy.on({ when: ({ headers }) => headers['x-amz-copy-source'] !== undefined, fault: { kind: 'answer', answer: s3Error(403, 'AccessDenied') } });
  await put('denied.txt', bytes);
  expect([times(), (await present.get('denied.txt')).toString()]).toEqual([1, TEXT]);
});

test('a copy without an answer fails like any PUT of unknown outcome, and nothing else is sent under its name', async () => {
  const { body: bytes, opened: times } = body();
  proxy.on({ when: ({ headers }) => headers['x-amz-copy-source'] !== undefined, fault: { kind: 'reset-after' } });
  const error = await put('unknown.txt', bytes).then(() => undefined, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StorageError);
  expect([(error as StorageError).refused, times()]).toEqual([false, 0]);
});

test('an object that has other bytes by now is never taken for the body: S3 refuses the copy, or the answer names no MD5', async () => {
  await former.put('other.txt', 'former bytes');
  const stale = (await former.head('other.txt'))!.etag.replaceAll('"', '');
  await former.put('other.txt', 'other bytes');
  const { md5 } = await put('other.txt', body().body, { bucket: former.bucket, name: 'other.txt', etag: stale });
  const isSent = (await present.get('other.txt')).toString() === TEXT;
  expect(isSent || md5 === null).toBe(true);
  // Ceph 16 and s3rver take no notice of the condition
  if (server.kind === 'minio') expect(isSent).toBe(true);
});
