/** The steps that the checks of the packed plugin share: they pack it, and try it in a project that has it installed. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';

import { adminClient, keysOf, registerAdmin } from '../tests/support/admin-client';
import { bootStrapi } from '../tests/support/boot';
import { buildPlugin, ROOT } from '../tests/support/build';
import { image, sha256 } from '../tests/support/images';
import { makeSecrets } from '../tests/support/playground-app';
import { freePort, run } from '../tests/support/process';
import { rawBucket } from '../tests/support/raw-s3';
import type { S3Server } from '../tests/support/s3';
import { ADMIN } from '../tests/support/strapi';
import { assetsIn } from '../tests/support/strapi-command';

const HEARTBEAT_MS = 10_000;

/** Does something that takes a while, and says so: at its beginning, every 10 seconds, and at its end. */
export async function timed<T>(title: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  console.log(`… ${title}`);
  const heartbeat = setInterval(() => console.log(`  ${title}: ${Math.round((performance.now() - started) / 1_000)} s`), HEARTBEAT_MS);
  try {
    const result = await work();
    console.log(`✔ ${title} (${((performance.now() - started) / 1_000).toFixed(1)} s)`);
    return result;
  } finally {
    clearInterval(heartbeat);
  }
}

/** @throws Error unless the claim holds */
export function expect(claim: string, holds: boolean): void {
  if (!holds) throw new Error(`not so: ${claim}`);
  console.log(`  ✔ ${claim}`);
}

/**
 * Packs the plugin, and builds it first if its sources have changed: another check may be running a Strapi on the present build.
 * @returns the path of the tarball, in `folder`
 */
export async function pack(folder: string): Promise<string> {
  await buildPlugin();
  await run('npm', ['pack', '--pack-destination', folder], { cwd: ROOT });
  const [tarball] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
  if (!tarball) throw new Error('npm pack made no tarball');
  return path.join(folder, tarball);
}

/** Builds the project's admin panel. */
export async function buildProject(app: string): Promise<void> {
  const strapi = path.join(app, 'node_modules/@strapi/strapi/bin/strapi.js');
  const env = { ...process.env, NODE_ENV: 'production', STRAPI_TELEMETRY_DISABLED: 'true' };
  await run(process.execPath, [strapi, 'build'], { cwd: app, env });
}

/**
 * Boots a built project that has the plugin installed, sets the plugin up, uploads an image and compares what the bucket and
 * `/uploads` have.
 * @param database environment variables that the project's `config/database` reads
 * @param look what else to look at while it runs
 */
export async function bootAndUpload(
  app: string,
  s3: S3Server,
  database: Record<string, string>,
  look: (url: string) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const environment = { ...makeSecrets(), ...database };
  const strapi = await timed('booting it', () => bootStrapi(app, port, environment));
  /** The checksum of each uploaded file by its URL. */
  const uploaded = new Map<string, string>();
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
      uploaded.set(`/uploads/${key}`, sha256(served.bytes));
    }
    const page = await fetch(`${url}/admin`);
    expect('the admin panel is served', page.status === 200 && (await page.text()).includes('strapi'));
    await look(url);
  } catch (error) {
    console.error(strapi.logs().slice(-3_000));
    throw error;
  } finally {
    await strapi.stop();
  }
  await exportAll(app, environment, uploaded);
}

/** Exports the project, whose files are only in S3, with its own Strapi, and compares the archive with what was uploaded. */
async function exportAll(app: string, environment: Record<string, string>, uploaded: ReadonlyMap<string, string>): Promise<void> {
  const bin = path.join(app, 'node_modules/@strapi/strapi/bin/strapi.js');
  const env = { ...process.env, NODE_ENV: 'production', STRAPI_TELEMETRY_DISABLED: 'true', ...environment };
  await timed('exporting it', () => run(process.execPath, [bin, 'export', '--no-encrypt', '--no-compress', '--file', 'whole'], { cwd: app, env }));
  const assets = await assetsIn(path.join(app, 'whole.tar'));
  expect(`the export carries all ${uploaded.size} files, byte for byte`, assets.size === uploaded.size && [...uploaded].every(([url, sum]) => assets.get(url) === sum));
}
