import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { StatusAnswer } from '../../server/src/contracts/api';
import type { JobAnswer, JobName, JobsAnswer, ReportAnswer } from '../../server/src/contracts/jobs';
import { keysOf, type UploadedFile } from '../support/admin-client';
import { editorsOf, type Editors } from '../support/editors';
import { sha256, textFile } from '../support/images';
import { makeLibrary, type Library } from '../support/library';
import { observeDatabase } from '../support/observe-ledger';
import { sleep } from '../support/process';
import { openStage, type Stage } from '../support/stage';
import { uninstall } from '../support/uninstall';

/** A part of CI tells the story with a thousand images. Elsewhere the story tries another database or S3 server. */
const IMAGES = Number(process.env['MIGRATION_IMAGES'] ?? 60);
const STEP_MS = 300_000;
const SWEEP_MS = 60_000;
/** The time within which work is done that starts a few seconds after a write, and each minute. */
const SETTLED_MS = 90_000;

let stage: Stage;
let library: Library;
let editors: Editors;

beforeAll(async () => {
  stage = await openStage();
  library = await makeLibrary(stage.strapi, IMAGES);
  editors = editorsOf(stage.strapi, library);
}, 600_000);

afterAll(() => stage?.close(), 60_000);

const ask = async <T>(url: string) => (await stage.strapi.api<T>('GET', `/s3-storage${url}`)).body;
async function start(name: JobName, body: unknown = {}) {
  const answer = await stage.strapi.api('POST', `/s3-storage/jobs/${name}/start`, body);
  return { status: answer.status, body: answer.body };
}

async function job(name: JobName): Promise<JobAnswer> {
  const { jobs } = await ask<JobsAnswer>('/jobs');
  return jobs.find((found) => found.name === name) as JobAnswer;
}

/** Starts a job or its dry run, and waits for the end. */
async function complete(name: JobName, { dryRun = false } = {}): Promise<JobAnswer> {
  const runOf = (found: JobAnswer) => (dryRun ? found.lastDryRun : found.lastRun);
  const before = runOf(await job(name))?.id;
  expect((await start(name, { dryRun })).status).toBe(202);
  let now = await job(name);
  await stage.eventually(`${name} is complete`, async () => {
    now = await job(name);
    const run = runOf(now);
    if (run?.status === 'failed') throw new Error(`${name} failed: ${JSON.stringify(run)}\n${stage.strapi.logs().slice(-2_000)}`);
    return !now.running && run?.id !== before && run?.status === 'complete';
  }, STEP_MS);
  return now;
}

