import { createHmac } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { assertNotAborted } from '../../server/src/core/store/body';
import { StorageError } from '../../server/src/core/errors';
import { MemoryObjectStore } from '../../server/src/core/memory/object-store';
import { layer } from '../../server/src/core/store/resilience/layer';
import { assertName } from '../../server/src/core/store/names';
import type { ObjectPage, ObjectStore, PresignOptions } from '../../server/src/core/store/object-store';
import { bytesOf } from '../support/bodies';
import { startWebServer, type WebServer } from '../support/web-server';
import { type ContractCheck, namesOfRun } from './object-store';
import { LISTING_CHECKS } from './object-listing';
import { PRESIGN_CHECKS } from './object-presign';

/** The title of the first check that a store fails, or undefined when it passes all. A check that does not end has failed. */
async function failedCheck(checks: readonly ContractCheck<ObjectStore>[], make: () => ObjectStore): Promise<string | undefined> {
  for (const { title, run } of checks) {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('did not end')), 10_000);
    });
    const failed = await Promise.race([run(make(), namesOfRun()).then(() => false), late]).catch(() => true);
    clearTimeout(timer);
    if (failed) return title;
  }
  return undefined;
}

describe('the contract of listings', () => {
  const broken = (change: (right: MemoryObjectStore) => Partial<ObjectStore>) => () => {
    const right = new MemoryObjectStore();
    return layer(right, change(right));
  };
  const changedPage = (change: (page: ObjectPage) => Partial<ObjectPage>) =>
    broken((right) => ({
      list: async (...request) => {
        const page = await right.list(...request);
        return { ...page, ...change(page) };
      },
    }));
  const BROKEN: Record<string, () => ObjectStore> = {
    'ends after its first page': changedPage(() => ({ next: null })),
    'begins again with each page': broken((right) => ({ list: (prefix, { limit, signal }) => right.list(prefix, { limit, signal }) })),
    'repeats the last object of a page': broken((right) => ({
      list: async (prefix, request) => {
        const page = await right.list(prefix, request);
        const again = request.after === undefined ? [] : [{ name: request.after, ...(await right.head(request.after)) }];
        return { ...page, objects: [...again, ...page.objects].slice(0, request.limit) };
      },
    })),
    'takes no notice of the limit': broken((right) => ({ list: (prefix, request) => right.list(prefix, { ...request, limit: 1_000 }) })),
    'takes no notice of the prefix': broken((right) => ({ list: (_prefix, request) => right.list('', request) })),
    'takes the prefix for a folder and leaves out what is below': changedPage(({ objects }) => ({ objects: objects.filter(({ name }) => name.split('/').length < 3) })),
    'answers names as a URL has them': changedPage(({ objects }) => ({ objects: objects.map((object) => ({ ...object, name: encodeURI(object.name) })) })),
    'decodes names': changedPage(({ objects }) => ({ objects: objects.map((object) => ({ ...object, name: object.name.replaceAll('%2B', '+') })) })),
    'says no sizes': changedPage(({ objects }) => ({ objects: objects.map((object) => ({ ...object, size: 0 })) })),
    'leaves the quotes on the tag': changedPage(({ objects }) => ({ objects: objects.map((object) => ({ ...object, etag: `"${object.etag}"` })) })),
    'ignores abort': broken((right) => ({ list: (prefix, { signal: _ignored, ...request }) => right.list(prefix, request) })),
  };

  test('is passed by a right store', async () => {
    expect(await failedCheck(LISTING_CHECKS, () => new MemoryObjectStore())).toBeUndefined();
  });
  test.each(Object.keys(BROKEN))('finds out a store that %s', async (fault) => {
    expect(await failedCheck(LISTING_CHECKS, BROKEN[fault]!)).toBeDefined();
  });
});

