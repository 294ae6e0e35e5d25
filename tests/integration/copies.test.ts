// This file is longer than others, because its cases follow one another on one production and one bucket: each start of a Strapi takes seconds.
import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { keysOf, urlsOf, type UploadedFile } from '../support/admin-client';
import { changes, snapshotOf } from '../support/bucket-snapshot';
import { clone, dump, startClone } from '../support/clone';
import { image, sha256, textFile, type TestFile } from '../support/images';
import { ledgerRows, observeDatabase } from '../support/observe-ledger';
import { removeFolder, tempFolder } from '../support/process';
import { MARKER } from '../support/raw-s3';
import { openStage, type Stage } from '../support/stage';
import { startStrapi, type StrapiInstance } from '../support/strapi';

/** A copy of production can never change the bucket, although nobody has told it that it is a copy. */
let stage: Stage;
let copy: StrapiInstance | undefined;
let folder: string;
const library: Record<string, UploadedFile> = {};
/** The SHA-256 of what visitors of production must get, by URL. */
const expected = new Map<string, string>();

const DAY_MS = 24 * 60 * 60_000;

interface Answer {
  mode: string;
  reason: { code: string; hint: string } | null;
}

/** Mode and reason, as the settings page shows them. */
async function modeOf(strapi: StrapiInstance): Promise<[string, string | null]> {
  const { body } = await strapi.api<Answer>('GET', '/s3-storage/settings');
  return [body.mode, body.reason?.code ?? null];
}
const becomes = (strapi: StrapiInstance, mode: string, reason: string | null = null, timeoutMs = 15_000) =>
  stage.eventually(`${mode} ${reason}`, async () => JSON.stringify(await modeOf(strapi)) === JSON.stringify([mode, reason]), timeoutMs);
const refusal = async (strapi: StrapiInstance, route: string, body: unknown = {}) => {
  const answer = await strapi.api<{ error?: { details: { code: string } } }>('POST', `/s3-storage${route}`, body);
  return [answer.status, answer.body.error?.details.code];
};

/** Uploads a file to production, and expects from now on that visitors get it. */
async function publish(name: string, file: TestFile): Promise<UploadedFile> {
  const [uploaded] = (await stage.strapi.upload(file)) as [UploadedFile];
  for (const url of urlsOf(uploaded)) expected.set(url, sha256((await stage.strapi.read(url)).bytes));
  return (library[name] = uploaded);
}

async function productionServesEverything(): Promise<void> {
  for (const [url, sum] of expected) {
    const { status, bytes } = await stage.strapi.read(url);
    expect([url, status, sha256(bytes)]).toEqual([url, 200, sum]);
  }
}

async function withdraw(name: string): Promise<UploadedFile> {
  const file = library[name]!;
  urlsOf(file).forEach((url) => expected.delete(url));
  delete library[name];
  await stage.strapi.remove(file.id);
  return file;
}

/** Runs work that must leave every object as it is, with a while for purge and sweep, which a deletion wakes at once. */
async function changesNoObject(work: () => Promise<void>): Promise<void> {
  const before = await snapshotOf(stage.bucket);
  stage.proxy.forget();
  await work();
  await sleep(2_000);
  expect(changes(before, await snapshotOf(stage.bucket))).toEqual([]);
}

/** Everything that an editor and an administrator can do with production's files and with files of the copy's own. */
async function workOn(strapi: StrapiInstance, names: { replaced: string; picture: string; removed: string; bulk: string[] }, code: string): Promise<void> {
  const [own, other] = (await strapi.upload([textFile('own.txt', 'only here'), textFile('other.txt', 'also here')])) as [UploadedFile, UploadedFile];
  await strapi.replace(library[names.replaced]!.id, textFile('replaced.txt', 'replaced on the copy'));
  await strapi.replace(library[names.picture]!.id, await image('picture.jpg', 'jpeg', 500, 500));
  await strapi.replace(own.id, textFile('own.txt', 'only here, twice'));
  await strapi.remove(library[names.removed]!.id);
  await strapi.remove(other.id);
  const { status } = await strapi.api('POST', '/upload/actions/bulk-delete', { fileIds: names.bulk.map((name) => library[name]!.id) });
  expect(status).toBe(200);

  for (const job of ['upload', 'cleanup', 'purge']) expect([job, await refusal(strapi, `/jobs/${job}/start`)]).toEqual([job, [409, code]]);
  expect(await refusal(strapi, '/jobs/audit/start', { apply: true })).toEqual([409, code]);
  expect((await strapi.api('POST', '/s3-storage/jobs/audit/start', {})).status).toBe(202);
  expect((await strapi.api('POST', '/s3-storage/jobs/restore/start', {})).status).toBe(202);
  await stage.eventually('audit and restore', async () => {
    const { body } = await strapi.api<{ jobs: { name: string; running: boolean; lastRun: { status: string } | null }[] }>('GET', '/s3-storage/jobs');
    // a restore rests between two runs if production has removed an object meanwhile
    return body.jobs.filter(({ name }) => name === 'audit' || name === 'restore').every(({ running, lastRun }) => !running && lastRun !== null);
  }, 30_000);

  expect((await strapi.read(own.url)).bytes.toString()).toBe('only here, twice');
  expect((await strapi.read(library[names.replaced]!.url)).bytes.toString()).toBe('replaced on the copy');
  for (const name of [names.removed, ...names.bulk]) expect([name, (await strapi.read(library[name]!.url)).status]).toEqual([name, 404]);
}

