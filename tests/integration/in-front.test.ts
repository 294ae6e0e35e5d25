import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { runInNewContext } from 'node:vm';

import { DEFAULT_VISITOR_CACHE } from '../../server/src/contracts/settings';
import type { TestAnswer } from '../../server/src/contracts/api';
import { adminClient, keysOf, type UploadedFile } from '../support/admin-client';
import { ask, CADDY, documented, NGINX, startCaddy, startNginx, theOnly, type Asked, type Front } from '../support/fronts';
import { sha256, textFile, type TestFile } from '../support/images';
import { sleep } from '../support/process';
import { openStage, type Stage } from '../support/stage';
import { passingTo, startWebServer, type WebServer } from '../support/web-server';

/** The time in milliseconds after which nginx surely compares a stored file. The page says two seconds. */
const COMPARED_AFTER_MS = 2_100;

let stage: Stage;
/** The project's public address. It leads to the front under test. */
let door: WebServer;
let front: Front;
/** Files that lay on the disk before S3 was set up, and are in both places now. */
let before: Record<'replaced' | 'other', UploadedFile>;

const bin = (name: string, size: number): TestFile => ({ name, type: 'application/octet-stream', bytes: randomBytes(size) });
const get = (url: string, headers?: Record<string, string>) => ask(front.url + url, headers);
const throughFront = () => adminClient(front.url, () => stage.strapi.adminToken);
const onDisk = (file: UploadedFile) => readFile(path.join(stage.strapi.uploadsDir, file.hash + file.ext), 'utf8').catch(() => null);
const publicStep = async () => (await stage.strapi.api<TestAnswer>('POST', '/s3-storage/settings/test', {})).body.steps.find(({ name }) => name === 'public');

async function s3Answers() {
  await stage.eventually('the breaker closes', async () => {
    const { body } = await stage.strapi.api<{ breaker: { state: string } }>('GET', '/s3-storage/status');
    return body.breaker.state === 'closed';
  }, 60_000);
}

beforeAll(async () => {
  const pass = passingTo(() => front.url);
  door = await startWebServer(pass);
  stage = await openStage({ env: { S3_STORAGE_PUBLIC_URL: door.url } });
  const [replaced, other] = (await stage.strapi.upload([textFile('replaced.txt', 'old'), textFile('other.txt', 'old')])) as [UploadedFile, UploadedFile];
  before = { replaced, other };
  await stage.configure();
  await stage.strapi.api('POST', '/s3-storage/jobs/upload/start', {});
  await stage.eventually('phase 1 is complete', async () => (await Promise.all([replaced, other].map(({ hash, ext }) => stage.stored(hash + ext)))).every(Boolean), 60_000);
}, 300_000);

afterAll(async () => {
  await stage?.close();
  await door?.close();
}, 60_000);

/** Registers the tests that every configuration of the page has to pass. */
function servesFiles(replacing: 'at once' | 'soon') {
  let file: UploadedFile;
  let bytes: Buffer;

  test('an upload of some megabytes passes, and its bytes come back from S3', async () => {
    const sent = bin('large.bin', 5_000_000);
    [file] = (await throughFront().upload(sent)) as [UploadedFile];
    ({ bytes } = sent);
    const keys = await readdir(stage.strapi.uploadsDir);
    expect(keys.filter((key) => keysOf(file).includes(key))).toEqual([]);
    const answer = await get(file.url);
    expect(answer.status).toBe(200);
    expect(sha256(answer.bytes)).toBe(sha256(bytes));
    expect(answer.headers).toMatchObject({ 'content-length': '5000000', 'cache-control': DEFAULT_VISITOR_CACHE, etag: expect.stringMatching(/^"[0-9a-f]{32}"$/) });
  }, 60_000);

  test('HEAD, ranges, conditions and downloads are answered as by Strapi', async () => {
    const head = await ask(front.url + file.url, {}, 'HEAD');
    expect(head).toMatchObject({ status: 200, headers: { 'content-length': '5000000' } });
    const part = await get(file.url, { range: 'bytes=1000-1999' });
    expect(part).toMatchObject({ status: 206, headers: { 'content-range': 'bytes 1000-1999/5000000' } });
    expect(part.bytes.equals(bytes.subarray(1000, 2000))).toBe(true);
    expect((await get(file.url, { range: 'bytes=5000000-' })).status).toBe(416);
    expect(await get(file.url, { 'if-none-match': head.headers.etag! })).toMatchObject({ status: 304, bytes: Buffer.alloc(0) });
    expect((await get(file.url, { 'if-none-match': '"another"' })).status).toBe(200);
    for (const query of ['?download', '?v=1&download=1']) {
      expect(await get(file.url + query)).toMatchObject({ status: 200, headers: { 'content-disposition': 'attachment; filename="large.bin"', 'cache-control': 'no-store' } });
    }
  });

  test('an unknown file answers 404, and so does the plugin’s own folder', async () => {
    expect((await get('/uploads/unknown.png')).status).toBe(404);
    expect(await readFile(path.join(stage.strapi.uploadsDir, '.s3-storage/volume'), 'utf8')).not.toBe('');
    for (const spelling of ['.s3-storage', '%2es3-storage', 'x/../.s3-storage', '.S3-Storage']) expect((await get(`/uploads/${spelling}/volume`)).status).toBe(404);
  });

  test('a page of an editor is sandboxed', async () => {
    const [page] = (await stage.strapi.upload({ name: 'page.html', type: 'text/html', bytes: Buffer.from('<script>1</script>') })) as [UploadedFile];
    expect((await get(page.url)).headers['content-security-policy']).toContain('sandbox');
  });

  test(`a replaced file shows its new bytes ${replacing}, although the former ones still lie on the disk`, async () => {
    const { replaced } = before;
    await get(replaced.url);
    const text = `new in ${front.url}`;
    await stage.strapi.replace(replaced.id, textFile('replaced.txt', text));
    expect(await onDisk(replaced)).toBe('old');
    if (replacing === 'soon') await sleep(COMPARED_AFTER_MS);
    expect((await get(replaced.url)).bytes.toString()).toBe(text);
  }, 30_000);

  test('the connection test is content', async () => {
    expect(await publicStep()).toMatchObject({ ok: true, code: null });
  }, 30_000);
}

