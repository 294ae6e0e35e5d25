import { once } from 'node:events';
import { mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { Context } from 'koa';
import { DEFAULT_VISITOR_CACHE } from '../../server/src/contracts/settings';
import { StorageError } from '../../server/src/core/errors';
import { withoutLink } from '../../server/src/core/media/serving';
import { bodyOf, someBytes } from '../support/bodies';
import { mediaWorld, type MediaWorld } from '../support/media-world';
import { readerOf, uploadsWorld, type Answer, type UploadsWorld, type UploadsWorldOptions } from '../support/uploads-world';

let media: MediaWorld;
const open: UploadsWorld[] = [];

beforeEach(async () => {
  media = await mediaWorld();
});

afterEach(async () => {
  for (const world of open.splice(0)) await world.close();
  await media.close();
});

async function world(options: UploadsWorldOptions = {}) {
  const started = await uploadsWorld(media.folder, options);
  open.push(started);
  return started;
}

const reader = () => media.storage.reader;
const withPlugin = (options: UploadsWorldOptions = {}) => world({ reader, ...options });
const onDisk = async (name: string, content: string, ageMs = 60_000) => {
  const file = path.join(media.folder, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
  await utimes(file, new Date(Date.now() - ageMs), new Date(Date.now() - ageMs));
};

describe('the plugin answers as plain Strapi does', () => {
  // the plugin's own words for `max-age=0` also tell shared caches what to do
  /** The headers that may differ: the plugin gives validators where Strapi gives none, mends Strapi's faults with ranges, and restrains pages. */
  const BETTER = ['etag', 'date', 'connection', 'keep-alive', 'content-security-policy', 'x-content-type-options'];
  const comparable = ({ status, headers, bytes }: Answer) => ({
    status,
    text: bytes.toString(),
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !BETTER.includes(name)).map(([name, value]) => [name, value === DEFAULT_VISITOR_CACHE ? 'max-age=0' : value])),
  });

  async function bothAnswer(url: string, headers: Record<string, string> = {}, method = 'GET', localServer?: Record<string, unknown>) {
    const plain = comparable(await (await world({ localServer })).ask(url, headers, method));
    const ours = comparable(await (await withPlugin({ localServer })).ask(url, headers, method));
    expect(ours).toEqual(plain);
    return plain;
  }

  beforeEach(async () => {
    await onDisk('a.txt', 'the text');
    await onDisk('no-extension', 'bytes');
    await onDisk('strange.xyzzy', 'bytes');
    await onDisk('empty.bin', '');
    await onDisk('name with ümlaut & space.txt', 'named');
    await onDisk('sub/deep.css', 'body {}');
    await onDisk('a.%2e%2e', 'odd');
    await onDisk('b.%2f', 'odd');
    await onDisk('c.htm%00', 'odd');
    await onDisk('line\nbreak.txt', 'odd');
    await onDisk('.dotfile', 'hidden');
    await onDisk('page.html', '<p>');
    await onDisk('index.html', '<h1>');
    await onDisk('sub/index.html', '<h2>');
    await onDisk('pre.css', 'identity');
    await onDisk('pre.css.br', 'brotli');
    await onDisk('pre.css.gz', 'gzipped');
  });

  test.each<[string, number]>([
    ['/uploads/a.txt', 200],
    ['/uploads/a.txt?width=3&x=%00', 200],
    ['/uploads/%61.txt', 200],
    ['/uploads//a.txt', 200],
    ['/uploads/./a.txt', 200],
    ['/uploads/sub/../a.txt', 200],
    ['/uploads/no-extension', 200],
    ['/uploads/strange.xyzzy', 200],
    ['/uploads/empty.bin', 200],
    ['/uploads/name%20with%20%C3%BCmlaut%20&%20space.txt', 200],
    ['/uploads/sub/deep.css', 200],
    ['/uploads/sub%2Fdeep.css', 200],
    ['/uploads/a.%252e%252e', 200],
    ['/uploads/b.%252f', 200],
    ['/uploads/c.htm%2500', 200],
    ['/uploads/line%0Abreak.txt', 200],
    ['/uploads/.dotfile', 404],
    ['/uploads/', 200],
    ['/uploads/sub', 200],
    ['/uploads/sub/', 200],
    ['/uploads/a.txt/', 404],
    ['/uploads/a.txt/b.txt', 404],
    ['/uploads/page', 404],
    ['/uploads/missing.txt', 404],
    [`/uploads/${'x'.repeat(300)}.txt`, 404],
    [`/uploads/${'x'.repeat(2_000)}.txt`, 404],
    ['/uploads/a%00.txt', 400],
    ['/uploads/%E0%A4%A', 400],
    ['/uploads/..%2f..%2fpackage.json', 403],
  ])('to GET and HEAD of %s, with the status %i', async (url, status) => {
    expect((await bothAnswer(url)).status).toBe(status);
    expect((await bothAnswer(url, {}, 'HEAD')).status).toBe(status);
  });

  // these are routes of `strapi::public`, which lets its files be kept for a minute; the plugin is as strict as for any other spelling
  test.each(['/%75ploads/a.txt', '/./uploads/a.txt', '/uploads', '/uploads%2fsub/'])('to GET and HEAD of %s, which is another route of Strapi’s', async (url) => {
    const strip = (answer: Answer) => ({ ...comparable(answer), headers: { ...answer.headers, 'cache-control': '', 'accept-ranges': '', date: '', etag: '', 'content-security-policy': '', 'x-content-type-options': '' } });
    for (const method of ['GET', 'HEAD']) expect(strip(await (await withPlugin()).ask(url, {}, method))).toEqual(strip(await (await world()).ask(url, {}, method)));
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'])('to the method %s', async (method) => {
    await bothAnswer('/uploads/a.txt', {}, method);
    await bothAnswer('/uploads/missing.txt', {}, method);
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['maxage', { maxage: 86_400_000 }, '/uploads/a.txt'],
    ['maxAge, the other name of maxage', { maxAge: 5_500 }, '/uploads/a.txt'],
    ['immutable', { maxage: 1_000, immutable: true }, '/uploads/a.txt'],
    ['hidden', { hidden: true }, '/uploads/.dotfile'],
    ['index', { index: 'page.html' }, '/uploads/'],
    ['no index', { index: false }, '/uploads/sub/'],
    ['no format', { format: false }, '/uploads/sub'],
    ['extensions', { extensions: ['css', '.html'] }, '/uploads/page'],
    ['brotli', {}, '/uploads/pre.css'],
    ['no brotli', { brotli: false }, '/uploads/pre.css'],
    ['neither brotli nor gzip', { brotli: false, gzip: false }, '/uploads/pre.css'],
    ['setHeaders', { setHeaders: (res: Context['res'], file: string) => res.setHeader('X-File', path.basename(file)) }, '/uploads/a.txt'],
    ['setHeaders that sets Cache-Control and Content-Type itself', { maxage: 1_000, setHeaders: (res: Context['res']) => res.setHeader('Cache-Control', 'private') && res.setHeader('Content-Type', 'text/x-own') }, '/uploads/a.txt'],
    ['setHeaders that fails', { setHeaders: () => { throw new Error('of the project’s'); } }, '/uploads/a.txt'],
  ])('with the option of localServer: %s', async (_what, localServer, url) => {
    for (const method of ['GET', 'HEAD']) await bothAnswer(url, { 'accept-encoding': 'br, gzip' }, method, localServer);
    await bothAnswer(url, { 'accept-encoding': 'gzip' }, 'GET', localServer);
    await bothAnswer(url, { 'accept-encoding': 'identity' }, 'GET', localServer);
  });

  test('to a request for a range', async () => {
    const { status, text } = await bothAnswer('/uploads/a.txt', { range: 'bytes=4-5' });
    expect([status, text]).toEqual([206, 'te']);
  });

  test('while it has no reader', async () => {
    const plain = await (await world()).ask('/uploads/a.txt', { range: 'bytes=4-5' });
    const idle = await (await world({ reader: async () => undefined })).ask('/uploads/a.txt', { range: 'bytes=4-5' });
    expect(comparable(idle)).toEqual(comparable(plain));
  });

  test('except for its own folder, which is 404 even where hidden files are served', async () => {
    await onDisk('.s3-storage/a.txt', 'own');
    for (const plugin of [await withPlugin({ localServer: { hidden: true } }), await world({ reader: async () => undefined, localServer: { hidden: true } })]) {
      for (const url of ['/uploads/.s3-storage/a.txt', '/uploads/%2es3-storage/a.txt', '/./uploads/.s3-storage/a.txt']) expect((await plugin.ask(url)).status).toBe(404);
    }
  });
});

