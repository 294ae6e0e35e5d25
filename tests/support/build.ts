import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { run, sleep } from './process';

export const ROOT = path.resolve(__dirname, '../..');
export const PLAYGROUND = path.join(ROOT, 'playground');

const CACHE = path.join(ROOT, 'node_modules/.cache/s3-storage');
const LOCK = path.join(CACHE, 'build.lock');
/** A time in milliseconds that is longer than a build takes. By then another process may have the id that an older lock names. */
const STALE_LOCK_MS = 5 * 60_000;
/** A time in milliseconds that is longer than a process takes to write its id into the lock that it has made. */
const UNSIGNED_LOCK_MS = 5_000;

interface Step {
  name: string;
  sources: string[];
  /** Without it the step runs, whatever the stamp says. */
  product: string;
  /** Node runs it directly: with npm in between, ending the build would leave its children behind. */
  cli: string;
  folder: string;
}

const PLUGIN: Step = {
  name: 'plugin',
  sources: ['package.json', 'strapi-plugin.json', 'tsconfig.json', 'server', 'admin', 'migrations'],
  product: 'dist/server/index.js',
  cli: '@strapi/sdk-plugin/bin/strapi-plugin.js',
  folder: ROOT,
};

/** The panel bundles the plugin's admin side only, so that work on the server costs no build of the panel (40 s). */
const PANEL: Step = {
  name: 'playground',
  sources: [
    'package-lock.json',
    'strapi-plugin.json',
    'admin',
    'server/src/contracts',
    'playground/package.json',
    'playground/tsconfig.json',
    'playground/config',
    'playground/src',
  ],
  product: 'playground/dist/build/index.html',
  cli: '@strapi/strapi/bin/strapi.js',
  folder: PLAYGROUND,
};

async function filesUnder(relative: string): Promise<string[]> {
  const full = path.join(ROOT, relative);
  if (!existsSync(full)) return [];
  if ((await stat(full)).isFile()) return [relative];
  const entries = await readdir(full, { withFileTypes: true });
  const nested = entries
    .filter(({ name }) => name !== 'node_modules' && name !== 'dist')
    .map(({ name }) => filesUnder(path.join(relative, name)));
  return (await Promise.all(nested)).flat();
}

async function fingerprint(step: Step): Promise<string> {
  const hash = createHash('sha256');
  const files = (await Promise.all(step.sources.map(filesUnder))).flat().sort();
  for (const file of files) {
    hash.update(`${file}\0`);
    hash.update(await readFile(path.join(ROOT, file)));
  }
  return hash.digest('hex');
}

/** Lets one process build. The others wait and then find everything done. */
async function withLock<T>(work: () => Promise<T>): Promise<T> {
  await mkdir(CACHE, { recursive: true });
  for (;;) {
    try {
      await writeFile(LOCK, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (await isAbandoned()) await rm(LOCK, { force: true });
      await sleep(200);
    }
  }
  try {
    return await work();
  } finally {
    await rm(LOCK, { force: true });
  }
}

/** Whether the process that made the lock was killed before it could remove it. */
async function isAbandoned(): Promise<boolean> {
  const [pid, age] = await Promise.all([
    readFile(LOCK, 'utf8').catch(() => ''),
    stat(LOCK).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    ),
  ]);
  if (age > STALE_LOCK_MS) return true;
  if (pid === '') return age > UNSIGNED_LOCK_MS;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

async function buildStep(step: Step, onStart: (name: string) => void): Promise<void> {
  const stamp = path.join(CACHE, `${step.name}.stamp`);
  const wanted = await fingerprint(step);
  const built = await readFile(stamp, 'utf8').catch(() => '');
  if (built === wanted && existsSync(path.join(ROOT, step.product))) return;

  onStart(step.name);
  // NODE_ENV=test, which jest sets, would build a development panel.
  const env = { ...process.env, NODE_ENV: 'production', STRAPI_TELEMETRY_DISABLED: 'true' };
  await run(process.execPath, [path.join(ROOT, 'node_modules', step.cli), 'build'], { cwd: step.folder, env });
  await writeFile(stamp, wanted);
}

/** Builds the plugin, unless its sources have not changed since it was built. */
export function buildPlugin(onStart: (name: string) => void = () => undefined): Promise<void> {
  return withLock(() => buildStep(PLUGIN, onStart));
}

/** Builds the plugin, then the app around it; a part whose sources have not changed since it was built is left as it is. */
export function buildPlayground(onStart: (name: string) => void = () => undefined): Promise<void> {
  return withLock(async () => {
    await buildStep(PLUGIN, onStart);
    await buildStep(PANEL, onStart);
  });
}
