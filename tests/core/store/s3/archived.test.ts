import type { ObjectFacts } from '../../../../server/src/core/store/object-store';
import type { S3ObjectStore } from '../../../../server/src/core/store/s3/store';
import { s3Error } from '../../../support/canned-answers';
import { type FaultProxy, startFaultProxy } from '../../../support/fault-proxy';
import { testS3Store } from '../../../support/s3-store';

let proxy: FaultProxy;
let store: S3ObjectStore;
let destroy: () => void;

beforeAll(async () => {
  proxy = await startFaultProxy('http://127.0.0.1:9'); // nothing of these tests reaches a server
  ({ store, destroy } = testS3Store({ endpoint: proxy.endpoint, bucket: 'bucket' }));
});
afterEach(() => proxy.heal());
afterAll(async () => {
  destroy();
  await proxy.close();
});

const TAG = '"0123456789abcdef0123456789abcdef"';
const ENDS = 'expiry-date="Fri, 21 Dec 2029 00:00:00 GMT"';

test.each([
  [true, 'Glacier', { 'x-amz-storage-class': 'GLACIER' }],
  [true, 'Glacier Deep Archive', { 'x-amz-storage-class': 'DEEP_ARCHIVE' }],
  [true, 'Glacier, being restored', { 'x-amz-storage-class': 'GLACIER', 'x-amz-restore': 'ongoing-request="true"' }],
  [true, 'Glacier, restored for a while', { 'x-amz-storage-class': 'GLACIER', 'x-amz-restore': `ongoing-request="false", ${ENDS}` }],
  [true, 'an archive of another name, restored for a while', { 'x-amz-restore': `ongoing-request="false", ${ENDS}` }],
  [true, 'an archive tier', { 'x-amz-storage-class': 'INTELLIGENT_TIERING', 'x-amz-archive-status': 'ARCHIVE_ACCESS' }],
  [true, 'the deep archive tier', { 'x-amz-storage-class': 'INTELLIGENT_TIERING', 'x-amz-archive-status': 'DEEP_ARCHIVE_ACCESS' }],
  [undefined, 'Glacier Instant Retrieval', { 'x-amz-storage-class': 'GLACIER_IR' }],
  [undefined, 'a tier that can be read', { 'x-amz-storage-class': 'INTELLIGENT_TIERING' }],
  [undefined, 'a tier to which the object came back for good', { 'x-amz-storage-class': 'INTELLIGENT_TIERING', 'x-amz-restore': 'ongoing-request="false"' }],
  [undefined, 'a cheap class', { 'x-amz-storage-class': 'STANDARD_IA' }],
  [undefined, 'a class that somebody named', { 'x-amz-storage-class': 'MYTIER' }],
  [undefined, 'no class', {}],
])('a HEAD answers archived: %s for an object in %s', async (archived, _what, headers) => {
  proxy.on({ fault: { kind: 'answer', answer: { status: 200, headers: { 'content-length': '5', etag: TAG, ...headers } } } });
  expect((await store.head('name')).archived).toBe(archived);
});

test('a GET answers archived: true for an object that can be read for a while', async () => {
  const headers = { etag: TAG, 'x-amz-storage-class': 'GLACIER', 'x-amz-restore': `ongoing-request="false", ${ENDS}` };
  proxy.on({ fault: { kind: 'answer', answer: { status: 200, headers, body: 'bytes' } } });
  const { facts, body } = await store.get('name');
  body.destroy();
  expect(facts).toEqual<ObjectFacts>({ size: 5, etag: TAG.slice(1, -1), md5: TAG.slice(1, -1), archived: true });
});

test('a GET of an archived object that cannot be read fails with OBJECT_ARCHIVED and a hint about lifecycle rules', async () => {
  proxy.on({ fault: { kind: 'answer', answer: s3Error(403, 'InvalidObjectState') } });
  await expect(store.get('name')).rejects.toMatchObject({ code: 'OBJECT_ARCHIVED', status: 403, refused: true, hint: expect.stringMatching(/lifecycle/) as string });
});

test('a listing tells which of its objects may be archived', async () => {
  const classes = ['STANDARD', 'GLACIER', 'DEEP_ARCHIVE', 'GLACIER_IR', 'INTELLIGENT_TIERING'];
  const contents = classes.map((name) => `<Contents><Key>${name}</Key><Size>1</Size><StorageClass>${name}</StorageClass></Contents>`).join('');
  const body = `<?xml version="1.0"?><ListBucketResult><Name>bucket</Name><IsTruncated>false</IsTruncated>${contents}</ListBucketResult>`;
  proxy.on({ fault: { kind: 'answer', answer: { status: 200, headers: { 'content-type': 'application/xml' }, body } } });
  const { objects } = await store.list('', { limit: 10 });
  expect(objects.filter(({ mayBeArchived }) => mayBeArchived).map(({ name }) => name)).toEqual(['GLACIER', 'DEEP_ARCHIVE', 'INTELLIGENT_TIERING']);
});
