import { mkdtemp, readdir, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { publicSite } from '../../../server/src/adapters/strapi/public-site';
import { systemClock } from '../../../server/src/core/clock';
import { PublicUrlGate } from '../../../server/src/core/public-url/gate';
import { PublicMarks } from '../../../server/src/core/public-url/marks';
import { publicUrlOf, type PublicVerdict } from '../../../server/src/core/public-url/public-url';
import { openVolume, type Volume } from '../../../server/src/core/store/local/volume';
import { makeUnwritable } from '../../support/unwritable';
import { servingFolder, startWebServer, type WebServer } from '../../support/web-server';

const marks = new PublicMarks('the key of the project');
let root: string;
let volume: Volume;
let server: WebServer | undefined;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 's3-storage-public-'));
  volume = await openVolume(root);
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await rm(root, { recursive: true });
});

type Answer = (req: IncomingMessage, res: ServerResponse) => void | Promise<void>;

/** Another process of the project, which shares the key and nothing else. */
const strapi: Answer = (req, res) => {
  const answer = new PublicMarks('the key of the project').answerTo((req.url ?? '').slice('/uploads/'.length));
  if (answer === undefined) res.writeHead(404);
  res.end(answer ?? 'Not Found');
};

async function verdictOf(answer: Answer, quick = false): Promise<PublicVerdict> {
  server = await startWebServer(answer);
  const clock = quick ? { sleep: (_ms: number, signal?: AbortSignal) => systemClock.sleep(50, signal) } : systemClock;
  return publicUrlOf({ site: publicSite(server.url, clock), marks, volume }).check();
}

test('a web server that passes everything on is fine, and the check leaves nothing in the folder', async () => {
  expect(await verdictOf(strapi)).toEqual({ code: null, detail: server!.url });
  expect(await readdir(root)).toEqual(['.s3-storage']);
});

test('a web server that serves the folder itself is UPLOADS_NOT_REACHED', async () => {
  expect(await verdictOf(servingFolder(root, strapi))).toEqual({ code: 'UPLOADS_NOT_REACHED', detail: `${server!.url} answers with the files of ${root} itself` });
});

test('a web server that serves a folder without the files is UPLOADS_NOT_REACHED', async () => {
  expect(await verdictOf(servingFolder(path.join(root, 'none'), strapi))).toMatchObject({ code: 'UPLOADS_NOT_REACHED', detail: expect.stringContaining('answered 404') });
});

test('a web server that answers everything with the page of an application is UPLOADS_NOT_REACHED', async () => {
  expect(await verdictOf((_req, res) => void res.end('<html>'))).toMatchObject({ code: 'UPLOADS_NOT_REACHED' });
});

test('a web server that looks into the folder first is UPLOADS_SERVED_FIRST', async () => {
  const hidden = (req: IncomingMessage, res: ServerResponse) => (req.url?.includes('/.') ? strapi(req, res) : servingFolder(root, strapi, { tryFiles: true })(req, res));
  expect(await verdictOf(hidden)).toMatchObject({ code: 'UPLOADS_SERVED_FIRST' });
});

test('a web server that gives out files of the plugin’s own folder is OWN_FOLDER_EXPOSED', async () => {
  expect(await verdictOf(servingFolder(root, strapi, { tryFiles: true }))).toMatchObject({ code: 'OWN_FOLDER_EXPOSED' });
});

test.each([401, 403, 429, 500, 503])('an answer with the status %s leaves the check without a result', async (status) => {
  expect(await verdictOf((_req, res) => void res.writeHead(status).end())).toMatchObject({ code: 'PUBLIC_URL_UNCHECKED' });
});

