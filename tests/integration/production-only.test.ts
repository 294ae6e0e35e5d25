import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { keysOf, type UploadedFile } from '../support/admin-client';
import { image, textFile, type TestFile } from '../support/images';
import { layOutApp } from '../support/playground-app';
import { tempFolder } from '../support/process';
import { openStage, type Stage } from '../support/stage';
import { startStrapi, type StrapiInstance } from '../support/strapi';

let stage: Stage;
let copy: StrapiInstance;
let production: Record<'hero' | 'terms' | 'gone', UploadedFile>;

/** A second app on a copy of the first one's database and secrets, with its own disk, as for staging or on a laptop. */
async function cloneOf(original: StrapiInstance): Promise<StrapiInstance> {
  const appDir = await tempFolder('clone');
  await layOutApp(appDir);
  await mkdir(path.join(appDir, '.tmp'), { recursive: true });
  await copyFile(original.databaseFile!, path.join(appDir, '.tmp/data.db'));
  return startStrapi({ appDir, database: { client: 'sqlite' }, secrets: original.secrets, env: { S3_STORAGE_ENV: 'staging' } });
}

beforeAll(async () => {
  // this test clones by copying a database file; the protocol does not depend on the database
  stage = await openStage({ database: { client: 'sqlite' } });
  expect(await stage.configure({ ...stage.settings, productionOnly: true })).toBe('read-write');
  production = {
    hero: await uploadOne(await image('hero.jpg', 'jpeg', 900, 600)),
    terms: await uploadOne(textFile('terms.txt', 'the terms')),
    gone: await uploadOne(textFile('gone.txt', 'to be deleted in staging')),
  };
  copy = await cloneOf(stage.strapi);
}, 300_000);

afterAll(async () => {
  await copy?.discard();
  await stage?.close();
}, 60_000);

async function uploadOne(file: TestFile): Promise<UploadedFile> {
  const [uploaded] = await stage.strapi.upload(file);
  return uploaded!;
}

const snapshot = async () =>
  new Map(await Promise.all((await stage.bucket.keys()).map(async (key) => [key, (await stage.bucket.get(key)).toString('base64')] as const)));

test('a copy of production is read-only, and says why', async () => {
  const { body } = await copy.api<{ mode: string; reason: { code: string; hint: string } }>('GET', '/s3-storage/settings');
  expect(body.mode).toBe('read-only');
  expect(body.reason).toMatchObject({ code: 'PRODUCTION_ONLY', hint: expect.stringContaining('S3_STORAGE_ENV') });
});

test('a copy of production reads production’s files from the bucket', async () => {
  for (const file of Object.values(production)) {
    for (const key of keysOf(file)) {
      const answer = await copy.read(`/uploads/${key}`);
      expect(answer.status).toBe(200);
      expect(answer.bytes.equals(await stage.bucket.get(key))).toBe(true);
    }
  }
});

test('uploads, replaces, deletes and tests in a copy of production change no object in the bucket', async () => {
  const before = await snapshot();
  stage.proxy.forget();
  const { hero, terms, gone } = production;
  const [mine] = (await copy.upload(textFile('mine.txt', 'only here'))) as [UploadedFile];
  await copy.replace(terms.id, textFile('terms.txt', 'staging terms'));
  await copy.replace(hero.id, await image('hero.jpg', 'jpeg', 500, 500));
  await copy.remove(gone.id);
  const tested = await copy.api<{ steps: { name: string; ok: boolean }[] }>('POST', '/s3-storage/settings/test', {});
  expect(tested.body.steps.filter((step) => !step.ok)).toEqual([]);
  expect(tested.body.steps.map((step) => step.name)).not.toContain('write');

  expect((await copy.read(mine.url)).bytes.toString()).toBe('only here');
  expect((await copy.read(terms.url)).bytes.toString()).toBe('staging terms');
  expect((await copy.read(gone.url)).status).toBe(404);
  // the wait is long enough for purge and sweep, which are woken at once
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect(stage.proxy.seen.filter(({ method }) => method !== 'GET' && method !== 'HEAD')).toEqual([]);
  expect(await snapshot()).toEqual(before);

  expect((await stage.strapi.read(terms.url)).bytes.toString()).toBe('the terms');
  expect((await stage.strapi.read(gone.url)).bytes.toString()).toBe('to be deleted in staging');
}, 60_000);

test('a copy of production stays read-only when its productionOnly is switched off, because the bucket says whose it is', async () => {
  const { body } = await copy.api<{ mode: string; reason: { code: string } }>('PUT', '/s3-storage/settings', { productionOnly: false });
  expect(body).toMatchObject({ mode: 'read-only', reason: { code: 'DATABASE_COPY' } });
  // the objects that it deleted while it was read-only stay, because they were never its own to remove
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect((await stage.strapi.read(production.gone.url)).bytes.toString()).toBe('to be deleted in staging');
}, 30_000);

test('S3_STORAGE_MODE=off switches S3 off, and the ledger still knows deletes and replaces', async () => {
  await copy.restart({ S3_STORAGE_MODE: 'off' });
  const off = await copy.api<{ mode: string; reason: { code: string } }>('GET', '/s3-storage/settings');
  expect(off.body).toMatchObject({ mode: 'off', reason: { code: 'MODE_OVERRIDE' } });
  // the mode is off, but the ledger is in use: it still knows what was deleted and what was replaced
  const { terms, gone } = production;
  expect((await copy.read(gone.url)).status).toBe(404);
  expect((await copy.read(terms.url)).bytes.toString()).toBe('staging terms');
  const [own] = (await copy.upload(textFile('off.txt', 'written while off'))) as [UploadedFile];
  expect((await copy.read(own.url)).bytes.toString()).toBe('written while off');
}, 120_000);
