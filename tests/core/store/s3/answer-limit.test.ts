import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { S3ObjectStore } from '../../../../server/src/core/store/s3/store';
import { bodyOf, bytesOf, someBytes } from '../../../support/bodies';
import { testS3Store } from '../../../support/s3-store';

const MIB = 1024 * 1024;
const PIECE = Buffer.alloc(64 * 1024, '<a>endless</a>');

let server: Server;
let store: S3ObjectStore;
let inParts: S3ObjectStore;
let destroys: (() => void)[];
let answer: (response: ServerResponse, method: string, url: string) => void;
let sent: number;

beforeAll(async () => {
  server = createServer((request, response) => {
    response.on('error', () => undefined);
    request.resume().on('end', () => answer(response, request.method ?? '', request.url ?? ''));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const options = { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bucket: 'bucket', timeoutMs: 20_000 };
  const [whole, parts] = [testS3Store(options), testS3Store({ ...options, multipartAbove: 0 })];
  [store, inParts, destroys] = [whole.store, parts.store, [whole.destroy, parts.destroy]];
});
beforeEach(() => (sent = 0));
afterAll(() => {
  for (const destroy of destroys) destroy();
  server.closeAllConnections();
  server.close();
});

/** An answer that goes on for as long as somebody reads it. */
function endless(status: number) {
  return (response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/xml', etag: '"a"' });
    response.write('<?xml version="1.0"?><ListBucketResult><Name>bucket</Name>');
    const more = () => {
      while (!response.destroyed) {
        sent += PIECE.length;
        if (!response.write(PIECE)) return void response.once('drain', more);
      }
    };
    more();
  };
}

test.each([
  ['a listing', 200, () => store.list('', { limit: 1 })],
  ['the answer to a PUT', 200, () => store.put('a', bodyOf('bytes'))],
  ['the answer to a DELETE', 204 + 1, () => store.delete('a')],
  ['the start of an upload in parts', 200, () => inParts.put('a', bodyOf(someBytes(100)))],
  ['a list of unfinished uploads', 200, () => store.abortWrites('a')],
  ['the error of a listing', 500, () => store.list('', { limit: 1 })],
  ['the error of a GET', 403, () => store.get('a')],
])('%s that does not end is cut off', async (_what, status, request) => {
  answer = endless(status);
  await expect(request()).rejects.toMatchObject({ code: 'NOT_S3', status, detail: expect.stringContaining('more than') as string });
  // bytes in buffers on the way count as sent
  expect(sent).toBeLessThan(64 * MIB);
});

test('an endless answer to the end of an upload in parts is cut off, and the upload is not reported as refused', async () => {
  answer = (response, method, url) => {
    if (method === 'PUT') response.writeHead(200, { etag: '"part"' }).end();
    else if (url.includes('uploads')) response.writeHead(200, { 'content-type': 'application/xml' }).end('<a><UploadId>1</UploadId></a>');
    else if (method === 'POST') endless(200)(response);
    else response.writeHead(204).end();
  };
  await expect(inParts.put('a', bodyOf(someBytes(100)))).rejects.toMatchObject({ code: 'NOT_S3', refused: false });
});

test('an answer that announces more than the limit is refused without being read', async () => {
  answer = (response) => void response.writeHead(200, { 'content-type': 'application/xml', 'content-length': String(100 * MIB) }).write('<a>');
  await expect(store.list('', { limit: 1 })).rejects.toMatchObject({ code: 'NOT_S3' });
});

test('a list of unfinished uploads that always has another page is given up after 100 pages', async () => {
  let pages = 0;
  answer = (response) => {
    const page = `<a><IsTruncated>true</IsTruncated><NextKeyMarker>a</NextKeyMarker><NextUploadIdMarker>${++pages}</NextUploadIdMarker></a>`;
    response.writeHead(200, { 'content-type': 'application/xml' }).end(page);
  };
  await expect(store.abortWrites('a')).rejects.toMatchObject({ code: 'UNSUPPORTED', refused: true });
  expect(pages).toBe(100);
});

test('a HEAD may announce an object of 5 GB', async () => {
  answer = (response) => response.writeHead(200, { 'content-length': String(5_000 * MIB), etag: '"a"' }).end();
  expect(await store.head('a')).toMatchObject({ size: 5_000 * MIB });
});

test('an object of 20 MiB is read whole, because the limit is for other answers only', async () => {
  const bytes = someBytes(20 * MIB);
  answer = (response) => response.writeHead(200, { 'content-length': String(bytes.length), etag: '"a"' }).end(bytes);
  const { body } = await store.get('a');
  expect((await bytesOf(body)).equals(bytes)).toBe(true);
});