/** Library files that lie in the uploads folder, at plain paths and in the plugin's own folder. */
async function onDisk(): Promise<{ plain: string[]; own: string[] }> {
  const entries = await readdir(stage.strapi.uploadsDir, { recursive: true, withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map((entry) => path.relative(stage.strapi.uploadsDir, path.join(entry.parentPath, entry.name)));
  const files = names.filter((name) => path.basename(name) !== '.gitkeep');
  return {
    plain: files.filter((name) => !name.startsWith('.s3-storage')).sort(),
    own: files.filter((name) => name.startsWith('.s3-storage') && !path.basename(name).startsWith('volume')),
  };
}

async function visitorsGet(): Promise<void> {
  expect(await editors.wrongForVisitors()).toEqual([]);
}

test('phase 1 is refused before the plugin is configured, and the bucket is empty', async () => {
  expect(library.files.length).toBe(IMAGES);
  expect(await stage.bucket.keys()).toEqual([]);
  expect(await start('upload')).toMatchObject({ status: 409 });
});

test('a dry run of phase 1 counts the files and bytes of the library, and changes nothing', async () => {
  expect(await stage.configure()).toBe('read-write');
  const dry = await complete('upload', { dryRun: true });
  expect(dry.lastDryRun).toMatchObject({ dryRun: true, status: 'complete', total: library.sums.size });
  expect(dry.lastDryRun?.bytesTotal).toBe(await bytesOnDisk());
  expect(await stage.bucket.keys()).toEqual([]);
  const connection = observeDatabase(stage.strapi);
  try {
    expect(await connection('s3_storage_objects').select('object_key')).toEqual([]);
  } finally {
    await connection.destroy();
  }
  expect((await ask<ReportAnswer>('/jobs/upload/report')).run?.id).toBe(dry.lastDryRun?.id);
}, STEP_MS);

async function bytesOnDisk(): Promise<number> {
  let bytes = 0;
  for (const key of library.sums.keys()) bytes += (await readFile(path.join(stage.strapi.uploadsDir, key))).length;
  return bytes;
}

test('phase 2 is refused before phase 1 is complete', async () => {
  expect(await start('cleanup')).toMatchObject({ status: 409, body: { error: { details: { code: 'UPLOAD_INCOMPLETE' } } } });
});

test('phase 1 sends the library while editors work, and no file that lies in the bucket already', async () => {
  const filled = library.files.slice(0, 10).flatMap(keysOf);
  for (const key of filled) await stage.bucket.put(key, await readFile(path.join(stage.strapi.uploadsDir, key)));
  const [foreign] = keysOf(library.files[11] as UploadedFile) as [string];
  await stage.bucket.put(foreign, 'somebody else’s');

  stage.proxy.forget();
  const puts = new Map<string, number>();
  const unwatch = stage.proxy.watch(({ method, path: sent }) => {
    const name = decodeURIComponent(sent.split('?')[0]?.replace(`/${stage.bucket.bucket}/`, '') ?? '');
    if (method === 'PUT') puts.set(name, (puts.get(name) ?? 0) + 1);
  });
  const editing = editors.start(3);
  const done = await complete('upload');
  await editing.stop();
  unwatch();

  expect(done).toMatchObject({ complete: true, blockedBy: null });
  expect(filled.filter((key) => puts.has(key))).toEqual([]);
  // the probe for whether S3 refuses to overwrite takes two PUTs
  puts.delete('.s3-storage-probe-overwriting');
  expect([...puts].filter(([, times]) => times > 1)).toEqual([]);
  expect((await stage.bucket.get(foreign)).toString()).toBe('somebody else’s');
  // each untouched file has the same bytes in the bucket, and is still on the disk
  const objects = new Map((await stage.bucket.list()).map(({ key, etag }) => [key, etag]));
  for (const [key, sum] of library.sums) {
    if (!editors.untouched(key) || key === foreign) continue;
    const file = await readFile(path.join(stage.strapi.uploadsDir, key));
    expect([key, sha256(file)]).toEqual([key, sum]);
    expect([key, objects.get(key)]).toEqual([key, createHash('md5').update(file).digest('hex')]);
  }
  await visitorsGet();
}, STEP_MS + 120_000);

test('phase 2 frees the disk while editors work, and visitors still get every file', async () => {
  const editing = editors.start(5);
  await complete('cleanup');
  await editing.stop();
  await complete('cleanup');
  const left = async () => (await onDisk()).plain.filter((name) => editors.untouched(name));
  for (const deadline = Date.now() + SWEEP_MS; Date.now() < deadline && (await left()).length > 0; ) await sleep(200);
  expect(await left()).toEqual([]);
  const { objects } = await ask<StatusAnswer>('/status');
  expect([objects.local.count, objects.both.count, objects.failed.count]).toEqual([0, 0, 0]);
  await visitorsGet();
}, STEP_MS + 120_000);

test('leaving S3 sends new files to the disk, and the bucket stays as it is', async () => {
  expect(await stage.strapi.api('POST', '/s3-storage/settings/leave')).toMatchObject({ status: 200, body: { mode: 'read-only', reason: { code: 'LEAVING' } } });
  const before = await stage.bucket.keys();
  const [file] = (await stage.strapi.upload(textFile('after.txt', 'written after leaving'))) as [UploadedFile];
  editors.expected.set(file.hash + file.ext, sha256(Buffer.from('written after leaving')));
  expect((await readFile(path.join(stage.strapi.uploadsDir, file.hash + file.ext))).toString()).toBe('written after leaving');
  expect(await stage.bucket.keys()).toEqual(before);
  expect((await start('cleanup')).status).toBe(409);
});

test('restore brings every byte back to its plain path', async () => {
  expect((await complete('restore', { dryRun: true })).lastDryRun).toMatchObject({ total: expect.any(Number) });
  const before = await stage.bucket.keys();
  const replacedOnTheWay = library.files[15] as UploadedFile;
  const restoring = complete('restore');
  await editors.replaceImage(replacedOnTheWay);
  await restoring;
  await complete('restore');
  expect(await stage.bucket.keys()).toEqual(before);
  expect(await notAtTheirPaths()).toEqual([]);
  await visitorsGet();
}, STEP_MS + 60_000);

/** Files that plain Strapi would not find, or would find as they were before. */
async function notAtTheirPaths(): Promise<string[]> {
  const wrong: string[] = [];
  for (const [key, sum] of editors.expected) {
    const file = await readFile(path.join(stage.strapi.uploadsDir, key)).catch(() => Buffer.alloc(0));
    if (sha256(file) !== sum) wrong.push(key);
  }
  return wrong;
}

test('a file that is replaced after the restore comes to its plain path by itself', async () => {
  await editors.replaceImage(library.files[16] as UploadedFile);
  await editors.replaceImage(library.files[17] as UploadedFile);
  await stage.eventually('every file lies at its plain path', async () => (await notAtTheirPaths()).length === 0, SETTLED_MS);
  expect(await job('restore')).toMatchObject({ complete: true });
}, STEP_MS);

test('plain Strapi serves every file after the plugin was uninstalled', async () => {
  const { strapi } = stage;
  await uninstall(strapi, { panel: false });
  expect((await strapi.api('GET', '/s3-storage/status')).status).toBe(404);
  stage.proxy.forget();
  await visitorsGet();
  expect(stage.proxy.count()).toBe(0);

  // Strapi goes on, and the tables that are still there do no harm
  const [file] = (await strapi.upload(textFile('plain.txt', 'plain Strapi'))) as [UploadedFile];
  expect((await strapi.read(file.url)).bytes.toString()).toBe('plain Strapi');
  const [key] = [...editors.expected.keys()].filter((name) => library.sums.has(name));
  expect(existsSync(path.join(strapi.uploadsDir, key as string))).toBe(true);
}, STEP_MS);
