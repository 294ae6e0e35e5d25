import { get as httpGet } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { someBytes } from '../support/bodies';
import { startCountingProxy, type CountingProxy } from '../support/counting-proxy';
import { observeDatabase } from '../support/observe-ledger';
import { openStage, type Stage } from '../support/stage';

/** The size of a file that the media library lists and that only the bucket has. The tests count S3's traffic on the wire. */
const SIZE = 8 * 1024 * 1024;
let stage: Stage;
let wire: CountingProxy;

async function observed<T>(work: (connection: ReturnType<typeof observeDatabase>) => Promise<T>): Promise<T> {
  const connection = observeDatabase(stage.strapi);
  try {
    return await work(connection);
  } finally {
    await connection.destroy();
  }
}

/** Leaves a file as rclone and an import leave it. */
async function bring(hash: string, bytes: Buffer): Promise<string> {
  await stage.bucket.put(`${hash}.bin`, bytes);
  const now = new Date();
  await observed((connection) => connection('files').insert({ name: hash, hash, ext: '.bin', mime: 'application/octet-stream', size: bytes.length / 1000, url: `/uploads/${hash}.bin`, provider: 'local', created_at: now, updated_at: now }));
  return `${stage.strapi.url}/uploads/${hash}.bin`;
}

beforeAll(async () => {
  stage = await openStage();
  wire = await startCountingProxy(stage.s3.endpoint);
  expect(await stage.configure({ ...stage.settings, endpoint: wire.endpoint })).toBe('read-write');
}, 300_000);

afterAll(async () => {
  await stage?.close();
  await wire?.close();
}, 60_000);

test('the index on the media library is made, and Strapi keeps it when it boots again', async () => {
  const client = stage.strapi.database.client;
  const indexes = () =>
    observed(async (connection) => {
      const answer: unknown = await connection.raw(
        client === 'sqlite' ? "select name from sqlite_master where type = 'index' and tbl_name = 'files'"
        : client === 'postgres' ? "select indexname as name from pg_indexes where tablename = 'files'"
        : "select distinct index_name as name from information_schema.statistics where table_schema = database() and table_name = 'files'",
      );
      const rows = client === 'sqlite' ? answer : client === 'postgres' ? (answer as { rows: unknown }).rows : (answer as unknown[])[0];
      return (rows as { name: string }[]).map(({ name }) => name);
    });
  await stage.eventually('the index is made', async () => (await indexes()).includes('s3_storage_files_hash_index'));
  const before = (await indexes()).sort();
  await stage.strapi.restart();
  expect((await indexes()).sort()).toEqual(before);
  // it holds, too, where Strapi compares its whole schema with the database's, as after a change of a content type
  await stage.strapi.stop();
  await observed((connection) => connection('strapi_database_schema').delete());
  await stage.strapi.restart();
  expect((await indexes()).sort()).toEqual(before);
}, 120_000);

test('fifty visitors who ask for a part of a new file cost one download', async () => {
  const bytes = someBytes(SIZE);
  const url = await bring('video_0123456789', bytes);
  const before = wire.received;
  const part = () => fetch(url, { headers: { range: 'bytes=0-99' } });
  const answers = await Promise.all(Array.from({ length: 50 }, part));
  for (const answer of answers) {
    expect([206, 503]).toContain(answer.status);
    if (answer.status === 503) expect(answer.headers.get('retry-after')).toBe('5');
    await answer.arrayBuffer();
  }
  await stage.eventually('the part is served', async () => (await part()).status === 206);
  const served = await part();
  expect(Buffer.from(await served.arrayBuffer()).equals(bytes.subarray(0, 100))).toBe(true);
  expect(wire.received - before).toBeLessThan(1.5 * SIZE);
}, 60_000);

test('twenty HEAD requests that hang up at once cost no download', async () => {
  const url = await bring('film_0123456789', someBytes(3 * SIZE, 2));
  const before = wire.received;
  for (let visitor = 0; visitor < 20; visitor++) {
    const request = httpGet(url, { method: 'HEAD' }).on('error', () => undefined);
    await sleep(15);
    request.destroy();
  }
  await sleep(1_000);
  expect(wire.received - before).toBeLessThan(SIZE);
  const head = await fetch(url, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, `${3 * SIZE}`]);
  expect((await stage.strapi.read('/uploads/film_0123456789.bin')).bytes.equals(someBytes(3 * SIZE, 2))).toBe(true);
}, 60_000);
