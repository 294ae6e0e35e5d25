import type { UploadedFile } from '../support/admin-client';
import { s3Error } from '../support/fault-proxy';
import { textFile } from '../support/images';
import { openStage, type Stage } from '../support/stage';
import { startWebServer, type WebServer } from '../support/web-server';

let stage: Stage;
/** A CDN: it has every object of the bucket under its name, and asks for no key. */
let cdn: WebServer;

beforeAll(async () => {
  stage = await openStage();
  cdn = await startWebServer(async (req, res) => {
    const bytes = await stage.bucket.get(decodeURIComponent(new URL(req.url ?? '/', 'http://any').pathname).replace('/files/', '')).catch(() => null);
    if (bytes) res.writeHead(200, { 'content-length': bytes.length }).end(bytes);
    else res.writeHead(404).end();
  });
  await stage.configure();
}, 300_000);
afterAll(async () => {
  await stage?.close();
  await cdn?.close();
}, 60_000);
afterEach(() => stage.proxy.heal());

const ask = (url: string, headers: Record<string, string> = {}, method = 'GET') => fetch(stage.strapi.url + url, { headers, method, redirect: 'manual' });
const uploaded = async (name: string, text: string) => (await stage.strapi.upload(textFile(name, text)))[0] as UploadedFile;
const location = async (url: string) => (await ask(url)).headers.get('location') ?? '';
const textAt = async (url: string, headers: Record<string, string> = {}) => (await fetch(url, { headers })).text();

test('a signed URL leads to the bytes in S3, stays the same, and changes with the bytes', async () => {
  const file = await uploaded('film.txt', 'first bytes');
  await stage.configure({ delivery: 'redirect' });
  const first = await location(file.url);
  expect(new URL(first).origin).toBe(stage.proxy.endpoint);
  expect(await textAt(first)).toBe('first bytes');
  expect(await textAt(first, { range: 'bytes=6-10' })).toBe('bytes');
  expect((await fetch(first)).headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(await location(file.url)).toBe(first);

  const replaced = await stage.strapi.replace(file.id, textFile('film.txt', 'other bytes'));
  const second = await location(replaced.url);
  expect(second).not.toBe(first);
  expect(await textAt(second)).toBe('other bytes');
  // whoever has kept the former URL still gets the former bytes, and never a mixture
  expect(await textAt(first)).toBe('first bytes');
});

test('a client that follows redirects gets the same bytes in each mode', async () => {
  const file = await uploaded('same.txt', 'the same');
  for (const settings of [{ delivery: 'proxy' }, { delivery: 'redirect' }, { delivery: 'public', cdnUrl: `${cdn.url}/files` }]) {
    await stage.configure(settings);
    expect([settings.delivery, await textAt(stage.strapi.url + file.url)]).toEqual([settings.delivery, 'the same']);
  }
  expect(cdn.asked.some((path) => path.endsWith(`/files/${file.hash}.txt`))).toBe(true);
});

test('browsers are sent to the endpoint for browsers, where the signature is valid', async () => {
  const file = await uploaded('outside.txt', 'reached from outside');
  const outside = stage.proxy.endpoint.replace('127.0.0.1', 'localhost');
  await stage.configure({ delivery: 'redirect', publicEndpoint: outside });
  const url = await location(file.url);
  expect(new URL(url).origin).toBe(outside);
  expect(await textAt(url)).toBe('reached from outside');
  await stage.configure({ publicEndpoint: null });
});

test('a download comes from S3 under the name that the editor gave it', async () => {
  const file = await uploaded('Quarterly report.txt', 'numbers');
  await stage.configure({ delivery: 'redirect' });
  const answer = await fetch(`${stage.strapi.url}${file.url}?download`);
  expect([answer.headers.get('content-disposition'), await answer.text()]).toEqual(['attachment; filename="Quarterly report.txt"', 'numbers']);
});

test('the policy of the panel lets it show what S3 or the CDN sends, at once after a change of the settings', async () => {
  const policy = async () => (await fetch(`${stage.strapi.url}/admin`, { headers: { accept: 'text/html' } })).headers.get('content-security-policy') ?? '';
  await stage.configure({ delivery: 'proxy' });
  expect(await policy()).not.toContain(stage.proxy.endpoint);
  await stage.configure({ delivery: 'redirect' });
  expect(await policy()).toMatch(new RegExp(`img-src [^;]*${stage.proxy.endpoint}`));
  expect(await policy()).toMatch(new RegExp(`media-src [^;]*${stage.proxy.endpoint}`));
  await stage.configure({ delivery: 'public', cdnUrl: `${cdn.url}/files` });
  expect(await policy()).toMatch(new RegExp(`img-src [^;]*${cdn.url}`));
});

test('while S3 is away nobody is sent there: what lies on the disk is served, and all else answers 503', async () => {
  const inS3 = await uploaded('in-s3.txt', 'in S3');
  await stage.configure({ delivery: 'redirect' });
  stage.proxy.on({ fault: { kind: 'answer', answer: s3Error(503, 'ServiceUnavailable') } });
  const onDisk = await uploaded('on-disk.txt', 'on the disk');
  await stage.eventually('the plugin has noticed the outage', async () => (await ask(inS3.url)).status === 503);
  expect((await ask(inS3.url)).headers.get('cache-control')).toBe('no-store');
  const served = await ask(onDisk.url);
  expect([served.status, await served.text()]).toEqual([200, 'on the disk']);
  stage.proxy.heal();
  await stage.eventually('visitors are sent to S3 again', async () => (await ask(inS3.url)).status === 302, 40_000);
});

test('an address that browsers must not follow is refused, and nothing changes', async () => {
  for (const cdnUrl of ['javascript:alert(1)', '//cdn.example.com', 'https://user:password@cdn.example.com', 'https://cdn.example.com/?a=1', 'ftp://cdn.example.com', 'https://cdn.example.com/\r\nX-Injected: 1']) {
    expect((await stage.strapi.api('PUT', '/s3-storage/settings', { cdnUrl })).status).toBe(400);
  }
  const { body } = await stage.strapi.api<{ settings: { cdnUrl: string } }>('GET', '/s3-storage/settings');
  expect(body.settings.cdnUrl).toBe(`${cdn.url}/files`);
});
