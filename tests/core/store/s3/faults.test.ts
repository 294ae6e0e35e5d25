import { Readable } from 'node:stream';
import { systemClock } from '../../../../server/src/core/clock';
import { StorageError } from '../../../../server/src/core/errors';
import { HeldBody } from '../../../../server/src/core/store/held-body';
import type { S3ObjectStore } from '../../../../server/src/core/store/s3/store';
import { bodyOf, bytesOf, failingBody, hangingBody, someBytes } from '../../../support/bodies';
import { type FaultProxy, s3Error, startFaultProxy } from '../../../support/fault-proxy';
import { startS3, type S3Server } from '../../../support/s3';
import { testS3Store } from '../../../support/s3-store';

const MIB = 1024 * 1024;
let server: S3Server;
let proxy: FaultProxy;
let store: S3ObjectStore;
let inParts: S3ObjectStore;
const letGo: (() => void)[] = [];
let names = 0;
const aName = () => `faults-${(names += 1)}`;

beforeAll(async () => {
  server = await startS3();
  const { region, accessKeyId, secretAccessKey } = server;
  proxy = await startFaultProxy(server.endpoint);
  const common = { endpoint: proxy.endpoint, bucket: await server.createBucket(), region, credentials: { accessKeyId, secretAccessKey }, timeoutMs: 1_000 };
  const plain = testS3Store(common);
  const parts = testS3Store({ ...common, multipartAbove: 0 });
  store = plain.store;
  inParts = parts.store;
  letGo.push(plain.destroy, parts.destroy);
}, 120_000);
beforeEach(() => {
  proxy.heal();
  proxy.forget();
});
afterAll(async () => {
  for (const destroy of letGo) destroy();
  await proxy.close();
  await server.stop();
}, 60_000);

const failure = (work: Promise<unknown>): Promise<StorageError> =>
  work.then(
    () => Promise.reject(new Error('it resolved')),
    (error: unknown) => (error instanceof StorageError ? error : Promise.reject(error as Error)),
  );

