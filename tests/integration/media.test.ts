import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { StatusAnswer } from '../../server/src/contracts/api';
import { keysOf, urlsOf, type UploadedFile } from '../support/admin-client';
import { htmlPage, s3Error } from '../support/fault-proxy';
import { image, pdf, textFile } from '../support/images';
import { ledgerRows } from '../support/observe-ledger';
import { openStage, type Stage } from '../support/stage';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
  expect(await stage.configure()).toBe('read-write');
}, 300_000);

afterAll(() => stage?.close(), 60_000);

afterEach(async () => {
  if (process.env['SHOW_LOGS']) process.stderr.write(stage.strapi.logs().slice(-6_000));
  stage.proxy.heal();
  await stage.proxy.accept();
});

const onDisk = async (key: string): Promise<Buffer | null> => readFile(path.join(stage.strapi.uploadsDir, key)).catch(() => null);

/** The local files of the media library, with those in the plugin's own folder. */
const localFiles = async () =>
  (await readdir(stage.strapi.uploadsDir, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !['.gitkeep', 'volume', 'volume.mark'].includes(entry.name))
    .map((entry) => entry.name);

async function s3Answers() {
  await stage.eventually('the breaker closes', async () => {
    const { body } = await stage.strapi.api<{ breaker: { state: string } }>('GET', '/s3-storage/status');
    return body.breaker.state === 'closed';
  }, 60_000);
}

/** Waits until uploads go to S3 again: after a long wait in vain they stay away from it until a trial has passed. */
async function s3TakesUploads() {
  await stage.eventually('an upload goes to S3', async () => {
    const [{ hash, ext }] = (await stage.strapi.upload(textFile('trial.txt', 'trial'))) as [UploadedFile];
    return (await stage.stored(hash + ext)) !== null;
  }, 60_000);
}

describe('with S3 up', () => {
  test('an image with all its formats, a document and a text lie in S3, and not on the disk', async () => {
    const files = [await image('photo.jpg', 'jpeg', 1200, 900), pdf('paper.pdf', 'hello'), textFile('note.txt', 'a note')];
    const uploaded = await stage.strapi.upload(files);
    const keys = uploaded.flatMap(keysOf);
    expect(keys.length).toBeGreaterThanOrEqual(6);
    expect(await stage.bucket.keys()).toEqual(expect.arrayContaining(keys));
    expect(await localFiles()).toEqual([]);
    for (const file of uploaded) {
      for (const url of urlsOf(file)) {
        const answer = await stage.strapi.read(url);
        expect(answer.status).toBe(200);
        expect(answer.bytes.equals(await stage.bucket.get(url.replace('/uploads/', '')))).toBe(true);
      }
    }
    // the image is left out, because Strapi compresses it anew
    const [, paper] = uploaded;
    expect((await stage.strapi.read(paper!.url)).bytes.equals(files[1]!.bytes)).toBe(true);
    expect(uploaded.every((file) => file.provider === 'local' && file.url === `/uploads/${file.hash}${file.ext}`)).toBe(true);
  });

  test('a file is answered with its type, length and ETag, and to ranges, conditions and HEAD', async () => {
    const text = textFile('range.txt', '0123456789');
    const [file] = (await stage.strapi.upload(text)) as [UploadedFile];
    const whole = await stage.strapi.read(file.url);
    expect(whole.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(whole.headers.get('content-length')).toBe('10');
    const etag = whole.headers.get('etag')!;
    expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
    const read = (range: string, extra = {}) => stage.strapi.read(file.url, { range, ...extra });
    expect(await read('bytes=2-4')).toMatchObject({ status: 206, bytes: Buffer.from('234') });
    expect((await read('bytes=2-4')).headers.get('content-range')).toBe('bytes 2-4/10');
    expect(await read('bytes=-3')).toMatchObject({ status: 206, bytes: Buffer.from('789') });
    expect(await read('bytes=8-')).toMatchObject({ status: 206, bytes: Buffer.from('89') });
    expect(await read('bytes=10-')).toMatchObject({ status: 416 });
    expect((await read('bytes=10-')).headers.get('content-range')).toBe('bytes */10');
    expect(await read('bytes=2-4', { 'if-range': '"other"' })).toMatchObject({ status: 200, bytes: text.bytes });
    expect(await read('bytes=2-4', { 'if-range': etag })).toMatchObject({ status: 206 });
    stage.proxy.forget();
    // fetch would not do, because it asks every cache on the way to stay out
    expect(await rawGet(stage.strapi.url, file.url, `If-None-Match: ${etag}\r\n`)).toMatch(/^HTTP\/1.1 304 /);
    expect(stage.proxy.count()).toBe(0);
    const head = await fetch(stage.strapi.url + file.url, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), head.headers.get('etag')]).toEqual([200, '10', etag]);
    // the plugin answers a HEAD as it would answer the GET, so it opens the object
    stage.proxy.on({ when: ({ method }) => method === 'GET', fault: { kind: 'answer', answer: s3Error(403, 'AccessDenied') } });
    expect((await fetch(stage.strapi.url + file.url, { method: 'HEAD' })).status).toBe(503);
    stage.proxy.heal();
  });

  test('a small file is read from S3 once, and is served from memory from then on, also while S3 is away', async () => {
    const [file] = (await stage.strapi.upload(textFile('hot.txt', 'often read'))) as [UploadedFile];
    await stage.configure({ memoryCacheMb: 8 });
    stage.proxy.forget();
    for (let time = 0; time < 5; time++) expect((await stage.strapi.read(file.url)).bytes.toString()).toBe('often read');
    expect((await stage.strapi.api<StatusAnswer>('GET', '/s3-storage/status')).body.node.memory).toEqual({ count: 1, bytes: 10 });
    expect(stage.proxy.seen.filter(({ method }) => method === 'GET')).toHaveLength(1);
    stage.proxy.on({ when: ({ method }) => method === 'GET', fault: { kind: 'answer', answer: s3Error(403, 'AccessDenied') } });
    expect((await stage.strapi.read(file.url)).bytes.toString()).toBe('often read');
    const replaced = await stage.strapi.replace(file.id, textFile('hot.txt', 'replaced'));
    stage.proxy.heal();
    expect((await stage.strapi.read(replaced.url)).bytes.toString()).toBe('replaced');
    await stage.configure({ memoryCacheMb: 0 });
  });

  test('an uploaded page or script runs nothing, and a download has the name that the editor gave the file', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';
    const files = await stage.strapi.upload([
      { name: 'Mein Bild.svg', type: 'image/svg+xml', bytes: Buffer.from(svg) },
      { name: 'page.html', type: 'text/html', bytes: Buffer.from('<script src="script.js"></script>') },
      { name: 'script.js', type: 'text/javascript', bytes: Buffer.from('alert(1)') },
    ]);
    for (const { url } of files) {
      const { headers } = await stage.strapi.read(url);
      expect([url, headers.get('content-security-policy'), headers.get('x-content-type-options')]).toEqual([url, expect.stringMatching(/^sandbox; default-src 'none'/), 'nosniff']);
    }
    expect((await stage.strapi.read(files[2]!.url)).headers.get('content-type')).toBe('text/plain; charset=utf-8');
    const { headers, bytes } = await stage.strapi.read(`${files[0]!.url}?download`);
    expect([headers.get('content-disposition'), headers.get('cache-control'), bytes.toString()]).toEqual(['attachment; filename="Mein Bild.svg"', 'no-store', svg]);
  });

  test('no spelling of a path leads to stale bytes on the disk or to the plugin’s own files', async () => {
    const [file] = (await stage.strapi.upload(textFile('spelling.txt', 'current'))) as [UploadedFile];
    const key = file.hash + file.ext;
    // bytes that are not current lie where Strapi's own static route would find them
    await import('node:fs/promises').then((fs) => fs.writeFile(path.join(stage.strapi.uploadsDir, key), 'stale'));
    const encoded = `%${key.charCodeAt(0).toString(16)}${key.slice(1)}`;
    for (const url of [`/uploads/${key}`, `/uploads/${encoded}`, `/uploads//${key}`, `//uploads/${key}`, `/uploads/./${key}`, `/%75ploads/${key}`, `/uploads%2f${key}`]) {
      const answer = await rawGet(stage.strapi.url, url);
      expect([url, answer.includes('stale')]).toEqual([url, false]);
    }
    expect((await rawGet(stage.strapi.url, '/uploads/.s3-storage/volume')).startsWith('HTTP/1.1 404')).toBe(true);
  });

  test('a replace shows the new bytes at once under the same URL, for all formats', async () => {
    const [file] = (await stage.strapi.upload(await image('before.png', 'png', 800, 600))) as [UploadedFile];
    const before = new Map(await Promise.all(urlsOf(file).map(async (url) => [url, (await stage.strapi.read(url)).bytes] as const)));
    const replaced = await stage.strapi.replace(file.id, await image('after.png', 'png', 800, 600));
    expect(urlsOf(replaced).sort()).toEqual(urlsOf(file).sort());
    // the whole request has one ticket, which keeps an image and its formats together when two editors replace it
    const rows = await ledgerRows(stage.strapi, keysOf(file));
    expect(rows.map(({ state }) => state)).toEqual(keysOf(file).map(() => 'remote'));
    expect(new Set(rows.map(({ ticket }) => ticket)).size).toBe(1);
    for (const [url, old] of before) {
      const now = await stage.strapi.read(url);
      expect(now.status).toBe(200);
      expect(now.bytes.equals(old)).toBe(false);
      // the object that the first upload wrote is untouched, because nothing is overwritten in place
      expect((await stage.bucket.get(url.replace('/uploads/', ''))).equals(old)).toBe(true);
    }
  });

  test('a replace of an image by a text drops the formats', async () => {
    const [file] = (await stage.strapi.upload(await image('shrinks.jpg', 'jpeg', 800, 600))) as [UploadedFile];
    await stage.strapi.replace(file.id, textFile('shrinks.txt', 'no image any more'));
    const [thumbnail] = Object.values(file.formats!);
    expect((await stage.strapi.read(file.url)).bytes.toString()).toBe('no image any more');
    await stage.eventually('the dropped format is gone', async () => (await stage.strapi.read(thumbnail!.url)).status === 404);
  });

  test('a delete removes every object of the file, and its URLs answer 404', async () => {
    const [file] = (await stage.strapi.upload(await image('short-lived.jpg', 'jpeg', 900, 700))) as [UploadedFile];
    const keys = keysOf(file);
    expect(await stage.bucket.keys()).toEqual(expect.arrayContaining(keys));
    await stage.strapi.remove(file.id);
    for (const url of urlsOf(file)) expect((await stage.strapi.read(url)).status).toBe(404);
    await stage.eventually('the objects are gone', async () => {
      const left = new Set(await stage.bucket.keys());
      return keys.every((key) => !left.has(key));
    });
  });

  test('the admin logo, which cannot be re-opened, reaches S3 too and is not purged as unlisted', async () => {
    const logo = await image('logo.png', 'png', 60, 60);
    const form = new FormData();
    form.append('menuLogo', new Blob([new Uint8Array(logo.bytes)], { type: 'image/png' }), 'logo.png');
    const { status, body } = await stage.strapi.api<{ menuLogo: { url: string } }>('POST', '/admin/project-settings', form);
    expect(status).toBe(200);
    const key = body.menuLogo.url.replace(/^.*\/uploads\//, '').replace(/\?.*$/, '');
    expect((await stage.bucket.get(key)).equals(logo.bytes)).toBe(true);
    expect((await stage.strapi.read(`/uploads/${key}`)).bytes.equals(logo.bytes)).toBe(true);
  });

  test('an upload makes three attempts while S3 answers 503, and then goes to the disk', async () => {
    stage.proxy.on({ fault: { kind: 'answer', answer: s3Error(503, 'SlowDown') }, when: ({ method }) => method === 'PUT' });
    const [file] = (await stage.strapi.upload(textFile('throttled.txt', 'slow down'))) as [UploadedFile];
    expect(stage.proxy.count('PUT', 'throttled_')).toBe(3);
    expect((await onDisk(file.hash + file.ext))?.toString()).toBe('slow down');
    stage.proxy.heal();
    await stage.eventually('it follows to S3', async () => (await stage.bucket.keys()).some((name) => name.startsWith(file.hash)), 60_000);
  }, 90_000);
});

