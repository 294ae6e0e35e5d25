import { Readable } from 'node:stream';
import { prove } from '../../../../server/src/core/buckets/proof';
import { bodyInParts } from '../../../../server/src/core/store/bodies';
import { PART_BYTES, type Body } from '../../../../server/src/core/store/object-store';
import { md5Of, someBytes } from '../../../support/bodies';
import { startFaultProxy, type FaultProxy } from '../../../support/fault-proxy';
import { rawBucket, type RawBucket } from '../../../support/raw-s3';
import { startS3, type S3Server } from '../../../support/s3';
import { testS3Store } from '../../../support/s3-store';

const MIB = 1024 * 1024;
const bytes = someBytes(2 * PART_BYTES + 3 * MIB);
const other = Buffer.from(bytes);
other[PART_BYTES + 5] = (other[PART_BYTES + 5] as number) ^ 1;

let server: S3Server;
let proxy: FaultProxy;
let bucket: RawBucket;
let store: ReturnType<typeof testS3Store>;

beforeAll(async () => {
  server = await startS3();
  proxy = await startFaultProxy(server.endpoint);
  bucket = rawBucket(server, await server.createBucket());
  const { region, accessKeyId, secretAccessKey } = server;
  store = testS3Store({ endpoint: proxy.endpoint, region, bucket: bucket.bucket, credentials: { accessKeyId, secretAccessKey }, timeoutMs: 10_000, multipartAbove: 0 });
}, 120_000);
beforeEach(() => proxy.forget());
afterAll(async () => {
  store.destroy();
  bucket.close();
  await proxy.close();
  await server.stop();
}, 60_000);

/** A body that was hashed as `bytes`, and yields other ones when it is sent. */
const announced = (sent: Buffer): Promise<Body> => bodyInParts(() => Readable.from(pieces(sent), { objectMode: false }), Readable.from(pieces(bytes), { objectMode: false }));
function* pieces(all: Buffer): Generator<Buffer> {
  // pieces that end in the middle of parts
  for (let at = 0; at < all.length; at += 700_001) yield all.subarray(at, at + 700_001);
}

/** Stores a body and proves it, as every write does: some servers compare no part with its MD5, and only the proof shows what they have. */
const putProven = async (name: string, body: Body) => prove(store.store, name, body, await store.store.put(name, body));

test('a body in parts knows the MD5 of each part, and of the whole', async () => {
  const body = await announced(bytes);
  expect(body).toMatchObject({ size: bytes.length, md5: md5Of(bytes) });
  expect(body.partMd5s).toEqual([0, 1, 2].map((part) => md5Of(bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES))));
  const even = await bodyInParts(() => Readable.from([]), Readable.from(pieces(bytes.subarray(0, PART_BYTES)), { objectMode: false }));
  expect(even.partMd5s).toHaveLength(1);
});

test('each part travels with the MD5 that was computed beforehand, and the whole is proven', async () => {
  const body = await announced(bytes);
  expect((await putProven('right', body)).size).toBe(bytes.length);
  const sums = proxy.seen.filter(({ method }) => method === 'PUT').map(({ headers }) => Buffer.from(String(headers['content-md5']), 'base64').toString('hex'));
  expect(sums.sort()).toEqual([...(body.partMd5s ?? [])].sort());
  expect(md5Of((await bucket.get('right')) ?? '')).toBe(md5Of(bytes));
});

test('a body that yields other bytes than were hashed is never proven', async () => {
  await expect(putProven('other-bytes', await announced(other))).rejects.toMatchObject({ code: 'INTEGRITY' });
});

test.each([
  ['fewer bytes', bytes.subarray(0, -1)],
  ['fewer parts', bytes.subarray(0, 2 * PART_BYTES)],
  ['more bytes', Buffer.concat([bytes, Buffer.from('x')])],
])('a body that yields %s than were hashed is never stored', async (what, sent) => {
  const name = what.replace(' ', '-');
  await expect(store.store.put(name, await announced(sent))).rejects.toMatchObject({ code: 'INTEGRITY', refused: true });
  expect(await bucket.keys(name)).toEqual([]);
});