describe('files that the ledger knows', () => {
  const later = new Date(Date.now() + 86_400_000).toUTCString();

  beforeEach(async () => {
    await media.put('kept.txt', '0123456789');
  });

  test('no option of Strapi’s route leads to bytes on disk that are not current', async () => {
    await media.put('kept.html', 'current');
    await media.put('index.html', 'current');
    for (const name of ['kept.txt', 'kept.html', 'index.html', 'kept.txt.br', 'kept.txt.gz']) await onDisk(name, 'stale');
    const plugin = await withPlugin({ localServer: { extensions: ['html'] } });
    for (const url of ['/uploads/kept.txt', '/uploads/kept', '/uploads/', '/./uploads/kept.txt', '/%75ploads/kept.txt', '/uploads%2fkept.txt']) {
      const { status, bytes } = await plugin.ask(url, { 'accept-encoding': 'br, gzip' });
      expect([url, status, bytes.toString()]).toEqual([url, 200, expect.stringMatching(/^(current|0123456789)$/)]);
    }
    await media.storage.remove(media.key('kept.html'));
    await media.storage.remove(media.key('kept.txt'));
    for (const url of ['/uploads/kept.txt', '/uploads/kept.html', '/uploads/kept']) expect([url, (await plugin.ask(url)).status]).toEqual([url, 404]);
  });

  test('a resumed download never joins two versions', async () => {
    const plugin = await withPlugin();
    const first = await plugin.ask('/uploads/kept.txt', { range: 'bytes=0-4' });
    const tag = String(first.headers['etag']);
    const rest = { range: 'bytes=5-' };
    expect((await plugin.ask('/uploads/kept.txt', { ...rest, 'if-match': tag })).status).toBe(206);
    await media.put('kept.txt', 'ABCDEFGHIJ');
    const refused = await plugin.ask('/uploads/kept.txt', { ...rest, 'if-match': tag });
    expect([refused.status, refused.headers['cache-control'], refused.headers['etag'], refused.headers['content-range']]).toEqual([412, 'no-store', undefined, undefined]);
    const whole = await plugin.ask('/uploads/kept.txt', { ...rest, 'if-range': tag });
    expect([whole.status, whole.bytes.toString()]).toEqual([200, 'ABCDEFGHIJ']);
    // conditions on a time are ignored where no time can be trusted
    expect(whole.headers['last-modified']).toBeUndefined();
    expect((await plugin.ask('/uploads/kept.txt', { ...rest, 'if-unmodified-since': later })).status).toBe(206);
    expect((await plugin.ask('/uploads/kept.txt', { 'if-modified-since': later })).status).toBe(200);
  });

  test('errors are answered with Cache-Control: no-store, however long files may be cached', async () => {
    const plugin = await withPlugin({ localServer: { maxage: 86_400_000, immutable: true, setHeaders: (res: Context['res']) => res.setHeader('X-Set', 'yes') } });
    expect((await plugin.ask('/uploads/kept.txt')).headers).toMatchObject({ 'cache-control': 'max-age=86400,immutable', 'x-set': 'yes' });
    const unsatisfiable = await plugin.ask('/uploads/kept.txt', { range: 'bytes=10-' });
    expect(unsatisfiable).toMatchObject({ status: 416, headers: { 'cache-control': 'no-store', 'content-range': 'bytes */10' } });
    media.fault = (operation) => (operation === 'get' ? Promise.reject(new StorageError('UNREACHABLE')) : undefined);
    for (const method of ['GET']) {
      const away = await plugin.ask('/uploads/kept.txt', { range: 'bytes=0-4' }, method);
      expect(away).toMatchObject({ status: 503, headers: { 'cache-control': 'no-store', 'retry-after': '5' } });
      for (const name of ['etag', 'last-modified', 'content-range', 'accept-ranges', 'x-set']) expect([name, away.headers[name]]).toEqual([name, undefined]);
    }
  });

  test('setHeaders gets the path on disk that Strapi’s route would serve, and stats with the size of the file', async () => {
    const told: unknown[] = [];
    const plugin = await withPlugin({ localServer: { setHeaders: (_res: unknown, file: string, stats: { size: number; isFile(): boolean; isDirectory(): boolean; mtime: Date }) => told.push([file, stats.size, stats.isFile(), stats.isDirectory(), stats.mtime instanceof Date]) } });
    for (const method of ['GET', 'HEAD']) await plugin.ask('/uploads/kept.txt', {}, method);
    await plugin.ask('/uploads/kept.txt', { 'if-none-match': '*' });
    const expected = [path.join(plugin.publicFolder, 'uploads/kept.txt'), 10, true, false, true];
    expect(told).toEqual([expected, expected, expected]);
  });

  test('HEAD has the headers of GET, and costs one request to S3', async () => {
    await media.put('odd.xyzzy', 'bytes');
    const plugin = await withPlugin();
    const known = ({ headers }: Answer) => Object.fromEntries(['content-type', 'content-length', 'etag', 'cache-control', 'accept-ranges'].map((name) => [name, headers[name]]));
    for (const name of ['kept.txt', 'odd.xyzzy']) {
      const whole = await plugin.ask(`/uploads/${name}`);
      media.requests.length = 0;
      expect(known(await plugin.ask(`/uploads/${name}`, {}, 'HEAD'))).toEqual(known(whole));
      expect(media.requests).toEqual([`get ${name}`]);
    }
  });

  test('an answer that is compressed on the way has a weak ETag and no ranges, and no part is compressed', async () => {
    await media.put('long.txt', 'x'.repeat(5_000));
    const plugin = await withPlugin({ compressed: true });
    const plainly = await plugin.ask('/uploads/long.txt', { 'accept-encoding': 'identity' });
    const tag = String(plainly.headers['etag']);
    expect(tag).toMatch(/^"/);
    const gzipped = await plugin.ask('/uploads/long.txt', { 'accept-encoding': 'gzip' });
    expect(gzipped.headers).toMatchObject({ 'content-encoding': 'gzip', etag: `W/${tag}` });
    expect(gzipped.headers['accept-ranges']).toBeUndefined();
    const part = await plugin.ask('/uploads/long.txt', { 'accept-encoding': 'gzip', range: 'bytes=0-2999' });
    expect([part.status, part.headers['content-encoding'], part.bytes.length]).toEqual([206, undefined, 3_000]);
    expect(await plugin.ask('/uploads/long.txt', { 'accept-encoding': 'gzip', 'if-none-match': `W/${tag}` })).toMatchObject({ status: 304, headers: { etag: `W/${tag}` } });
    // a part would not fit the compressed bytes that the client has
    expect((await plugin.ask('/uploads/long.txt', { range: 'bytes=0-9', 'if-range': `W/${tag}` })).status).toBe(200);
    expect((await plugin.ask('/uploads/long.txt', { range: 'bytes=0-9', 'if-match': `W/${tag}` })).status).toBe(412);
  });
});

describe('files that lie on disk without a row', () => {
  test('have an ETag and a date, and obey conditions on both', async () => {
    await onDisk('plain.txt', '0123456789');
    const plugin = await withPlugin();
    const { headers } = await plugin.ask('/uploads/plain.txt');
    const [tag, date] = [String(headers['etag']), String(headers['last-modified'])];
    const status = async (conditions: Record<string, string>) => (await plugin.ask('/uploads/plain.txt', conditions)).status;
    expect(await status({ 'if-none-match': tag })).toBe(304);
    expect(await status({ 'if-modified-since': date })).toBe(304);
    expect(await status({ range: 'bytes=1-2', 'if-range': date })).toBe(206);
    expect(await status({ range: 'bytes=1-2', 'if-match': '"x"' })).toBe(412);
    expect(await status({ 'if-unmodified-since': new Date(0).toUTCString() })).toBe(412);
    await onDisk('plain.txt', 'ABCDEFGHIJ', 30_000);
    expect(await status({ range: 'bytes=1-2', 'if-range': date })).toBe(200);
    expect(await status({ range: 'bytes=1-2', 'if-range': tag })).toBe(200);
  });

  test('are sent whole by Strapi’s own route, which gets ranges wrong', async () => {
    for (const name of ['pre.css', 'pre.css.gz', 'b.%2f']) await onDisk(name, '0123456789');
    const plugin = await withPlugin();
    for (const [url, status, text] of [['/uploads/pre.css', 200, '0123456789'], ['/uploads/b.%252f', 200, '0123456789'], ['/uploads/missing.css', 404, undefined]] as const) {
      for (const range of ['bytes=2-3', 'bytes=-3', 'bytes=2-99', 'bytes=20-', 'lines=1-2']) {
        const answer = await plugin.ask(url, { range, 'accept-encoding': 'gzip' });
        expect([url, range, answer.status, answer.headers['content-range'], status === 200 ? answer.bytes.toString() : undefined]).toEqual([url, range, status, undefined, text]);
      }
    }
  });

  test('are 404 without an ETag when they vanish between the look-up and the opening', async () => {
    await onDisk('vanishing.txt', 'bytes');
    const { disk } = media.jobs;
    const get = disk.get.bind(disk);
    disk.get = async (name, options) => {
      await rm(path.join(media.folder, name), { force: true });
      return get(name, options);
    };
    for (const headers of [{}, { range: 'bytes=0-1' }] as Record<string, string>[]) {
      await onDisk('vanishing.txt', 'bytes');
      const answer = await (await withPlugin()).ask('/uploads/vanishing.txt', headers);
      expect([answer.status, answer.headers['etag'], answer.headers['last-modified'], answer.headers['content-range']]).toEqual([404, undefined, undefined, undefined]);
    }
  });
});

describe('a handler that the project registers for uploads', () => {
  const guard = (ctx: Context, next: () => Promise<unknown>) => (ctx.get('x-pass') ? next() : ctx.unauthorized('not you'));
  const route = (handler: unknown) => [{ method: 'GET', path: '/uploads/(.*)', handler, config: { auth: false } }] as never;
  const ways: [string, UploadsWorldOptions][] = [
    ['a route in an upload extension, before Strapi’s own', { beforeUpload: (server) => void server.routes(route(guard)) }],
    ['a route in an upload extension, after Strapi’s own', { beforePlugin: (server) => void server.routes(route(guard)) }],
    ['a route in register', { inRegister: (server) => void server.routes(route(guard)) }],
    ['a middleware in register', { inRegister: (server) => void server.use(guard as never) }],
    ['a middleware of config/middlewares', { inMiddlewares: (server) => void server.use(guard as never) }],
    ['a middleware in bootstrap', { inBootstrap: (server) => void server.use(guard as never) }],
    ['a route in bootstrap', { inBootstrap: (server) => void server.routes(route(guard)) }],
    ['a route of Koa’s router itself', { inBootstrap: (server) => void server.router.get('/uploads/:name', guard) }],
  ];

  test.each(ways)('is asked before the plugin: %s', async (_what, options) => {
    await onDisk('a.txt', 'the text');
    await media.put('kept.txt', 'in S3');
    for (const plugin of [await world(options), await world({ ...options, reader: async () => undefined }), await withPlugin(options)]) {
      const denied = await plugin.ask('/uploads/a.txt');
      expect([denied.status, denied.bytes.includes('the text')]).toEqual([401, false]);
      expect((await plugin.ask('/uploads/a.txt', { 'x-pass': '1' })).bytes.toString()).toBe('the text');
    }
    const plugin = await withPlugin(options);
    expect((await plugin.ask('/uploads/kept.txt')).status).toBe(401);
    expect((await plugin.ask('/uploads/kept.txt', { range: 'bytes=0-1' })).status).toBe(401);
    const part = await plugin.ask('/uploads/kept.txt', { 'x-pass': '1', range: 'bytes=-2' });
    expect([part.status, part.bytes.toString()]).toEqual([206, 'S3']);
    media.fault = () => Promise.reject(new StorageError('UNREACHABLE'));
    expect((await plugin.ask('/uploads/kept.txt')).status).toBe(401);
    expect((await plugin.ask('/uploads/kept.txt', { 'x-pass': '1' })).status).toBe(503);
  });

  test.each<[string, (ctx: Context, next: () => Promise<unknown>) => unknown, number]>([
    ['a status alone', (ctx) => void (ctx.status = 403), 403],
    ['an error that is thrown', (ctx) => ctx.throw(402, 'pay'), 402],
    ['a 404 with words', (ctx) => ctx.notFound('nothing here'), 404],
    ['a redirect', (ctx) => ctx.redirect('https://example.com/'), 302],
    ['a 404 without words', (ctx) => void (ctx.status = 404), 404],
  ])('keeps its own answer: %s', async (_what, handler, status) => {
    await media.put('kept.txt', 'in S3');
    await onDisk('kept.txt', 'in S3');
    const options: UploadsWorldOptions = { inRegister: (server) => void server.routes(route(handler)) };
    expect((await (await world(options)).ask('/uploads/kept.txt')).status).toBe(status);
    const answer = await (await withPlugin(options)).ask('/uploads/kept.txt');
    expect([answer.status, answer.bytes.includes('in S3')]).toEqual([status, false]);
  });

  test('does not lead on to Strapi’s routes for a file that is buried or cannot be reached', async () => {
    await media.put('gone.txt', 'old');
    await media.storage.remove(media.key('gone.txt'));
    await media.put('away.txt', 'new');
    await onDisk('gone.txt', 'old');
    await onDisk('away.txt', 'old');
    const plugin = await withPlugin({ inMiddlewares: (server) => void server.use(async (_ctx, next) => next()) });
    media.fault = () => Promise.reject(new StorageError('UNREACHABLE'));
    for (const [url, status] of [['/uploads/gone.txt', 404], ['/./uploads/gone.txt', 404], ['/uploads/away.txt', 503], ['/%75ploads/away.txt', 503]] as const) {
      const answer = await plugin.ask(url);
      expect([url, answer.status, answer.bytes.includes('old')]).toEqual([url, status, false]);
    }
  });

  test('keeps the headers that it sets', async () => {
    await media.put('kept.txt', 'in S3');
    const handler = (ctx: Context, next: () => Promise<unknown>) => {
      ctx.set('Cache-Control', 'private, no-store');
      ctx.set('Content-Type', 'text/x-own');
      return next();
    };
    const { headers } = await (await withPlugin({ inRegister: (server) => void server.routes(route(handler)) })).ask('/uploads/kept.txt');
    expect(headers).toMatchObject({ 'cache-control': 'private, no-store', 'content-type': 'text/x-own' });
  });

  test('is asked first when it has taken the place of Strapi’s own route', async () => {
    await media.put('kept.txt', '0123456789');
    // the upload plugin's route is not a static one any more
    const plugin = await withPlugin({
      beforePlugin: (server) => {
        const { stack } = server.router as unknown as { stack: { path: string }[] };
        stack.splice(stack.findIndex((layer) => layer.path === '/uploads/(.*)'), 1);
        server.routes(route(guard));
      },
    });
    expect((await plugin.ask('/uploads/kept.txt')).status).toBe(401);
    expect((await plugin.ask('/uploads/kept.txt', { 'x-pass': '1' })).bytes.toString()).toBe('0123456789');
  });
});

describe('failures and clients that go away', () => {
  test('a reader that fails is answered 503 with no-store, and the failure is reported', async () => {
    const failure = new Error('the database is away');
    for (const failing of [readerOf(() => Promise.reject(failure)), () => Promise.reject(failure)]) {
      await onDisk('a.txt', 'perhaps old');
      const plugin = await world({ reader: failing });
      expect(await plugin.ask('/uploads/a.txt')).toMatchObject({ status: 503, headers: { 'cache-control': 'no-store', 'retry-after': '5' } });
      expect(plugin.failures).toEqual([failure]);
    }
  });

  test('a client that takes no more bytes loses its connection, and one that reads slowly keeps it', async () => {
    const size = 24 * 1024 * 1024;
    await media.storage.put(media.key('film.mp4'), bodyOf(someBytes(size)), { mime: null });
    const { port } = await withPlugin({ stalledMs: 1_000 });
    const request = 'GET /uploads/film.mp4 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    const received = async (pauseMs: number) => {
      const socket = connect(port, '127.0.0.1').end(request);
      let bytes = 0;
      socket.on('error', () => undefined);
      if (pauseMs === Infinity) await new Promise((resolve) => setTimeout(resolve, 3_000));
      for await (const chunk of socket as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        // the system's own buffers take some megabytes, so that a pause is over before this server sees it
        await new Promise((resolve) => setTimeout(resolve, pauseMs === Infinity ? 0 : pauseMs));
      }
      return bytes;
    };
    expect(await received(5).catch(() => 0)).toBeGreaterThan(size);
    expect(await received(Infinity).catch(() => 0)).toBeLessThan(size);
  }, 20_000);

  test('a client that goes away ends its own read, and no body stays open', async () => {
    let asked: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => (asked = resolve));
    let ended: () => void = () => undefined;
    const aborted = new Promise<void>((resolve) => (ended = resolve));
    const body = new Readable({ read: () => undefined });
    const plugin = await world({
      reader: readerOf(async (_key, plan, options) => {
        options?.signal?.addEventListener('abort', () => ended());
        asked();
        await aborted;
        const facts = { size: 3, etag: 'e', mime: null };
        return { kind: 'file', facts, wanted: withoutLink(plan(facts)), body, from: 's3' };
      }),
    });
    const socket = connect(plugin.port, '127.0.0.1').end('GET /uploads/a.txt HTTP/1.1\r\nHost: x\r\n\r\n');
    await begun;
    socket.destroy();
    await aborted;
    // a body that came all the same is not left open
    if (!body.destroyed) await once(body, 'close');
    expect(body.destroyed).toBe(true);
  });

  test('a client that is answered in full is not taken for one that has gone', async () => {
    await media.put('kept.txt', 'bytes');
    const signals: AbortSignal[] = [];
    const plugin = await world({
      reader: readerOf((key, plan, options) => {
        signals.push(options!.signal!);
        return media.storage.reader.open(key, plan, options);
      }),
    });
    expect((await plugin.ask('/uploads/kept.txt')).bytes.toString()).toBe('bytes');
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  });
});