describe('one PUT', () => {
  test('carries Content-MD5 and the length, and no header that some provider refuses', async () => {
    const facts = await store.put(aName(), bodyOf('bytes'), { contentType: 'text/plain', cacheControl: 'max-age=1' });
    expect(facts.md5).toBe('4b3a6218bb3e3a7303e8a171a60fcf92');
    const headers = proxy.seen[0]!.headers;
    expect(headers).toMatchObject({ 'content-md5': 'SzpiGLs+OnMD6KFxpg/Pkg==', 'content-length': '5', 'content-type': 'text/plain', 'cache-control': 'max-age=1' });
    const refusedSomewhere = /^(x-amz-(checksum|sdk-checksum|trailer|acl|decoded|tagging|server-side|storage)|content-encoding|transfer-encoding|expect|if-)/;
    expect(Object.keys(headers).filter((header) => refusedSomewhere.test(header))).toEqual([]);
  });
  test('is not reported as refused when S3 has taken the bytes and refuses only the HEAD after them', async () => {
    const tagless = { status: 200, headers: { 'x-amz-request-id': '1' } };
    proxy.on({ fault: { kind: 'answer', answer: tagless }, when: ({ method }) => method === 'PUT' });
    proxy.on({ fault: { kind: 'answer', answer: { status: 503, headers: { 'x-amz-request-id': '1' } } }, when: ({ method }) => method === 'HEAD' });
    expect(await failure(store.put(aName(), bodyOf('bytes')))).toMatchObject({ operation: 'put', status: 503, refused: false });
  });
  test('does not pass for proven when a byte changes on the way', async () => {
    proxy.on({ fault: { kind: 'corrupt', what: 'request', atByte: 70_000 } });
    const name = aName();
    // the embedded server checks no Content-MD5, but its tag then proves nothing
    const outcome = await store.put(name, bodyOf(someBytes(200_000))).catch((error: unknown) => error);
    if (outcome instanceof StorageError) expect(outcome).toMatchObject({ code: 'INTEGRITY', refused: true });
    else expect(outcome).toMatchObject({ md5: null });
  });
  test('is reported as refused when it breaks before the last byte, because S3 cannot have the object', async () => {
    proxy.on({ fault: { kind: 'reset', afterBytes: 100_000 } });
    expect(await failure(store.put(aName(), bodyOf(someBytes(20 * MIB))))).toMatchObject({ code: 'UNREACHABLE', refused: true });
  });
  test('is not reported as refused when it breaks after the last byte, because the object may be there', async () => {
    proxy.on({ fault: { kind: 'reset-after' }, times: 1 });
    const name = aName();
    expect(await failure(store.put(name, bodyOf('late')))).toMatchObject({ code: 'UNREACHABLE', refused: false });
    expect((await store.head(name)).size).toBe(4);
  });
  test('is not reported as refused when it is given up, because the object may arrive later', async () => {
    proxy.on({ fault: { kind: 'apply-late', ms: 1_500 }, times: 1 });
    const name = aName();
    expect(await failure(store.put(name, bodyOf('late')))).toMatchObject({ code: 'TIMEOUT', refused: false });
    await proxy.settled();
    expect((await store.head(name)).size).toBe(4);
  });
  test('ends with TIMEOUT when S3 takes no more bytes of the body', async () => {
    proxy.on({ fault: { kind: 'deaf' } });
    expect(await failure(store.put(aName(), bodyOf(someBytes(30 * MIB))))).toMatchObject({ code: 'TIMEOUT', refused: true });
  });
  test('ends with BODY_FAILED when the body gives no more bytes', async () => {
    const body = hangingBody(someBytes(200_000), 100_000);
    expect(await failure(store.put(aName(), body))).toMatchObject({ code: 'BODY_FAILED', refused: true });
    expect(body.destroyed).toBe(true);
  });
  test('is not given up while a slow body moves, not even after the time limit', async () => {
    const bytes = someBytes(40_000);
    const slow = {
      ...bodyOf(bytes),
      open: () =>
        Readable.from(
          (async function* () {
            for (let at = 0; at < bytes.length; at += 10_000) {
              await systemClock.sleep(600);
              yield bytes.subarray(at, at + 10_000);
            }
          })(),
          { objectMode: false },
        ),
    };
    await store.put(aName(), slow); // the PUT takes 2.4 s in all, with a limit of 1 s
  });
  test('ends with S3’s refusal although that comes before a large body has been sent', async () => {
    proxy.on({ fault: { kind: 'answer', answer: s3Error(403, 'AccessDenied'), early: true } });
    expect(await failure(store.put(aName(), bodyOf(someBytes(20 * MIB))))).toMatchObject({ code: 'ACCESS_DENIED', refused: true });
  });
});

