import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { guardedApp, WAYS } from '../support/guarded-app';
import { textFile } from '../support/images';
import { openStage, type Stage } from '../support/stage';

let stage: Stage;
let stored: string;

beforeAll(async () => {
  stage = await openStage({ appDir: await guardedApp() });
  expect(await stage.configure()).toBe('read-write');
  const [file] = await stage.strapi.upload(textFile('guarded.txt', 'x'.repeat(2_000)));
  stored = file!.url;
  await writeFile(path.join(stage.strapi.uploadsDir, 'plain.txt'), 'on disk');
}, 300_000);

afterAll(() => stage?.close(), 60_000);

/** The answer in each way, and the answer to a visitor whom no guard stops. */
async function answers(url: string) {
  const guarded: [string, number, boolean][] = [];
  for (const [index, way] of WAYS.entries()) {
    const { status, bytes } = await stage.strapi.read(url, { 'x-guard': String(index) });
    guarded.push([way, status, bytes.includes('xxx') || bytes.includes('on disk')]);
  }
  return { guarded, free: await stage.strapi.read(url) };
}

const allRefuse = WAYS.map((way) => [way, 401, false]);

async function expectGuarded(url: string, status: number) {
  const { guarded, free } = await answers(url);
  expect(guarded).toEqual(allRefuse);
  expect(free.status).toBe(status);
  return free;
}

test('the project’s own guards refuse visitors while S3 is in use', async () => {
  const { headers } = await expectGuarded(stored, 200);
  expect(headers.get('x-hardened')).toBe(`${path.basename(stored)} 2000`);
  expect(headers.get('cache-control')).toBe('max-age=5');
  await expectGuarded('/uploads/plain.txt', 200);
});

test('strapi::compression makes the ETag of a compressed answer weak, and leaves a range uncompressed', async () => {
  const read = (encoding: string, range = {}) => stage.strapi.read(stored, { 'accept-encoding': encoding, ...range });
  const tag = (await read('identity')).headers.get('etag')!;
  const compressed = await read('gzip');
  expect([compressed.headers.get('content-encoding'), compressed.headers.get('etag')]).toEqual(['gzip', `W/${tag}`]);
  expect(await read('gzip', { range: 'bytes=0-1499' })).toMatchObject({ status: 206, bytes: Buffer.alloc(1_500, 'x') });
});

test('the project’s own guards refuse visitors during an outage', async () => {
  await stage.proxy.refuse();
  try {
    await expectGuarded(stored, 503);
    await expectGuarded('/uploads/plain.txt', 200);
  } finally {
    await stage.proxy.accept();
  }
});

test('the project’s own guards refuse visitors while S3 is off and the ledger knows files', async () => {
  await stage.strapi.restart({ S3_STORAGE_MODE: 'off' });
  await expectGuarded(stored, 503);
  await expectGuarded('/uploads/plain.txt', 200);
}, 120_000);

test('the project’s own guards refuse visitors without the plugin', async () => {
  await stage.strapi.restart({ WITHOUT_PLUGIN: 'true' });
  expect((await stage.strapi.api('GET', '/s3-storage/status')).status).toBe(404);
  const { headers } = await expectGuarded('/uploads/plain.txt', 200);
  expect([headers.get('x-hardened'), headers.get('cache-control')]).toEqual(['plain.txt 7', 'max-age=5']);
}, 120_000);