describe('with S3 away', () => {
  test('uploads go to the disk, are served from there, and catch up; the outage is one incident', async () => {
    const [kept] = (await stage.strapi.upload(textFile('kept.txt', 'in S3 only'))) as [UploadedFile];
    await stage.proxy.refuse();
    const file = await image('offline.jpg', 'jpeg', 900, 700);
    const [uploaded] = (await stage.strapi.upload(file)) as [UploadedFile];
    for (const url of urlsOf(uploaded)) expect((await stage.strapi.read(url)).status).toBe(200);
    expect(await onDisk(uploaded.hash + uploaded.ext)).not.toBeNull();

    const unavailable = await stage.strapi.read(kept.url);
    expect(unavailable.status).toBe(503);
    expect(unavailable.headers.get('retry-after')).toBe('5');
    expect(unavailable.headers.get('cache-control')).toBe('no-store');

    const during = await stage.strapi.api<StatusBody>('GET', '/s3-storage/status');
    expect(during.body.breaker.state).not.toBe('closed');
    expect(during.body.pendingUploads.count).toBe(keysOf(uploaded).length);

    await stage.proxy.accept();
    await stage.eventually('every file is in S3', async () => {
      const rows = await ledgerRows(stage.strapi, keysOf(uploaded));
      return rows.filter(({ object_name: name }) => name !== null).length === keysOf(uploaded).length;
    }, 60_000);
    expect((await stage.strapi.read(kept.url)).bytes.toString()).toBe('in S3 only');
    for (const key of keysOf(uploaded)) expect((await stage.stored(key))?.equals((await onDisk(key))!)).toBe(true);
    await stage.eventually('the incident is closed', async () => {
      const { body } = await stage.strapi.api<StatusBody>('GET', '/s3-storage/status');
      return body.pendingUploads.count === 0 && body.incidents[0]?.endedAt !== null;
    });
    const after = await stage.strapi.api<StatusBody>('GET', '/s3-storage/status');
    expect(after.body.incidents[0]).toMatchObject({ code: 'UNREACHABLE', fellBack: keysOf(uploaded).length });
  }, 120_000);

  test('a replace is served during the outage and after it, and the old bytes in S3 never again', async () => {
    const [file] = (await stage.strapi.upload(textFile('replaced.txt', 'old'))) as [UploadedFile];
    await stage.proxy.refuse();
    await stage.strapi.replace(file.id, textFile('replaced.txt', 'new'));
    expect((await stage.strapi.read(file.url)).bytes.toString()).toBe('new');
    await stage.proxy.accept();
    await s3Answers();
    expect((await stage.strapi.read(file.url)).bytes.toString()).toBe('new');
    await stage.eventually('the new bytes are in S3', async () => {
      const names = (await stage.bucket.keys()).filter((name) => name.startsWith(file.hash) && name !== file.hash + file.ext);
      return names.length === 1 && (await stage.bucket.get(names[0]!)).toString() === 'new';
    }, 60_000);
    expect((await stage.strapi.read(file.url)).bytes.toString()).toBe('new');
  }, 120_000);

  test('an endpoint that does not answer costs the first upload at most 5 s, and the next less than 1 s', async () => {
    await s3Answers();
    const picture = await image('slow.jpg', 'jpeg', 900, 700);
    // this is the time that Strapi itself takes to resize and store it
    const usual = await timed(() => stage.strapi.upload(picture));
    stage.proxy.on({ fault: { kind: 'blackhole' } });
    const first = await timed(() => stage.strapi.upload(picture));
    const second = await timed(() => stage.strapi.upload(textFile('fast.txt', 'fast')));
    process.stdout.write(`an image: usually ${Math.round(usual)} ms, first in an outage ${Math.round(first)} ms; then a text ${Math.round(second)} ms\n`);
    expect(first - usual).toBeLessThan(5_000);
    // promise P5 in docs/design.md says 10 ms; on a busy machine, too, this bound tells them from another wait for S3
    expect(second).toBeLessThan(1_000);
    stage.proxy.heal();
    await s3Answers();
    await s3TakesUploads();
  }, 120_000);

  test.each([
    ['wrong secret', 403, 'SignatureDoesNotMatch'],
    ['missing rights', 403, 'AccessDenied'],
    ['missing bucket', 404, 'NoSuchBucket'],
  ])('an upload goes to the disk after one attempt: %s', async (_what, status, code) => {
    stage.proxy.forget();
    stage.proxy.on({ fault: { kind: 'answer', answer: s3Error(status, code) } });
    const [file] = (await stage.strapi.upload(textFile('refused.txt', code))) as [UploadedFile];
    // the test counts PUTs of this file only, because the catch-up may send older fallback files at the same time
    expect(stage.proxy.count('PUT', file.hash)).toBe(1);
    expect((await stage.strapi.read(file.url)).bytes.toString()).toBe(code);
    stage.proxy.heal();
  });

  test.each([
    ['another region', s3Error(400, 'AuthorizationHeaderMalformed')],
    ['a web page instead of S3', htmlPage(200)],
    ['a clock that is wrong', s3Error(403, 'RequestTimeTooSkewed')],
  ])('an upload goes to the disk, and follows to S3 later: %s', async (what, answer) => {
    stage.proxy.on({ fault: { kind: 'answer', answer } });
    const [file] = (await stage.strapi.upload(textFile('elsewhere.txt', what))) as [UploadedFile];
    expect((await stage.strapi.read(file.url)).bytes.toString()).toBe(what);
    stage.proxy.heal();
    await stage.eventually('it follows to S3', async () => (await stage.stored(file.hash + file.ext))?.toString() === what, 60_000);
  }, 90_000);
});

describe('restarts', () => {
  test('a file that fell back is still served after a crash, and follows to S3', async () => {
    await stage.proxy.refuse();
    const [file] = (await stage.strapi.upload(textFile('crash.txt', 'survives'))) as [UploadedFile];
    await stage.strapi.kill();
    await stage.strapi.restart();
    expect((await stage.strapi.read(file.url)).bytes.toString()).toBe('survives');
    await stage.proxy.accept();
    await stage.eventually('it follows to S3', async () => (await stage.stored(file.hash + file.ext))?.toString() === 'survives', 90_000);
  }, 180_000);
});

interface StatusBody {
  breaker: { state: string };
  pendingUploads: { count: number };
  incidents: { code: string; fellBack: number; endedAt: string | null }[];
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Sends a GET with exactly the given path. */
async function rawGet(base: string, rawPath: string, headers = ''): Promise<string> {
  const { connect } = await import('node:net');
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(`GET ${rawPath} HTTP/1.1\r\nHost: ${hostname}\r\n${headers}Connection: close\r\n\r\n`));
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}