describe('one PUT of a small body that is held in memory', () => {
  const held = (bytes: Buffer | string) => HeldBody.of(Buffer.from(bytes));
  test('carries Content-MD5, the length and If-None-Match, and no header that some provider refuses', async () => {
    const facts = await store.put(aName(), held('bytes'), { contentType: 'text/plain', onlyIfAbsent: true });
    expect(facts.md5).toBe('4b3a6218bb3e3a7303e8a171a60fcf92');
    const { headers } = proxy.seen[0]!;
    expect(headers).toMatchObject({ 'content-md5': 'SzpiGLs+OnMD6KFxpg/Pkg==', 'content-length': '5', 'content-type': 'text/plain', 'if-none-match': '*' });
    expect(Object.keys(headers).filter((header) => /^(x-amz-(checksum|sdk-checksum|trailer|decoded)|content-encoding|transfer-encoding|expect)/.test(header))).toEqual([]);
  });
  test('does not pass for proven when a byte changes on the way', async () => {
    proxy.on({ fault: { kind: 'corrupt', what: 'request', atByte: 70_000 } });
    const outcome = await store.put(aName(), held(someBytes(200_000))).catch((error: unknown) => error);
    if (outcome instanceof StorageError) expect(outcome).toMatchObject({ code: 'INTEGRITY', refused: true });
    else expect(outcome).toMatchObject({ md5: null });
  });
  test('is not reported as refused when it breaks after the last byte or is given up', async () => {
    proxy.on({ fault: { kind: 'reset-after' }, times: 1 });
    const name = aName();
    expect(await failure(store.put(name, held('late')))).toMatchObject({ code: 'UNREACHABLE', refused: false });
    expect((await store.head(name)).size).toBe(4);
    proxy.on({ fault: { kind: 'apply-late', ms: 1_500 }, times: 1 });
    expect(await failure(store.put(aName(), held('late')))).toMatchObject({ code: 'TIMEOUT', refused: false });
    await proxy.settled();
  });
  test('is reported as refused when S3 refuses it, and when nobody listens at the endpoint', async () => {
    proxy.on({ fault: { kind: 'answer', answer: s3Error(403, 'AccessDenied') }, times: 1 });
    expect(await failure(store.put(aName(), held('bytes')))).toMatchObject({ code: 'ACCESS_DENIED', refused: true });
    const nobody = testS3Store({ endpoint: 'http://127.0.0.1:9', bucket: 'b', region: server.region, credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, timeoutMs: 1_000 });
    expect(await failure(nobody.store.put(aName(), held('bytes')))).toMatchObject({ code: 'UNREACHABLE', refused: true });
    nobody.destroy();
  });
});

describe('an upload in parts', () => {
  const size = 17 * MIB + 3;
  const bytes = someBytes(size);
  const isStart = ({ method, path }: { method: string; path: string }) => method === 'POST' && path.includes('uploads');
  const isPart = (number: number) => ({ method, path }: { method: string; path: string }) => method === 'PUT' && path.includes(`partNumber=${number}&`);
  const isEnd = ({ method, path }: { method: string; path: string }) => method === 'POST' && path.includes('uploadId=');

  test('sends parts of 8 MiB, each with its Content-MD5, and the same bytes come back', async () => {
    const name = aName();
    const facts = await inParts.put(name, bodyOf(bytes));
    const parts = proxy.seen.filter(({ path }) => path.includes('partNumber='));
    expect(parts.map(({ headers }) => Number(headers['content-length'])).sort((a, b) => b - a)).toEqual([8 * MIB, 8 * MIB, MIB + 3]);
    for (const { headers } of parts) expect(headers['content-md5']).toMatch(/==$/);
    expect(facts.size).toBe(size);
    if (server.kind !== 'embedded') expect(facts.md5).toBe(bodyOf(bytes).md5);
    expect((await bytesOf((await inParts.get(name)).body)).equals(bytes)).toBe(true);
  });
  test('looks the object up with one HEAD when the answer to its end has an empty tag', async () => {
    const name = aName();
    const xml = '<?xml version="1.0"?><CompleteMultipartUploadResult><ETag></ETag></CompleteMultipartUploadResult>';
    await store.put(name, bodyOf(bytes)); // this is the object that the end would have made
    proxy.forget();
    proxy.on({ fault: { kind: 'answer', answer: { status: 200, headers: { 'content-type': 'application/xml' }, body: xml } }, when: isEnd });
    const facts = await inParts.put(name, bodyOf(bytes));
    expect(proxy.count('HEAD')).toBe(1);
    expect(facts).toMatchObject({ size, md5: null }); // a single PUT's tag does not prove an upload in parts
  });
  test.each([
    ['its start fails', { kind: 'answer', answer: s3Error(500, 'InternalError') }, isStart, 'SERVER_ERROR', 0],
    ['a part is refused', { kind: 'answer', answer: s3Error(403, 'AccessDenied') }, isPart(2), 'ACCESS_DENIED', 1],
    ['a part breaks', { kind: 'reset' }, isPart(3), 'UNREACHABLE', 1],
    ['a part is never answered', { kind: 'blackhole' }, isPart(1), 'TIMEOUT', 1],
  ] as const)('is reported as refused, and leaves no object and no parts, when %s', async (_what, fault, when, code, aborts) => {
    const name = aName();
    proxy.on({ fault, when });
    expect(await failure(inParts.put(name, bodyOf(bytes)))).toMatchObject({ code, refused: true });
    expect(proxy.count('DELETE', 'uploadId=')).toBe(aborts);
    expect(proxy.seen.filter(isEnd)).toHaveLength(0);
    expect(await failure(store.head(name))).toMatchObject({ code: 'OBJECT_NOT_FOUND' });
  });
  test('is aborted with BODY_FAILED when its body fails half-way', async () => {
    expect(await failure(inParts.put(aName(), failingBody(bytes, 9 * MIB)))).toMatchObject({ code: 'BODY_FAILED', refused: true });
    expect(proxy.count('DELETE', 'uploadId=')).toBe(1);
  });
  test('is not reported as refused when the answer to its end is lost', async () => {
    proxy.on({ fault: { kind: 'reset-after' }, when: isEnd });
    expect(await failure(inParts.put(aName(), bodyOf(bytes)))).toMatchObject({ code: 'UNREACHABLE', refused: false });
  });
  test('fails when the answer to its end is an error inside a 200', async () => {
    const inside = { ...s3Error(200, 'InternalError') };
    proxy.on({ fault: { kind: 'answer', answer: inside }, when: isEnd });
    expect(await failure(inParts.put(aName(), bodyOf(bytes)))).toMatchObject({ code: 'SERVER_ERROR', refused: false });
  });
  test('ends the parts under way and removes them when its caller aborts it', async () => {
    const aborting = new AbortController();
    proxy.on({ fault: { kind: 'blackhole' }, when: isPart(2) });
    const put = failure(inParts.put(aName(), bodyOf(bytes), { signal: aborting.signal }));
    while (!proxy.seen.some(isPart(2))) await systemClock.sleep(10);
    aborting.abort();
    expect(await put).toMatchObject({ code: 'ABORTED', refused: true });
    expect(proxy.count('DELETE', 'uploadId=')).toBe(1);
  });
});