beforeAll(async () => {
  // this test clones by copying a database file; the protocol does not depend on the database
  stage = await openStage({ database: { client: 'sqlite' } });
  expect(await stage.configure()).toBe('read-write');
  folder = await tempFolder('dumps');
  for (const name of ['hero', 'face']) await publish(name, await image(`${name}.jpg`, 'jpeg', 900, 600));
  for (const name of ['terms', 'imprint', 'gone', 'bulk1', 'bulk2', 'later', 'last']) await publish(name, textFile(`${name}.txt`, `production’s ${name}`));
}, 300_000);

afterAll(async () => {
  await copy?.discard();
  await stage?.close();
  if (folder) await removeFolder(folder);
}, 60_000);

test('production has marked the bucket as its own', async () => {
  await stage.eventually('the marker', async () => (await stage.bucket.head(MARKER)) !== null);
  expect(JSON.parse((await stage.bucket.get(MARKER)).toString())).toMatchObject({ version: 1, database: { kind: 'sqlite' } });
  expect(await modeOf(stage.strapi)).toEqual(['read-write', null]);
});

test('a copy that starts seconds after the dump, while production runs, is read-only by itself', async () => {
  const appDir = await clone(stage.strapi);
  // production goes on, so that it is ahead of its dump in every way but the marker
  await publish('ahead', textFile('ahead.txt', 'written after the dump'));
  copy = await startClone(stage.strapi, appDir);
  await becomes(copy, 'read-only', 'DATABASE_COPY');
  expect((await copy.api<Answer>('GET', '/s3-storage/settings')).body.reason!.hint).toContain('safe as it is');
  for (const name of ['hero', 'terms']) for (const url of urlsOf(library[name]!)) expect(sha256((await copy.read(url)).bytes)).toBe(expected.get(url));
  expect(await modeOf(stage.strapi)).toEqual(['read-write', null]);
}, 120_000);

test('nothing that people do on the copy changes an object, and every job that could is refused', async () => {
  await changesNoObject(async () => {
    await workOn(copy!, { replaced: 'terms', picture: 'hero', removed: 'gone', bulk: ['bulk1', 'bulk2'] }, 'DATABASE_COPY');
    // neither does the copy try
    expect(stage.proxy.seen.filter(({ method, path: name }) => !['GET', 'HEAD'].includes(method) && !name.includes(MARKER))).toEqual([]);
  });
  await productionServesEverything();
}, 120_000);

test('the copy answers 404, and no 503, for an object that production has removed, and lets no cache keep that', async () => {
  const late = await copyLater('later');
  expect((await copy!.read(late)).status).toBe(200);
  await withdraw('later');
  await stage.eventually('the object is gone', async () => (await stage.bucket.head(late.replace('/uploads/', ''))) === null);
  const { status, headers } = await copy!.read(late);
  expect([status, headers.get('cache-control'), headers.get('retry-after')]).toEqual([404, 'no-store', null]);
}, 60_000);

/** The URL of a file of production that the copy has only in the bucket: the restore has brought all others to its disk. */
async function copyLater(name: string): Promise<string> {
  const { url } = library[name]!;
  await copy!.discard();
  copy = await startClone(stage.strapi, await clone(stage.strapi, { withDisk: false }));
  await becomes(copy, 'read-only', 'DATABASE_COPY');
  return url;
}