const withNginx = NGINX ? describe : describe.skip;
const withCaddy = CADDY ? describe : describe.skip;

withNginx('nginx (needs the program nginx)', () => {
  beforeAll(async () => {
    front = await startNginx(await theOnly('nginx', 'nginx'), stage.strapi.url);
  });
  afterAll(() => front?.stop());

  servesFiles('at once');

  test('while S3 is away, a file that is only there answers 503', async () => {
    const [file] = (await stage.strapi.upload(textFile('away.txt', 'away'))) as [UploadedFile];
    await stage.proxy.refuse();
    expect(await get(file.url)).toMatchObject({ status: 503, headers: { 'retry-after': expect.any(String) } });
    await stage.proxy.accept();
    await s3Answers();
    expect((await get(file.url)).status).toBe(200);
  }, 90_000);
});

withCaddy('Caddy (needs the program caddy)', () => {
  beforeAll(async () => {
    front = await startCaddy(await theOnly('Caddy', 'caddyfile'), stage.strapi.url);
  });
  afterAll(() => front?.stop());

  servesFiles('at once');
});

withNginx('nginx that serves the folder itself, against which the page warns (needs the program nginx)', () => {
  const open = 'location ^~ /uploads/ {';
  const start = async (lines: string) => {
    const safe = await theOnly('nginx', 'nginx');
    expect(safe).toContain(open);
    front = await startNginx(safe.replace(open, lines), stage.strapi.url);
  };

  afterEach(() => front?.stop());

  test('with alias, a file that is only in S3 is missing, and the connection test says why', async () => {
    const [file] = (await stage.strapi.upload(textFile('remote.txt', 'remote'))) as [UploadedFile];
    await start(`location ^~ /uploads/ {\n alias ${stage.strapi.uploadsDir}/;\n}\nlocation @unused {`);
    expect((await get(file.url)).status).toBe(404);
    expect(await publicStep()).toMatchObject({ ok: false, code: 'UPLOADS_NOT_REACHED' });
  }, 30_000);

  test('with try_files, a replaced file shows its former bytes, the plugin’s own folder is open, and the connection test says so', async () => {
    const { other } = before;
    await start(`location ^~ /uploads/ {\n root ${path.dirname(stage.strapi.uploadsDir)};\n try_files $uri @strapi;\n}\nlocation @strapi {`);
    await stage.strapi.replace(other.id, textFile('other.txt', 'new'));
    expect((await stage.strapi.read(other.url)).bytes.toString()).toBe('new');
    expect((await get(other.url)).bytes.toString()).toBe('old');
    expect((await get('/uploads/.s3-storage/volume')).status).toBe(200);
    expect(await publicStep()).toMatchObject({ ok: false, code: 'OWN_FOLDER_EXPOSED' });
  }, 30_000);
});

