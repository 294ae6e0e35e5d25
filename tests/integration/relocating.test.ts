import { createHash } from 'node:crypto';
import type { JobAnswer, JobsAnswer } from '../../server/src/contracts/jobs';
import { urlsOf } from '../support/admin-client';
import { typed } from '../support/command-line';
import { image, sha256, textFile } from '../support/images';
import { observeDatabase } from '../support/observe-ledger';
import { rawBucket, type RawBucket } from '../support/raw-s3';
import { startS3, type S3Server } from '../support/s3';
import { openStage, type Stage } from '../support/stage';

/** A library moves to another provider and back, while somebody reads it all the time and its server is killed. */
const TEXTS = 40;

let stage: Stage;
let second: S3Server;
let target: RawBucket;
/** The checksum of each URL's bytes. */
const expected = new Map<string, string>();

const moved = () => ({ endpoint: second.endpoint, accessKeyId: second.accessKeyId, secretAccessKey: second.secretAccessKey });

beforeAll(async () => {
  stage = await openStage();
  second = await startS3();
  target = rawBucket(second, await second.createBucket(stage.bucket.bucket));
  await stage.configure({ ...stage.settings, concurrency: 2 });
  const photo = await image('photo.jpg', 'jpeg', 900, 700);
  const files = await stage.strapi.upload([photo, ...Array.from({ length: TEXTS }, (_, index) => textFile(`text-${index}.txt`, `the bytes of ${index}`))]);
  for (const url of files.flatMap(urlsOf)) expected.set(url, sha256((await stage.strapi.read(url)).bytes));
}, 300_000);

afterAll(async () => {
  target?.close();
  await second?.stop();
  await stage?.close();
}, 60_000);

/** Reads every file once, and returns the URLs that do not have their bytes. */
async function misread(): Promise<[string, number][]> {
  const wrong: [string, number][] = [];
  for (const [url, sum] of expected) {
    const { status, bytes } = await stage.strapi.read(url);
    if (status !== 200 || sha256(bytes) !== sum) wrong.push([url, status]);
  }
  return wrong;
}

const relocation = async (): Promise<JobAnswer> => {
  const { body } = await stage.strapi.api<JobsAnswer>('GET', '/s3-storage/jobs');
  return body.jobs.find(({ name }) => name === 'relocate')!;
};
const start = async (body = {}) => (await stage.strapi.api('POST', '/s3-storage/jobs/relocate/start', body)).status;
const objectsIn = async (bucket: RawBucket) => (await bucket.keys()).filter((key) => !key.startsWith('.s3-storage-probe'));

/** Reads with plain SQL where each file's object is. */
async function rows(): Promise<{ object_name: string; location_id: number; md5: string }[]> {
  const database = observeDatabase(stage.strapi);
  try {
    return await database('s3_storage_objects').select('object_name', 'location_id', 'md5').whereIn('state', ['both', 'remote']);
  } finally {
    await database.destroy();
  }
}

/** Ends the grace of every condemned name, as if a day had passed. */
async function endGrace(): Promise<void> {
  const database = observeDatabase(stage.strapi);
  try {
    await database('s3_storage_names').where('status', 'condemned').update({ due_at: 0, condemned_at: 0 });
  } finally {
    await database.destroy();
  }
}

/** Holds the bucket against the rows, byte by byte. */
async function provenIn(bucket: RawBucket): Promise<void> {
  const all = await rows();
  expect(all).toHaveLength(expected.size);
  expect(new Set(all.map(({ location_id }) => location_id)).size).toBe(1);
  for (const { object_name, md5 } of all) expect([object_name, createHash('md5').update(await bucket.get(object_name)).digest('hex')]).toEqual([object_name, md5]);
}

test('before the bucket was ever changed there is nothing to move', async () => {
  expect(await relocation()).toMatchObject({ complete: true, lastRun: null, progress: { done: expected.size, total: expected.size }, blockedBy: null, warning: null });
});

test('after a change of the provider a dry run counts the objects at the former one, and moves none', async () => {
  await stage.configure({ ...moved(), bucket: stage.bucket.bucket });
  expect(await relocation()).toMatchObject({ complete: false, progress: { done: 0, total: expected.size } });
  expect(await start({ dryRun: true })).toBe(202);
  await stage.eventually('the dry run', async () => (await relocation()).lastDryRun?.status === 'complete');
  expect((await relocation()).lastDryRun).toMatchObject({ total: expected.size, requests: { head: expected.size, get: expected.size, put: expected.size } });
  expect(await objectsIn(target)).toEqual([]);
}, 60_000);

test('the job goes on after kill -9, and every file can be read with its own bytes all the time', async () => {
  // without this the whole library would move before the kill
  stage.proxy.on({ fault: { kind: 'latency', ms: 100 } });
  expect(await start()).toBe(202);
  await stage.eventually('some objects have moved', async () => (await objectsIn(target)).length > 4, 60_000);
  expect(await misread()).toEqual([]);
  await stage.strapi.kill();
  const before = (await objectsIn(target)).length;
  expect(before).toBeLessThan(expected.size);
  await stage.strapi.restart();
  let reads = 0;
  while (!(await relocation()).complete) {
    expect(await misread()).toEqual([]);
    reads++;
  }
  stage.proxy.heal();
  expect(reads).toBeGreaterThan(0);
  await provenIn(target);
  expect(await misread()).toEqual([]);
}, 240_000);

test('the former objects stay for a day, and then they go', async () => {
  expect(await objectsIn(stage.bucket)).toHaveLength(expected.size);
  await endGrace();
  await stage.strapi.restart();
  await stage.eventually('the former bucket is empty', async () => (await objectsIn(stage.bucket)).length === 0, 120_000);
  expect(await misread()).toEqual([]);
  await provenIn(target);
}, 240_000);

test('with the former settings the command relocate moves everything back', async () => {
  await stage.configure(stage.settings);
  expect(await misread()).toEqual([]);
  const { code, stdout } = await typed(stage.strapi, 'relocate --yes');
  expect([code, stdout]).toEqual([0, expect.stringContaining(`${expected.size} files`)]);
  await provenIn(stage.bucket);
  expect(await misread()).toEqual([]);
}, 240_000);

test('within one endpoint S3 copies the objects itself, and none goes through this server', async () => {
  await stage.configure({ prefix: 'media/' });
  stage.proxy.forget();
  expect(await start()).toBe(202);
  await stage.eventually('everything is under the prefix', async () => (await relocation()).complete, 120_000);
  const moves = stage.proxy.seen.filter(({ path }) => path.includes('/media/') && !path.includes('.s3-storage-'));
  const copies = moves.filter(({ method, headers }) => method === 'PUT' && headers['x-amz-copy-source'] !== undefined);
  expect([copies.length, moves.filter(({ method }) => method === 'GET').length]).toEqual([expected.size, 0]);
  for (const { object_name } of await rows()) expect(object_name).toMatch(/^media\//);
  await provenIn(stage.bucket);
  expect(await misread()).toEqual([]);
}, 240_000);