test('the copy reads the former bytes of a file that production replaces until production removes them, and then answers 404', async () => {
  const { id, url } = library['imprint']!;
  const former = url.replace('/uploads/', '');
  await stage.strapi.replace(id, textFile('imprint.txt', 'the new imprint'));
  expected.set(url, sha256(Buffer.from('the new imprint')));
  expect((await copy!.read(url)).bytes.toString()).toBe('production’s imprint');
  // a day passes for production
  const database = observeDatabase(stage.strapi);
  await database('s3_storage_names').where({ name: former }).update({ due_at: database.raw('due_at - ?', [DAY_MS]) });
  await database.destroy();
  expect((await stage.strapi.api('POST', '/s3-storage/jobs/purge/start', {})).status).toBe(202);
  await stage.eventually('the object is gone', async () => (await stage.bucket.head(former)) === null);
  const { status, headers } = await copy!.read(url);
  expect([status, headers.get('cache-control')]).toEqual([404, 'no-store']);
  await productionServesEverything();
}, 60_000);

test('a copy that starts while production is stopped does not take the bucket, and production is read-write when it starts again', async () => {
  await copy!.discard();
  await stage.strapi.stop();
  await dump(stage.strapi, path.join(folder, 'old.db'));
  copy = await startClone(stage.strapi, await clone(stage.strapi));
  await becomes(copy, 'read-only', 'DATABASE_COPY');
  await changesNoObject(() => workOn(copy!, { replaced: 'terms', picture: 'face', removed: 'gone', bulk: ['bulk1', 'bulk2'] }, 'DATABASE_COPY'));

  await stage.strapi.restart();
  await becomes(stage.strapi, 'read-write');
  await productionServesEverything();
  const fresh = await publish('fresh', textFile('fresh.txt', 'written after the start'));
  expect((await stage.bucket.get(keysOf(fresh)[0]!)).toString()).toBe('written after the start');
  expect(await modeOf(copy)).toEqual(['read-only', 'DATABASE_COPY']);
}, 180_000);

test('a second project is told that the bucket is taken, and under another prefix neither notices the other', async () => {
  const second = await startStrapi({ database: { client: 'sqlite' } });
  try {
    await changesNoObject(async () => {
      await second.api('PUT', '/s3-storage/settings', stage.settings);
      await becomes(second, 'read-only', 'BUCKET_OWNED');
      const [kept] = (await second.upload(textFile('terms.txt', 'of the second project'))) as [UploadedFile];
      expect((await second.read(kept.url)).bytes.toString()).toBe('of the second project');
      await second.remove(kept.id);
    });
    await second.api('PUT', '/s3-storage/settings', { prefix: 'second/' });
    await becomes(second, 'read-write');
    expect(await modeOf(stage.strapi)).toEqual(['read-write', null]);
    const before = await snapshotOf(stage.bucket);
    const [own, gone] = (await second.upload([textFile('own.txt', 'of the second project'), textFile('gone.txt', 'soon gone')])) as [UploadedFile, UploadedFile];
    await second.remove(gone.id);
    await stage.eventually('the second project’s object is gone', async () => (await stage.bucket.head(`second/${keysOf(gone)[0]}`)) === null);
    expect(changes(before, await snapshotOf(stage.bucket))).toEqual([`second/${keysOf(own)[0]} is new`]);
    await productionServesEverything();
  } finally {
    await second.discard();
  }
}, 120_000);

test('a marker that is lost is written again, once the bucket has proven to be production’s', async () => {
  await stage.bucket.remove(MARKER);
  await stage.eventually('the marker', async () => {
    // before each removal production looks at the marker, unless it did so in the last 10 seconds
    const [file] = (await stage.strapi.upload(textFile('short.txt', 'short-lived'))) as [UploadedFile];
    await stage.strapi.remove(file.id);
    await sleep(1_000);
    return (await stage.bucket.head(MARKER)) !== null;
  }, 75_000);
  expect(await modeOf(stage.strapi)).toEqual(['read-write', null]);
  expect(await modeOf(copy!)).toEqual(['read-only', 'DATABASE_COPY']);
}, 90_000);

