import type { S3ObjectStore } from '../../../../server/src/core/store/s3/store';
import { bodyOf, someBytes } from '../../../support/bodies';
import { type FaultProxy, startFaultProxy } from '../../../support/fault-proxy';
import { startS3, type S3Server } from '../../../support/s3';
import { testS3Store } from '../../../support/s3-store';

let server: S3Server;
let proxy: FaultProxy;
let bucket: string;
let whole: ReturnType<typeof testS3Store>;
let inParts: ReturnType<typeof testS3Store>;

beforeAll(async () => {
  server = await startS3();
  proxy = await startFaultProxy(server.endpoint);
  bucket = await server.createBucket();
  const { region, accessKeyId, secretAccessKey } = server;
  const options = { endpoint: proxy.endpoint, bucket, region, credentials: { accessKeyId, secretAccessKey }, timeoutMs: 10_000 };
  [whole, inParts] = [testS3Store(options), testS3Store({ ...options, multipartAbove: 0 })];
}, 120_000);
beforeEach(() => proxy.forget());
afterAll(async () => {
  whole.destroy();
  inParts.destroy();
  await proxy.close();
  await server.stop();
}, 60_000);

const bad: [what: string, value: string][] = [
  ['a line break', 'image/png\r\nx-injected: 1'],
  ['a NUL', 'image/png\0'],
  ['letters beyond ASCII', 'image/pïng'],
  ['letters beyond Latin', '图像/png'],
  ['half a character', 'image/png; x=\ud800'],
  ['nothing but spaces', '   '],
  ['nothing', ''],
];

const put = (store: S3ObjectStore, name: string, options: { contentType?: string; cacheControl?: string }) => store.put(name, bodyOf(someBytes(100)), options);
const sentWith = (header: string) => proxy.seen.find(({ method, path }) => method === 'PUT' || path.includes('uploads'))?.headers[header];

describe.each([
  ['in one request', () => whole.store],
  ['in parts', () => inParts.store],
])('a file that is uploaded %s', (how, storeOf) => {
  test.each([...bad, ['no slash', 'image'], ['two slashes', 'a/b/c'], ['too many characters', `image/${'x'.repeat(9_000)}`]])(
    'is stored without its type when the type has %s',
    async (what, contentType) => {
      const facts = await put(storeOf(), `${how}-${what}`.replaceAll(' ', '-'), { contentType });
      expect(facts.size).toBe(100);
      expect(sentWith('content-type')).not.toBe(contentType);
      expect(sentWith('x-injected')).toBeUndefined();
    },
  );

  test.each(bad)('is stored without its Cache-Control when that has %s', async (what, cacheControl) => {
    await put(storeOf(), `${how}-cache-${what}`.replaceAll(' ', '-'), { contentType: 'image/png', cacheControl });
    expect(sentWith('cache-control')).toBeUndefined();
    expect(sentWith('content-type')).toBe('image/png');
  });

  test('is sent with a type and a Cache-Control that a header can carry', async () => {
    const contentType = 'application/vnd.a+json; charset="utf-8"; q=1';
    await put(storeOf(), `${how}-good`.replaceAll(' ', '-'), { contentType: ` ${contentType} `, cacheControl: 'max-age=60' });
    expect([sentWith('content-type'), sentWith('cache-control')]).toEqual([contentType, 'max-age=60']);
  });
});

test('an access key that no header can carry makes a PUT fail with REJECTED, and S3 gets no request', async () => {
  const { store, destroy } = testS3Store({ endpoint: proxy.endpoint, bucket, credentials: { accessKeyId: 'a\nb', secretAccessKey: 'c' } });
  await expect(put(store, 'a', {})).rejects.toMatchObject({ code: 'REJECTED', refused: true });
  expect(proxy.seen).toEqual([]);
  destroy();
});
