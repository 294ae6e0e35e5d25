/**
 * npm run test:tarball
 *
 * What a user gets: the packed tarball, looked at by publint and are-the-types-wrong, then installed into an app that
 * create-strapi-app made outside this repository, which builds, boots, and puts one upload into S3.
 *
 * The bare app is kept in the user's cache folder, as installing it takes minutes; the tarball is installed anew each time.
 */
import { cp, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { version as strapiVersion } from '@strapi/strapi/package.json';

import { adminClient, keysOf, registerAdmin } from '../tests/support/admin-client';
import { bootStrapi } from '../tests/support/boot';
import { ROOT } from '../tests/support/build';
import { image, sha256 } from '../tests/support/images';
import { makeSecrets } from '../tests/support/playground-app';
import { freePort, removeFolder, run, tempFolder } from '../tests/support/process';
import { rawBucket } from '../tests/support/raw-s3';
import { startS3, type S3Server } from '../tests/support/s3';
import { ADMIN } from '../tests/support/strapi';
import { runCommand } from './command';

const CACHE = process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache');
const BARE_APP = path.join(CACHE, 'strapi-plugin-s3-storage', `bare-app-${strapiVersion}`);

// The types are written for CommonJS alone, as Strapi's plugin tool (which insists on one `types` entry, placed first) builds them.
const ATTW_ARGS = ['--profile', 'node16', '--ignore-rules', 'false-cjs'];

async function timed<T>(title: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  console.log(`… ${title}`);
  const heartbeat = setInterval(() => console.log(`  ${title}: ${Math.round((performance.now() - started) / 1_000)} s`), 10_000);
  try {
    const result = await work();
    console.log(`✔ ${title} (${((performance.now() - started) / 1_000).toFixed(1)} s)`);
    return result;
  } finally {
    clearInterval(heartbeat);
  }
}

function expect(claim: string, holds: boolean): void {
  if (!holds) throw new Error(`not so: ${claim}`);
  console.log(`  ✔ ${claim}`);
}

const bin = (name: string): string => path.join(ROOT, 'node_modules/.bin', name);

async function pack(folder: string): Promise<string> {
  await run('npm', ['run', 'build'], { cwd: ROOT });
  await run('npm', ['pack', '--pack-destination', folder], { cwd: ROOT });
  const [tarball] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
  if (!tarball) throw new Error('npm pack made no tarball');
  return path.join(folder, tarball);
}

async function lintTarball(tarball: string): Promise<void> {
  const said = await run(bin('publint'), ['run', tarball, '--level', 'error'], { cwd: ROOT });
  expect('publint finds no error (its suggestions and warnings are not asked for)', !/error/i.test(said.replace(/no errors?/gi, '')));
  await run(bin('attw'), [tarball, ...ATTW_ARGS], { cwd: ROOT });
  expect('are the types wrong? No ("node16", but for false-cjs)', true);
}

/** Made beside its place and moved there when complete, so that an interrupted run leaves no half an app. */
async function bareApp(): Promise<void> {
  if (existsSync(BARE_APP)) return;
  const making = `${BARE_APP}.making`;
  await rm(making, { recursive: true, force: true });
  await mkdir(path.dirname(making), { recursive: true });
  const choices = ['--typescript', '--use-npm', '--install', '--no-git-init', '--no-example', '--skip-cloud', '--skip-db', '--non-interactive'];
  await run('npx', ['--yes', `create-strapi-app@${strapiVersion}`, making, ...choices], { cwd: path.dirname(making), timeoutMs: 900_000 });
  await rename(making, BARE_APP);
}

async function installInto(app: string, tarball: string): Promise<void> {
  // links instead of copies: npm replaces files, it does not write into them
  await run('cp', ['-al', BARE_APP, app]);
  await rm(path.join(app, 'package-lock.json'), { force: true });
  await cp(path.join(BARE_APP, 'package-lock.json'), path.join(app, 'package-lock.json'));
  const manifest = path.join(app, 'package.json');
  await rm(manifest);
  await cp(path.join(BARE_APP, 'package.json'), manifest);
  await run('npm', ['install', '--no-audit', '--no-fund', tarball], { cwd: app });
}

async function bootAndUpload(app: string, s3: S3Server): Promise<void> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const database = { DATABASE_CLIENT: 'sqlite', DATABASE_FILENAME: '.tmp/data.db' };
  const strapi = await timed('booting it', () => bootStrapi(app, port, { ...makeSecrets(), ...database }));
  try {
    const token = await registerAdmin(url, ADMIN);
    const admin = adminClient(url, () => token);
    const bucket = rawBucket(s3, await s3.createBucket());
    expect('Strapi found the plugin by itself', (await admin.api('GET', '/s3-storage/settings')).status === 200);

    const { endpoint, region, accessKeyId, secretAccessKey } = s3;
    const settings = { provider: 'other', endpoint, region, accessKeyId, secretAccessKey, bucket: bucket.bucket, forcePathStyle: true };
    const saved = await admin.api<{ mode: string }>('PUT', '/s3-storage/settings', settings);
    expect('it is configured and in read-write mode', saved.body.mode === 'read-write');

    const [file] = await admin.upload(await image('tarball.jpg', 'jpeg', 900, 600));
    const keys = file ? keysOf(file) : [];
    const objects = await bucket.keys();
    expect(`an upload and its ${keys.length - 1} formats are in the bucket`, keys.length > 1 && keys.every((key) => objects.includes(key)));
    for (const key of keys) {
      const served = await admin.read(`/uploads/${key}`);
      expect(`/uploads/${key} answers the object's bytes`, sha256(served.bytes) === sha256(await bucket.get(key)));
    }
    const page = await fetch(`${url}/admin`);
    expect('the admin panel is served', page.status === 200 && (await page.text()).includes('strapi'));
  } catch (error) {
    console.error(strapi.logs().slice(-3_000));
    throw error;
  } finally {
    await strapi.stop();
  }
}

async function main(): Promise<void> {
  const folder = await tempFolder('tarball');
  try {
    const tarball = await timed('building and packing the plugin', () => pack(folder));
    await timed('publint and are-the-types-wrong', () => lintTarball(tarball));
    await timed(`an app by create-strapi-app@${strapiVersion} (three minutes the first time)`, bareApp);
    const app = path.join(path.dirname(BARE_APP), `app-${process.pid}`);
    try {
      await timed('installing the tarball into it', () => installInto(app, tarball));
      await timed('building its admin panel', () => run('npm', ['run', 'build'], { cwd: app, env: { ...process.env, NODE_ENV: 'production' } }));
      const s3 = await startS3();
      try {
        await bootAndUpload(app, s3);
      } finally {
        await s3.stop();
      }
    } finally {
      await removeFolder(app);
    }
  } finally {
    await removeFolder(folder);
  }
}

runCommand(async () => {
  await main();
  console.log('The tarball works.');
  return 0;
});
