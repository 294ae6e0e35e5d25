import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { DeliverySettings } from '../../server/src/core/media/delivery-settings';
import { cappedCacheControl } from '../../server/src/http/delivery';
import { mediaWorld, type MediaWorld } from '../support/media-world';
import { uploadsWorld, type UploadsWorld } from '../support/uploads-world';

const MIB = 1024 * 1024;
const URL_OF = 'https://s3.example.com/bucket/object?X-Amz-Signature=1';
let media: MediaWorld;
let url: string | undefined;
let linked: unknown[];
const open: UploadsWorld[] = [];

beforeEach(async () => {
  media = await mediaWorld();
  url = URL_OF;
  linked = [];
});
afterEach(async () => {
  for (const world of open.splice(0)) await world.close();
  await media.close();
});

async function asks(delivery: Partial<DeliverySettings> = {}, options: Parameters<typeof uploadsWorld>[1] = {}) {
  const storage = media.storageOf({
    links: {
      to: async (_remote, how) => {
        linked.push(how);
        return url;
      },
    },
  });
  const world = await uploadsWorld(media.folder, { reader: () => storage.reader, delivery: { delivery: 'redirect', ...delivery }, linkOrigin: async () => 'https://s3.example.com', ...options });
  open.push(world);
  return async (name: string, headers: Record<string, string> = {}, method = 'GET') => {
    const answer = await world.ask(`/uploads/${name}`, headers, method);
    return { ...answer, text: answer.bytes.toString() };
  };
}

describe('a visitor is sent to S3', () => {
  test('with a URL that nobody keeps, for GET and HEAD and ranges alike', async () => {
    await media.put('film.mp4', 'the film');
    const ask = await asks();
    for (const [headers, method] of [[{}, 'GET'], [{}, 'HEAD'], [{ range: 'bytes=0-2' }, 'GET']] as const) {
      const { status, headers: sent, text } = await ask('film.mp4', headers, method);
      expect([status, sent.location, sent['cache-control'], sent.vary, text]).toEqual([302, URL_OF, 'public, max-age=0, must-revalidate', expect.stringContaining('Sec-Fetch-Mode'), '']);
      expect(sent.etag).toBeUndefined();
    }
    expect(linked[0]).toEqual({ contentType: 'video/mp4', contentDisposition: undefined });
  });

  test('and the name of a download goes with him, which nobody keeps', async () => {
    await media.put('report.pdf', 'the report');
    const ask = await asks({ visitorCacheControl: 'max-age=60' }, { originalName: async () => 'Übersicht.pdf' });
    expect(await ask('report.pdf?download')).toMatchObject({ status: 302, headers: { 'cache-control': 'no-store' } });
    expect(linked).toEqual([{ contentType: 'application/pdf', contentDisposition: 'attachment; filename="?bersicht.pdf"; filename*=UTF-8\'\'%C3%9Cbersicht.pdf' }]);
  });

  test('only for files above the limit, and for videos and sound', async () => {
    const ask = await asks({ redirectAboveMb: 1 });
    await media.put('small.png', 'x');
    await media.put('exact.png', 'x'.repeat(MIB));
    await media.put('large.png', 'x'.repeat(MIB + 1));
    await media.put('short.mp4', 'x');
    await media.put('beep.mp3', 'x');
    const statuses = await Promise.all(['small.png', 'exact.png', 'large.png', 'short.mp4', 'beep.mp3'].map(async (name) => (await ask(name)).status));
    expect(statuses).toEqual([200, 200, 302, 302, 302]);
  });

  test('with the headers that the project sets', async () => {
    await media.put('film.mp4', 'the film');
    const ask = await asks({}, { localServer: { maxage: 5_000, setHeaders: (res: { setHeader(name: string, value: string): void }, file: string) => res.setHeader('X-Own', path.basename(file)) } });
    expect((await ask('film.mp4')).headers).toMatchObject({ 'x-own': 'film.mp4', 'cache-control': 'max-age=5' });
  });
});