// this suite is the last one, because it stops Strapi
withNginx('nginx with a cache (needs the program nginx)', () => {
  beforeAll(async () => {
    front = await startNginx(await theOnly('nginx with a cache', 'nginx'), stage.strapi.url);
  });
  afterAll(() => front?.stop());

  const cacheStatus = ({ headers }: Asked) => headers['x-cache-status'];
  const gets = () => stage.proxy.count('GET');
  const upload = async (text: string) => ((await stage.strapi.upload(textFile('cached.txt', text))) as [UploadedFile])[0];

  servesFiles('soon');

  test('the second request comes from the cache, and a later one is compared without a request to S3', async () => {
    const file = await upload('cached');
    expect(cacheStatus(await get(file.url))).toBe('MISS');
    stage.proxy.forget();
    expect(await get(file.url)).toMatchObject({ status: 200, bytes: Buffer.from('cached'), headers: { 'x-cache-status': 'HIT', 'cache-control': DEFAULT_VISITOR_CACHE } });
    await sleep(COMPARED_AFTER_MS);
    expect(await get(file.url)).toMatchObject({ status: 200, bytes: Buffer.from('cached'), headers: { 'x-cache-status': 'REVALIDATED' } });
    expect(gets()).toBe(0);
  });

  test('ranges, downloads and requests with credentials go past the cache', async () => {
    const file = await upload('0123456789');
    await get(file.url);
    for (const [query, headers] of [['', { range: 'bytes=2-4' }], ['?download', {}], ['', { authorization: 'Bearer none' }]] as const) {
      expect(cacheStatus(await get(file.url + query, { ...headers }))).toBeUndefined();
    }
    expect((await get(file.url, { range: 'bytes=2-4' })).bytes.toString()).toBe('234');
  });

  test('an answer that nobody may store is not stored', async () => {
    const asked = door.asked.length;
    await publicStep();
    const mark = door.asked.slice(asked).find((url) => url.includes('s3-storage-mark'))!;
    for (const _time of [1, 2]) expect(await get(mark)).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store', 'x-cache-status': 'MISS' } });
  });

  test('many first visitors share one request', async () => {
    const file = await upload('shared');
    stage.proxy.forget();
    const answers = await Promise.all(Array.from({ length: 12 }, () => get(file.url)));
    expect(answers.map(({ status, bytes }) => [status, bytes.toString()])).toEqual(Array.from({ length: 12 }, () => [200, 'shared']));
    expect(gets()).toBe(1);
  });

  test('an outage of S3: what was visited stays, what was not answers 503 and is not stored, and a replacement shows', async () => {
    const [visited, unvisited] = [await upload('visited'), await upload('unvisited')];
    await get(visited.url);
    await stage.proxy.refuse();
    await sleep(COMPARED_AFTER_MS);
    expect(await get(visited.url)).toMatchObject({ status: 200, bytes: Buffer.from('visited'), headers: { 'x-cache-status': 'REVALIDATED' } });
    expect((await get(unvisited.url)).status).toBe(503);
    await stage.strapi.replace(visited.id, textFile('cached.txt', 'replaced'));
    await sleep(COMPARED_AFTER_MS);
    expect((await get(visited.url)).bytes.toString()).toBe('replaced');
    await stage.proxy.accept();
    await s3Answers();
    expect(await get(unvisited.url)).toMatchObject({ status: 200, bytes: Buffer.from('unvisited') });
  }, 120_000);

  test('while Strapi is away, visitors get what is in the cache, and a deleted file is not back', async () => {
    const [kept, deleted] = [await upload('kept'), await upload('deleted')];
    for (const { url } of [kept, deleted]) expect((await get(url)).status).toBe(200);
    await stage.strapi.remove(deleted.id);
    await sleep(COMPARED_AFTER_MS);
    expect((await get(deleted.url)).status).toBe(404);
    await stage.strapi.stop();
    await sleep(COMPARED_AFTER_MS);
    expect(await get(kept.url)).toMatchObject({ status: 200, bytes: Buffer.from('kept'), headers: { 'x-cache-status': 'STALE' } });
    expect((await get(deleted.url)).status).toBe(404);
    expect((await get('/uploads/never-asked.txt')).status).toBe(502);
  }, 60_000);
});

test('the other blocks of the page can be read by the programs they are for', async () => {
  const modules = [...(await documented('Strapi itself', 'js')), ...(await documented('Next.js', 'js'))].map((code) => {
    const module: { exports: unknown } = { exports: undefined };
    runInNewContext(code, { module });
    return module.exports;
  });
  const [config, next] = modules as [(helpers: unknown) => unknown, unknown];
  const env = Object.assign((_name: string, fallback: string) => fallback, { int: (_name: string, fallback: number) => fallback, array: () => [] });
  expect(config({ env })).toMatchObject({ port: 1337, url: 'https://cms.example.com', proxy: { koa: true } });
  expect(next).toMatchObject({ images: { remotePatterns: [{ pathname: '/uploads/**' }], minimumCacheTTL: 60 } });
  expect(JSON.parse(await theOnly('Cloudflare', 'json'))).toMatchObject({ rules: [{ action: 'set_cache_settings' }] });
});