test('a web server that is silent, sends without end or is not there leaves the check without a result', async () => {
  expect(await verdictOf(() => undefined, true)).toMatchObject({ code: 'PUBLIC_URL_UNCHECKED', detail: expect.stringContaining('no answer in time') });
  await server!.close();
  const endless: Answer = (_req, res) => {
    const timer = setInterval(() => res.write('x'), 5);
    res.on('close', () => clearInterval(timer));
  };
  expect(await verdictOf(endless, true)).toMatchObject({ code: 'PUBLIC_URL_UNCHECKED' });
  const { url } = server!;
  await server!.close();
  server = undefined;
  const gone = await publicUrlOf({ site: publicSite(url, systemClock), marks, volume }).check();
  expect(gone).toEqual({ code: 'PUBLIC_URL_UNCHECKED', detail: `${url}: ECONNREFUSED` });
  expect((await publicUrlOf({ site: undefined, marks, volume }).check()).code).toBe('PUBLIC_URL_UNCHECKED');
});

test('the check reads only the beginning of a large answer', async () => {
  let sent = 0;
  const large: Answer = async (_req, res) => {
    for (; sent < 50_000_000 && !res.destroyed; sent += 100_000) if (!res.write(Buffer.alloc(100_000))) await Promise.race([new Promise((go) => res.once('drain', go)), new Promise((go) => res.once('close', go))]);
  };
  expect(await verdictOf(large)).toMatchObject({ code: 'UPLOADS_NOT_REACHED' });
  expect(sent).toBeLessThan(50_000_000);
});

test('the check follows redirects on the same host, and gives up endless ones', async () => {
  const moved: Answer = (req, res) => {
    if (!req.url?.startsWith('/uploads/moved/')) return void res.writeHead(301, { location: req.url!.replace('/uploads/', '/uploads/moved/') }).end();
    req.url = req.url.replace('/moved', '');
    return strapi(req, res);
  };
  expect(await verdictOf(moved)).toMatchObject({ code: null });
  await server!.close();
  expect(await verdictOf((req, res) => void res.writeHead(302, { location: req.url }).end())).toMatchObject({ code: 'PUBLIC_URL_UNCHECKED' });
  expect(server!.asked.length).toBeLessThanOrEqual(12);
});

test('the check does not follow a redirect to another host', async () => {
  const other = await startWebServer(strapi);
  try {
    // this is the same machine under another name
    const away = other.url.replace('127.0.0.1', 'localhost');
    expect(await verdictOf((req, res) => void res.writeHead(302, { location: `${away}${req.url}` }).end())).toMatchObject({ code: 'PUBLIC_URL_UNCHECKED' });
    expect(other.asked).toEqual([]);
  } finally {
    await other.close();
  }
});

test('the check works for a folder that cannot be written', async () => {
  const undo = await makeUnwritable(root);
  try {
    expect(await verdictOf(strapi)).toMatchObject({ code: null });
  } finally {
    await undo();
  }
});

test('a mark is answered only if its name was made with the key of the project', () => {
  const { name, answer } = marks.fresh();
  expect(marks.answerTo(name)).toBe(answer);
  expect(new PublicMarks('another key').answerTo(name)).toBeUndefined();
  for (const text of ['', 'a.png', name.replace('.png', ''), `x${name}`, name.replace(/-.{32}\.png$/, `-${'0'.repeat(32)}.png`)]) expect(marks.answerTo(text)).toBeUndefined();
});

describe('the gate', () => {
  test('shows the last verdict without a check, shares one check among all who ask, and checks again after 31 s', async () => {
    let elapsed = 0;
    let asked = 0;
    const verdict = { code: 'UPLOADS_NOT_REACHED' as const, detail: '' };
    const gate = new PublicUrlGate({ check: async () => (asked++, verdict) }, { elapsed: () => elapsed });
    expect(gate.known()).toBeNull();
    await Promise.all([gate.fresh(), gate.fresh()]);
    expect([gate.known(), asked]).toEqual([verdict, 1]);
    // the gate asks again soon after a verdict that stops jobs
    elapsed += 31_000;
    gate.known();
    await gate.fresh();
    expect(asked).toBe(2);
  });
});