describe('pages and scripts among the uploads', () => {
  const PAGES = ['page.html', 'page.HTM', 'page.shtml', 'page.xhtml', 'image.svg', 'image.svgz', 'feed.xml', 'feed.rss', 'feed.atom', 'style.xsl', 'formula.mathml', 'data.rdf'];
  const SCRIPTS = ['script.js', 'script.mjs'];
  const OTHERS = ['text.txt', 'photo.png', 'style.css', 'data.json', 'report.pdf', 'film.mp4', 'no-extension'];
  const bring = { 'the disk': (name: string) => onDisk(name, 'content'), S3: (name: string) => media.put(name, 'content') };
  const restraints = ({ headers }: Answer) => [headers['content-security-policy'], headers['x-content-type-options']];

  describe.each(['the disk', 'S3'] as const)('from %s', (place) => {
    test.each([...PAGES, ...SCRIPTS])('%s is sandboxed, for GET, HEAD, a range and a 304', async (name) => {
      await bring[place](name);
      const { ask } = await withPlugin();
      const first = await ask(`/uploads/${name}`);
      const answers = [first, await ask(`/uploads/${name}`, {}, 'HEAD'), await ask(`/uploads/${name}`, { range: 'bytes=0-2' }), await ask(`/uploads/${name}`, { 'if-none-match': String(first.headers.etag) })];
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 206, 304]);
      for (const answer of answers) expect(restraints(answer)).toEqual([expect.stringMatching(/^sandbox; default-src 'none';/), 'nosniff']);
      if (SCRIPTS.includes(name)) expect(first.headers['content-type']).toBe('text/plain; charset=utf-8');
    });

    test.each(OTHERS)('%s is as it was', async (name) => {
      await bring[place](name);
      expect(restraints(await (await withPlugin()).ask(`/uploads/${name}`))).toEqual([undefined, undefined]);
    });

    test('they act as a part of the site where the project allows it', async () => {
      await bring[place]('page.html');
      await bring[place]('script.js');
      const { ask } = await withPlugin({ delivery: { allowActiveContent: true } });
      expect(restraints(await ask('/uploads/page.html'))).toEqual([undefined, undefined]);
      expect((await ask('/uploads/script.js')).headers['content-type']).toMatch(/javascript/);
    });
  });

  test('the sandbox takes the place of a policy for the whole site, and not of one that the project gives its uploads', async () => {
    await onDisk('page.html', 'content');
    const inMiddlewares: UploadsWorldOptions['inMiddlewares'] = (server) => void server.use((ctx, next) => (ctx.set('Content-Security-Policy', "script-src 'self'"), next()));
    expect(restraints(await (await withPlugin({ inMiddlewares })).ask('/uploads/page.html'))[0]).toMatch(/^sandbox/);
    const localServer = { setHeaders: (res: { setHeader(name: string, value: string): void }) => res.setHeader('Content-Security-Policy', "default-src 'self'") };
    expect(restraints(await (await withPlugin({ inMiddlewares, localServer })).ask('/uploads/page.html'))[0]).toBe("default-src 'self'");
  });

  test('a precompressed page beside a page is not served, because Strapi’s own handler would not sandbox it', async () => {
    await onDisk('page.html', 'content');
    await onDisk('page.html.gz', 'compressed');
    const answer = await (await withPlugin()).ask('/uploads/page.html', { 'accept-encoding': 'gzip' });
    expect([answer.bytes.toString(), restraints(answer)[1]]).toEqual(['content', 'nosniff']);
  });
});