describe('the contract of presigned URLs', () => {
  /** The faults of a server that gives objects to everybody who has a URL. */
  interface Faults {
    /** Returns the part of a request that the signature covers. */
    signed?: (method: string, target: URL) => string;
    expires?: false;
    steady?: false;
    ranges?: false;
    headers?: false;
    /** Returns the path that is written into the URL. */
    written?: (name: string) => string;
    checksTime?: false;
    checksName?: false;
    checksAbort?: false;
    asksFirst?: true;
  }
  const ANY_NAME = 'contract-any/name';

  const objects = new MemoryObjectStore();
  let faults: Faults = {};
  let web: WebServer;

  const signatureOf = (method: string, url: URL): string => {
    const unsigned = new URL(url);
    unsigned.searchParams.delete('signature');
    const text = faults.signed ? faults.signed(method, unsigned) : `${method} ${unsigned.pathname}${unsigned.search}`;
    return createHmac('sha256', 'key').update(text).digest('hex');
  };

  async function presign(name: string, { expiresInSeconds, steadyForSeconds, contentType, contentDisposition, signal }: PresignOptions): Promise<string> {
    if (faults.checksName !== false) assertName(name, 'presign');
    if (faults.checksAbort !== false) assertNotAborted('presign', name, signal);
    if (faults.checksTime !== false && !(Number.isInteger(expiresInSeconds) && expiresInSeconds > 0 && expiresInSeconds <= 604_800)) throw new StorageError('REJECTED', { refused: true });
    if (faults.asksFirst) await objects.head(name);
    const written = (faults.written ?? ((whole: string) => whole.split('/').map(encodeURIComponent).join('/')))(name);
    const url = new URL(`${web.url}/${written}`);
    const stepMs = faults.steady === false ? 1 : Math.max((steadyForSeconds ?? 0) * 1000, 1);
    url.searchParams.set('expires', String(Math.floor(Date.now() / stepMs) * stepMs + expiresInSeconds * 1000));
    if (contentType) url.searchParams.set('type', contentType);
    if (contentDisposition) url.searchParams.set('disposition', contentDisposition);
    url.searchParams.set('signature', signatureOf('GET', url));
    return url.href;
  }

  async function serve({ method = 'GET', url: target = '/', headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(target, web.url);
    const { searchParams: asked } = url;
    const isExpired = faults.expires !== false && Number(asked.get('expires')) < Date.now();
    if (signatureOf(method, url) !== asked.get('signature') || isExpired) return void response.writeHead(403).end();
    const name = decodeURIComponent(url.pathname.slice(1));
    const stored = await objects.get(name).catch(() => undefined);
    if (!stored) return void response.writeHead(404).end();
    const bytes = await bytesOf(stored.body);
    const range = faults.ranges === false ? null : /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '');
    if (faults.headers !== false) {
      for (const [key, header] of [['type', 'content-type'], ['disposition', 'content-disposition']] as const) {
        const value = asked.get(key);
        if (value) response.setHeader(header, value);
      }
    }
    response.writeHead(range ? 206 : 200).end(range ? bytes.subarray(Number(range[1]), Number(range[2]) + 1) : bytes);
  }

  beforeAll(async () => {
    web = await startWebServer(serve);
  });
  beforeEach(() => (faults = {}));
  afterAll(() => web.close());
  const make = () => layer(objects, { presign });

  const BROKEN: Record<string, Faults> = {
    'signs nothing': { signed: () => '' },
    'signs every name alike': { signed: (method, { search }) => `${method} ${ANY_NAME}${search}` },
    'signs every method alike': { signed: (_method, { pathname, search }) => pathname + search },
    'signs no headers': { signed: (method, { pathname, searchParams }) => `${method} ${pathname} ${searchParams.get('expires')}` },
    'signs no end': { signed: (method, url) => (url.searchParams.delete('expires'), `${method} ${url.pathname}${url.search}`) },
    'makes URLs that never expire': { expires: false },
    'makes a new URL each time': { steady: false },
    'writes names as they are': { written: (name) => name },
    'knows no ranges': { ranges: false },
    'does not answer the headers': { headers: false },
    'takes any time': { checksTime: false },
    'takes any name': { checksName: false },
    'ignores abort': { checksAbort: false },
    'asks for the object first': { asksFirst: true },
  };

  test('is passed by a right store', async () => {
    expect(await failedCheck(PRESIGN_CHECKS, make)).toBeUndefined();
  }, 20_000);
  test.each(Object.keys(BROKEN))('finds out a store that %s', async (fault) => {
    faults = BROKEN[fault]!;
    expect(await failedCheck(PRESIGN_CHECKS, make)).toBeDefined();
  }, 20_000);
  test('finds out a store that has no URLs', async () => {
    expect(await failedCheck(PRESIGN_CHECKS, () => new MemoryObjectStore())).toBeDefined();
  });
});