describe('reading an object', () => {
  const bytes = someBytes(3 * MIB);
  let name: string;
  beforeAll(async () => {
    name = aName();
    await store.put(name, bodyOf(bytes));
  });

  test('fails with TIMEOUT when the body pauses for too long', async () => {
    proxy.on({ fault: { kind: 'stall', afterBytes: 100_000 } });
    const { body } = await store.get(name);
    expect(await failure(bytesOf(body))).toMatchObject({ code: 'TIMEOUT', operation: 'get', subject: name });
  });
  test('fails with UNREACHABLE when the body breaks off', async () => {
    proxy.on({ fault: { kind: 'truncate', afterBytes: 100_000 } });
    const { body } = await store.get(name);
    expect(await failure(bytesOf(body))).toMatchObject({ code: 'UNREACHABLE' });
  });
  test('does not fail when the reader itself is slow', async () => {
    const { body } = await store.get(name);
    let read = 0;
    for await (const chunk of body) {
      if (read === 0) await systemClock.sleep(1_700);
      read += (chunk as Buffer).length;
    }
    expect(read).toBe(bytes.length);
  });
  test('fails with UNSUPPORTED when the server ignores the range', async () => {
    const answer = { status: 200, headers: { etag: '"0123456789abcdef0123456789abcdef"' }, body: 'all of it' };
    proxy.on({ fault: { kind: 'answer', answer } });
    expect(await failure(store.get(name, { range: { start: 1, end: 3 } }))).toMatchObject({ code: 'UNSUPPORTED' });
  });
  test('gives the connection back when the body is destroyed early', async () => {
    const before = proxy.connections();
    for (let time = 0; time < 100; time += 1) (await store.get(name)).body.destroy();
    for (let waited = 0; proxy.connections() > before + 2 && waited < 2_000; waited += 20) await systemClock.sleep(20);
    expect(proxy.connections()).toBeLessThanOrEqual(before + 2);
  });
});