test('a project that lets browsers keep its files for a year does not make them keep the way to S3', async () => {
  await media.put('film.mp4', 'the film');
  const setHeaders = (res: { setHeader(name: string, value: string): void }) => {
    res.setHeader('Cache-Control', 'public, max-age=31536000, immutable');
    res.setHeader('Expires', 'Fri, 31 Dec 2027 23:59:59 GMT');
  };
  const { status, headers } = await (await asks({ urlLifetimeMinutes: 10 }, { localServer: { setHeaders } }))('film.mp4');
  expect([status, headers['cache-control'], headers.expires]).toEqual([302, 'public, max-age=300', undefined]);
});

describe('this server sends the bytes itself', () => {
  const bytesOf = async (name: string, headers: Record<string, string> = {}, delivery: Partial<DeliverySettings> = {}) => {
    const { status, text } = await (await asks(delivery))(name, headers);
    return [status, text];
  };

  test('where there is no URL, and answers ranges and conditions as always', async () => {
    await media.put('film.mp4', 'the film');
    url = undefined;
    const ask = await asks();
    expect(await ask('film.mp4')).toMatchObject({ status: 200, text: 'the film' });
    expect(await ask('film.mp4', { range: 'bytes=4-' })).toMatchObject({ status: 206, text: 'film', headers: { 'content-range': 'bytes 4-7/8' } });
  });

  test('for a file on the disk, and for one that only the library knows', async () => {
    await mkdir(media.folder, { recursive: true });
    await writeFile(path.join(media.folder, 'plain.png'), 'plain');
    expect(await bytesOf('plain.png')).toEqual([200, 'plain']);
    expect(linked).toEqual([]);
  });

  test('of pages and scripts, which it restrains, unless the settings trust the editors', async () => {
    for (const name of ['page.html', 'image.svg', 'script.js']) {
      await media.put(name, 'active');
      expect(await bytesOf(name)).toEqual([200, 'active']);
      expect((await bytesOf(name, {}, { allowActiveContent: true }))[0]).toBe(302);
    }
  });

  test('for a script of this site that wants to read them', async () => {
    await media.put('photo.png', 'photo');
    expect(await bytesOf('photo.png', { 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin' })).toEqual([200, 'photo']);
    expect((await bytesOf('photo.png', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-site': 'same-origin' }))[0]).toBe(302);
    expect((await bytesOf('photo.png', { 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'cross-site' }))[0]).toBe(302);
  });

  test('of a download from a CDN, which cannot be told its name', async () => {
    await media.put('report.pdf', 'report');
    expect(await bytesOf('report.pdf?download', {}, { delivery: 'public' })).toEqual([200, 'report']);
  });

  test('to a visitor who has the bytes already', async () => {
    await media.put('photo.png', 'photo');
    const ask = await asks();
    const { etag } = (await (await asks({ delivery: 'proxy' }))('photo.png')).headers;
    expect((await ask('photo.png', { 'if-none-match': String(etag) })).status).toBe(304);
    expect((await ask('photo.png', { range: 'bytes=100-' })).status).toBe(416);
    expect(linked).toEqual([]);
  });

  test('of a deleted file: nothing', async () => {
    await media.put('gone.png', 'photo');
    await media.storage.remove(media.key('gone.png'));
    expect((await bytesOf('gone.png'))[0]).toBe(404);
  });
});

test('no visitor is sent to an address that is not one of the web', async () => {
  await media.put('photo.png', 'photo');
  const ask = await asks();
  for (url of ['javascript:alert(1)', 'data:text/html,x', '//evil.example', 'file:///etc/passwd']) {
    const { status, headers } = await ask('photo.png');
    expect([status, headers.location]).toEqual([500, undefined]);
  }
});

describe('Cache-Control', () => {
  const VERSIONED = 'public, max-age=31536000, immutable';
  const of = async (query: string, delivery: Partial<DeliverySettings>, localServer?: Record<string, unknown>) => {
    const answer = await (await asks({ delivery: 'proxy', ...delivery }, { localServer }))(`photo.png${query}`);
    return answer.headers['cache-control'];
  };
  beforeEach(() => media.put('photo.png', 'photo'));

  test('lets everybody keep the file and ask before each use', async () => {
    expect(await of('', {})).toBe('public, max-age=0, must-revalidate');
  });

  test('is what the project’s options ask for, or else the setting, which comes first', async () => {
    expect(await of('', {}, { maxage: 60_000 })).toBe('max-age=60');
    expect(await of('', { visitorCacheControl: 'private, max-age=5' }, { maxage: 60_000 })).toBe('private, max-age=5');
  });

  test('lets a URL with a version be kept for a year, if the settings say so', async () => {
    for (const query of ['?v=1', '?version=2', '?updatedAt=2026-01-01', '?width=1&v=3']) {
      expect([await of(query, { cacheVersioned: true }), await of(query, {})]).toEqual([VERSIONED, 'public, max-age=0, must-revalidate']);
    }
    for (const query of ['', '?v=', '?width=1', '?vv=1']) expect(await of(query, { cacheVersioned: true })).toBe('public, max-age=0, must-revalidate');
  });

  test('of an answer that sends a visitor away ends before the URL or the object does', async () => {
    const ask = await asks({ cacheVersioned: true, urlLifetimeMinutes: 10 });
    expect((await ask('photo.png?v=1')).headers['cache-control']).toBe('public, max-age=300');
    const cdn = await asks({ cacheVersioned: true, delivery: 'public' });
    // a replacement removes the former object after 24 hours
    expect((await cdn('photo.png?v=1')).headers['cache-control']).toBe('public, max-age=43200');
    const week = await asks({ cacheVersioned: true, urlLifetimeMinutes: 10_080 });
    expect((await week('photo.png?v=1')).headers['cache-control']).toBe('public, max-age=43200');
  });

  test.each([
    ['public, max-age=31536000, immutable', 'public, max-age=300'],
    ['max-age=10, s-maxage=900, stale-while-revalidate=60', 'max-age=10, s-maxage=300'],
    ['no-store', 'no-store'],
    ['private,max-age="1000"', 'private, max-age=300'],
  ])('%j is capped to %j', (given, capped) => {
    expect(cappedCacheControl(given, 300)).toBe(capped);
  });
});

test('the policy of a page lets it show files from the place to which visitors are sent, and no other answer changes', async () => {
  const page = (ctx: { path: string; set(name: string, value: string): void; type: string; body: unknown }, next: () => Promise<unknown>) => {
    if (!ctx.path.startsWith('/page')) return next();
    ctx.set('Content-Security-Policy', "img-src 'self'");
    ctx.type = ctx.path.endsWith('.html') ? 'html' : 'json';
    ctx.body = 'x';
    return undefined;
  };
  const world = await uploadsWorld(media.folder, {
    reader: () => media.storage.reader,
    linkOrigin: async () => 'https://s3.example.com',
    inMiddlewares: (server) => void server.use(page as never),
  });
  open.push(world);
  expect((await world.ask('/page.html')).headers['content-security-policy']).toBe("img-src 'self' https://s3.example.com");
  expect((await world.ask('/page.json')).headers['content-security-policy']).toBe("img-src 'self'");
});

test('a file in S3 has the date of its bytes, and If-Modified-Since and If-Range count with it', async () => {
  // the world's clock is ahead of the one of HTTP, by which no date may lie in the future
  media.state.now = Date.now() - 3600_000;
  await media.put('dated.txt', 'dated bytes');
  const date = new Date(Math.floor(media.state.now / 1000) * 1000).toUTCString();
  const earlier = new Date(media.state.now - 5_000).toUTCString();
  media.state.now = Date.now();
  const ask = await asks({ delivery: 'proxy' });
  expect((await ask('dated.txt')).headers['last-modified']).toBe(date);
  const statuses = await Promise.all([
    ask('dated.txt', { 'if-modified-since': date }), ask('dated.txt', { 'if-modified-since': earlier }),
    ask('dated.txt', { range: 'bytes=0-4', 'if-range': date }), ask('dated.txt', { range: 'bytes=0-4', 'if-range': earlier }),
  ]);
  expect(statuses.map(({ status }) => status)).toEqual([304, 200, 206, 200]);
});