test('an unreadable marker stops every change in the bucket, and production goes on by itself when it is gone', async () => {
  await stage.bucket.put(MARKER, '<html>Sorry</html>', 'text/html');
  await stage.strapi.restart();
  await becomes(stage.strapi, 'read-only', 'MARKER_UNREADABLE');
  const [kept] = (await stage.strapi.upload(textFile('kept.txt', 'on the disk'))) as [UploadedFile];
  const [key] = keysOf(kept);
  expected.set(kept.url, sha256(Buffer.from('on the disk')));
  const [gone] = keysOf(library['last']!);
  await changesNoObject(async () => {
    await withdraw('last');
    expect(await refusal(stage.strapi, '/jobs/upload/start')).toEqual([409, 'MARKER_UNREADABLE']);
    await productionServesEverything();
  });
  expect((await stage.bucket.get(MARKER)).toString()).toBe('<html>Sorry</html>');

  await stage.bucket.remove(MARKER);
  await becomes(stage.strapi, 'read-write');
  await stage.eventually('the file has followed', async () => (await stage.stored(key!))?.toString() === 'on the disk', 30_000);
  await stage.eventually('the deletion has followed', async () => (await stage.bucket.head(gone!)) === null, 75_000);
  await productionServesEverything();
}, 180_000);

test('production on an older state of its own database is read-only, and changes nothing', async () => {
  const present = path.join(folder, 'present.db');
  await stage.strapi.stop();
  await dump(stage.strapi, present);
  // the restored file is the same file to the system, as after `cp` or `sqlite3 .restore`
  await copyFile(path.join(folder, 'old.db'), stage.strapi.databaseFile!);
  await stage.strapi.restart();
  await becomes(stage.strapi, 'read-only', 'DATABASE_BEHIND');
  await changesNoObject(() => workOn(stage.strapi, { replaced: 'terms', picture: 'face', removed: 'gone', bulk: ['bulk1', 'bulk2'] }, 'DATABASE_BEHIND'));

  await stage.strapi.stop();
  await copyFile(present, stage.strapi.databaseFile!);
  await stage.strapi.restart();
  await becomes(stage.strapi, 'read-write');
  await productionServesEverything();
}, 180_000);

interface Claim {
  reason: { code: string } | null;
  owner: { id: string | null; server: string | null };
  uploads: { count: number };
}

const claimOf = async (strapi: StrapiInstance) => (await strapi.api<Claim>('GET', '/s3-storage/settings/claim')).body;

test('a claim makes the copy the owner: what it kept goes to S3, no object is lost, and production becomes read-only', async () => {
  const [kept] = (await copy!.upload(textFile('moved.txt', 'kept on the copy'))) as [UploadedFile];
  const before = await snapshotOf(stage.bucket);
  expect(await refusal(stage.strapi, '/settings/claim')).toEqual([409, 'NOTHING_TO_CLAIM']);
  const preview = await claimOf(copy!);
  expect(preview.reason!.code).toBe('DATABASE_COPY');
  expect(preview.owner.id).toBe((JSON.parse((await stage.bucket.get(MARKER)).toString()) as { owner: string }).owner);
  expect(preview.uploads.count).toBeGreaterThan(0);
  expect(await refusal(copy!, '/settings/claim', { owner: 'somebody-else', confirmDeletes: true })).toEqual([409, 'CLAIM_OUTDATED']);
  expect(await modeOf(copy!)).toEqual(['read-only', 'DATABASE_COPY']);

  const { status } = await copy!.api('POST', '/s3-storage/settings/claim', { owner: preview.owner.id, confirmDeletes: true });
  expect([status, await modeOf(copy!)]).toEqual([200, ['read-write', null]]);
  await stage.eventually('the kept file is in S3', async () => (await ledgerRows(copy!, keysOf(kept))).every(({ object_name }) => object_name !== null), 30_000);
  const [row] = await ledgerRows(copy!, keysOf(kept));
  expect((await stage.bucket.get(row!.object_name!)).toString()).toBe('kept on the copy');

  await stage.strapi.restart();
  await becomes(stage.strapi, 'read-only', 'BUCKET_OWNED');
  expect(changes(before, await snapshotOf(stage.bucket)).filter((change) => !change.endsWith('is new'))).toEqual([]);
  await changesNoObject(async () => {
    await withdraw('fresh');
    await productionServesEverything();
  });
}, 120_000);

test('production claims the bucket back, and the copy becomes read-only', async () => {
  const { owner } = await claimOf(stage.strapi);
  const { status } = await stage.strapi.api('POST', '/s3-storage/settings/claim', { owner: owner.id, confirmDeletes: true });
  expect([status, await modeOf(stage.strapi)]).toEqual([200, ['read-write', null]]);
  await productionServesEverything();
  await copy!.restart();
  await becomes(copy!, 'read-only', 'BUCKET_OWNED');
}, 60_000);
