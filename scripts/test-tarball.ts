/**
 * npm run test:tarball
 *
 * What a user gets: the packed tarball, looked at by publint and are-the-types-wrong, then installed into an app that
 * create-strapi-app made outside this repository, which builds, boots, and puts one upload into S3.
 *
 * The bare app is kept in the user's cache folder, as installing it takes minutes; the tarball is installed anew each time.
 */
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { version as strapiVersion } from '@strapi/strapi/package.json';

import { ROOT } from '../tests/support/build';
import { removeFolder, run, tempFolder } from '../tests/support/process';
import { startS3 } from '../tests/support/s3';
import { runCommand } from './command';
import { bootAndUpload, buildProject, expect, pack, timed } from './packed-plugin';

const CACHE = process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache');
const BARE_APP = path.join(CACHE, 'strapi-plugin-s3-storage', `bare-app-${strapiVersion}`);

const SQLITE = { DATABASE_CLIENT: 'sqlite', DATABASE_FILENAME: '.tmp/data.db' };

// The types are written for CommonJS alone, as Strapi's plugin tool (which insists on one `types` entry, placed first) builds them.
const ATTW_ARGS = ['--profile', 'node16', '--ignore-rules', 'false-cjs'];

const bin = (name: string): string => path.join(ROOT, 'node_modules/.bin', name);

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

async function main(): Promise<void> {
  const folder = await tempFolder('tarball');
  try {
    const tarball = await timed('building and packing the plugin', () => pack(folder));
    await timed('publint and are-the-types-wrong', () => lintTarball(tarball));
    await timed(`an app by create-strapi-app@${strapiVersion} (three minutes the first time)`, bareApp);
    const app = path.join(path.dirname(BARE_APP), `app-${process.pid}`);
    try {
      await timed('installing the tarball into it', () => installInto(app, tarball));
      await timed('building its admin panel', () => buildProject(app));
      const s3 = await startS3();
      try {
        await bootAndUpload(app, s3, SQLITE);
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
