import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { textFile } from '../support/images';
import { hasPostgres, startPostgres, type DatabaseServer } from '../support/databases';
import { sleep } from '../support/process';
import { openStage, type Stage } from '../support/stage';
import { startStrapi, type StrapiInstance } from '../support/strapi';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy';
import { freshDatabase, type TestDatabase } from '../support/test-database';

/** The longest wait of a visitor in milliseconds: twice the time in “An outage” in `docs/design.md`, for a busy machine. */
const PATIENCE_MS = 10_000;

let server: DatabaseServer | null = null;
let proxy: TcpProxy;
let stage: Stage;

/** A database that processes reach through the proxy. */
async function database(): Promise<TestDatabase> {
  const fresh = await freshDatabase(server!.url);
  if (fresh.client === 'sqlite') throw new Error('not a server');
  const url = new URL(fresh.url);
  url.port = String(proxy.port);
  return { ...fresh, url: url.href };
}

const timed = async (strapi: StrapiInstance, url: string) => {
  const started = performance.now();
  const { status, bytes, headers } = await strapi.read(url);
  return { status, text: bytes.toString(), headers, ms: performance.now() - started };
};

const suite = hasPostgres() ? describe : describe.skip;

suite('while PostgreSQL does not answer', () => {
  beforeAll(async () => {
    server = await startPostgres();
    proxy = await startTcpProxy(Number(new URL(server!.url).port));
    stage = await openStage({ database: await database() });
    expect(await stage.configure()).toBe('read-write');
  }, 300_000);

  afterAll(async () => {
    // a process that stops asks the database
    proxy?.heal();
    await stage?.close();
    await proxy?.close();
    await server?.stop();
  }, 60_000);

  test('visitors get 503 within seconds while packets are dropped, and the files again when they pass', async () => {
    const [file] = await stage.strapi.upload(textFile('kept.txt', 'kept'));
    await writeFile(path.join(stage.strapi.uploadsDir, 'unlisted.txt'), 'on disk');
    expect((await stage.strapi.read(file!.url)).status).toBe(200);
    proxy.silence();
    // the process knows a row that it looked up less than two seconds ago
    expect((await timed(stage.strapi, file!.url)).text).toBe('kept');
    await sleep(2_500);

    for (const url of [file!.url, '/uploads/unlisted.txt', '/uploads/unknown.txt', file!.url]) {
      const { status, headers, ms } = await timed(stage.strapi, url);
      expect([url, status, headers.get('retry-after'), headers.get('cache-control')]).toEqual([url, 503, '5', 'no-store']);
      expect(ms).toBeLessThan(PATIENCE_MS);
    }
    const crowd = await Promise.all(Array.from({ length: 50 }, () => timed(stage.strapi, file!.url)));
    expect(crowd.map(({ status }) => status)).toEqual(crowd.map(() => 503));
    expect(Math.max(...crowd.map(({ ms }) => ms))).toBeLessThan(PATIENCE_MS);
    expect(stage.strapi.logs().match(/could not be looked up, and visitors get 503/g)).toHaveLength(1);

    proxy.heal();
    await stage.eventually('the file is served again', async () => (await stage.strapi.read(file!.url)).status === 200);
    expect((await stage.strapi.read('/uploads/unlisted.txt')).bytes.toString()).toBe('on disk');
    expect((await stage.strapi.read('/uploads/unknown.txt')).status).toBe(404);
  }, 120_000);

  test('visitors get 503 within seconds while connections are refused, and the file again afterwards', async () => {
    const [file] = await stage.strapi.upload(textFile('refused.txt', 'refused'));
    await proxy.refuse();
    await sleep(2_500);
    const { status, headers, ms } = await timed(stage.strapi, file!.url);
    expect([status, headers.get('retry-after'), headers.get('cache-control')]).toEqual([503, '5', 'no-store']);
    expect(ms).toBeLessThan(PATIENCE_MS);
    await proxy.accept();
    await stage.eventually('the file is served again', async () => (await stage.strapi.read(file!.url)).status === 200, 60_000);
  }, 120_000);

  test('files on disk are served as without the plugin where S3 was never set up', async () => {
    const strapi = await startStrapi({ database: await database() });
    try {
      const [file] = await strapi.upload(textFile('plain.txt', 'plain'));
      expect((await strapi.read(file!.url)).status).toBe(200);
      proxy.silence();
      await sleep(2_500);
      for (let visitor = 0; visitor < 3; visitor++) {
        const { status, text, ms } = await timed(strapi, file!.url);
        expect([status, text]).toEqual([200, 'plain']);
        expect(ms).toBeLessThan(PATIENCE_MS);
      }
    } finally {
      proxy.heal();
      await strapi.discard();
    }
  }, 300_000);
});