describe('a download', () => {
  const NAMES: [string, string][] = [
    ['Report 2026.pdf', 'attachment; filename="Report 2026.pdf"'],
    ['Übersicht.pdf', 'attachment; filename="?bersicht.pdf"; filename*=UTF-8\'\'%C3%9Cbersicht.pdf'],
    ['Отчёт.pdf', 'attachment; filename="?????.pdf"; filename*=UTF-8\'\'%D0%9E%D1%82%D1%87%D1%91%D1%82.pdf'],
    ['a"b;c.pdf', 'attachment; filename="a\\"b;c.pdf"'],
    // Windows takes this for a folder and a file
    ['a\\b.pdf', 'attachment; filename="b.pdf"'],
    ['line\r\nX-Injected: 1.pdf', 'attachment; filename="lineX-Injected: 1.pdf"'],
    ['../../etc/passwd', 'attachment; filename="passwd"'],
    ['half \ud83d of a letter.pdf', 'attachment; filename="half ? of a letter.pdf"; filename*=UTF-8\'\'half%20%EF%BF%BD%20of%20a%20letter.pdf'],
    ['😀.pdf', 'attachment; filename="??.pdf"; filename*=UTF-8\'\'%F0%9F%98%80.pdf'],
    ['100%41.pdf', 'attachment; filename="100%41.pdf"; filename*=UTF-8\'\'100%2541.pdf'],
    // the key has a name where nothing of the editor's remains
    ...['', '..', ' ', '/', '\r\n'].map((name): [string, string] => [name, 'attachment; filename="report_1a2b.pdf"']),
  ];

  test.each(NAMES)('has the name that the editor gave the file: %j', async (name, disposition) => {
    await media.put('report_1a2b.pdf', 'content');
    const { ask } = await withPlugin({ originalName: async (key) => (key === 'report_1a2b.pdf' ? name : undefined) });
    for (const query of ['download', 'download=', 'download=1&x=2']) {
      const { status, headers, bytes } = await ask(`/uploads/report_1a2b.pdf?${query}`);
      expect([status, bytes.toString(), headers['content-type'], headers['cache-control']]).toEqual([200, 'content', 'application/pdf', 'no-store']);
      expect(headers['content-disposition']).toBe(disposition);
      expect(headers['x-injected']).toBeUndefined();
    }
    expect((await ask('/uploads/report_1a2b.pdf?width=100')).headers['content-disposition']).toBeUndefined();
  });

  test('has a name that systems store, and a header that proxies take, however long the editor’s name is', async () => {
    await media.put('report_1a2b.pdf', 'content');
    let name = '';
    const { ask } = await withPlugin({ originalName: async () => name });
    const disposition = async (given: string) => {
      name = given;
      return (await ask('/uploads/report_1a2b.pdf?download')).headers['content-disposition'];
    };
    const longest = `attachment; filename="${'?'.repeat(251)}.pdf"; filename*=UTF-8''${'%D1%8F'.repeat(251)}.pdf`;
    expect(await disposition(`${'я'.repeat(251)}.pdf`)).toBe(longest);
    expect(await disposition(`${'я'.repeat(5_000)}.pdf`)).toBe(longest);
    expect(await disposition(`x.${'y'.repeat(5_000)}`)).toBe(`attachment; filename="x.${'y'.repeat(233)}.${'y'.repeat(19)}"`);
    // the cut goes through the last letter
    expect(await disposition(`${'x'.repeat(250)}${'😀'.repeat(50)}.pdf`)).toBe(`attachment; filename="${'x'.repeat(250)}?.pdf"; filename*=UTF-8''${'x'.repeat(250)}%EF%BF%BD.pdf`);
  });

  test('has the name of the key where nobody can tell another, and of the file on disk as well', async () => {
    await onDisk('kept.txt', 'content');
    await onDisk('kept.txt.gz', 'compressed');
    const failing = await withPlugin({ originalName: async () => Promise.reject(new Error('no database')) });
    const answer = await failing.ask('/uploads/kept.txt?download', { 'accept-encoding': 'gzip' });
    expect([answer.status, answer.bytes.toString(), answer.headers['content-disposition']]).toEqual([200, 'content', 'attachment; filename="kept.txt"']);
    expect((await (await withPlugin()).ask('/uploads/kept.txt?download')).headers['content-disposition']).toBe('attachment; filename="kept.txt"');
  });
});
