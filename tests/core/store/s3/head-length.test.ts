import { prove } from '../../../../server/src/core/buckets/proof';
import type { S3ObjectStore } from '../../../../server/src/core/store/s3/store';
import { bodyOf } from '../../../support/bodies';
import { type FaultProxy, startFaultProxy } from '../../../support/fault-proxy';
import { startS3, type S3Server } from '../../../support/s3';
import { testS3Store } from '../../../support/s3-store';

let server: S3Server;
let proxy: FaultProxy;
let store: S3ObjectStore;
let destroy: () => void;

beforeAll(async () => {
  server = await startS3();
  proxy = await startFaultProxy(server.endpoint);
  const bucket = await server.createBucket();
  const { region, accessKeyId, secretAccessKey } = server;
  ({ store, destroy } = testS3Store({ endpoint: proxy.endpoint, bucket, region, credentials: { accessKeyId, secretAccessKey }, timeoutMs: 5_000 }));
}, 120_000);
afterEach(() => proxy.heal());
afterAll(async () => {
  destroy();
  await proxy.close();
  await server.stop();
}, 60_000);

describe.each([
  ['drops the length of a HEAD', undefined],
  ['says zero for the length of a HEAD', '0'],
])('behind a proxy that %s', (_what, value) => {
  test.each([
    ['an object', 'some bytes'],
    ['an object of one byte', 'b'],
    ['an empty object', ''],
  ])('%s keeps its size, and is proven', async (_of, text) => {
    const name = `of-${text.length}-${value}`;
    await store.put(name, bodyOf(text));
    proxy.on({ fault: { kind: 'header', name: 'content-length', value }, when: ({ method }) => method === 'HEAD' });
    const { size, md5 } = bodyOf(text);
    expect(await store.head(name)).toMatchObject({ size, md5 });
    expect(await prove(store, name, { size, md5 })).toMatchObject({ size, md5 });
    await expect(prove(store, name, { size: size + 1, md5 })).rejects.toMatchObject({ code: 'INTEGRITY' });
    await expect(store.head(`no-${name}`)).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
  });
});

test('a HEAD that tells a length costs one request', async () => {
  await store.put('told', bodyOf('told'));
  await store.put('empty', bodyOf(''));
  proxy.forget();
  await store.head('told');
  await store.head('empty');
  expect(proxy.seen.map(({ method }) => method)).toEqual(['HEAD', 'HEAD']);
});
