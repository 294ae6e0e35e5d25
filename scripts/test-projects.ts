/**
 * npm run test:projects -- [--only PATTERN]
 *
 * The packed plugin in the projects that people have: the oldest Strapi of the supported range, one in the middle and the newest
 * of the registry, each with npm, pnpm and both generations of Yarn, without a flag. Three projects are installed, built,
 * booted, looked at in a browser, given an upload and exported; for the others the package manager resolves the versions, which is where
 * an installation fails on a peer dependency. `--only` takes the projects whose name
 * matches the pattern: `--only 'oldest.*booted'`.
 *
 * Needs PostgreSQL, whose driver no machine has to compile, and Chromium.
 */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';

import manifest from '../strapi-plugin.json';
import { findChromium, launchBrowser, NO_CHROMIUM } from '../tests/e2e/support/browser';
import { openPanel } from '../tests/e2e/support/panel';
import { ROOT } from '../tests/support/build';
import { removeFolder, run, tempFolder } from '../tests/support/process';
import { startS3 } from '../tests/support/s3';
import { ADMIN } from '../tests/support/strapi';
import { freshDatabase } from '../tests/support/test-database';
import { runCommand, startDatabase } from './command';
import { bootAndUpload, buildProject, expect, pack, timed } from './packed-plugin';

/** The oldest Strapi of the range that the plugin supports. */
const OLDEST = manifest.strapi.replace('^', '');
const MIDDLE = '5.30.0';

/** `npx` fetches each, so that nothing has to be installed globally. Newer major versions of pnpm need Node 22. */
const MANAGERS = {
  npm: { command: ['npm'], install: ['install'], resolve: ['install', '--package-lock-only'], lock: 'package-lock.json' },
  pnpm: { command: ['npx', '--yes', 'pnpm@10'], install: ['install', '--no-frozen-lockfile'], resolve: ['install', '--lockfile-only', '--no-frozen-lockfile'], lock: 'pnpm-lock.yaml' },
  // Strapi needs a node_modules folder, which Yarn 4 makes only where it is told to
  'yarn-4': {
    command: ['npx', '--yes', '--package=@yarnpkg/cli-dist@4', 'yarn'],
    install: ['install', '--no-immutable'],
    resolve: ['install', '--no-immutable', '--mode=update-lockfile'],
    lock: 'yarn.lock',
  },
  // Yarn 1 cannot resolve alone, so that it installs everywhere
  'yarn-1': { command: ['npx', '--yes', 'yarn@1'], install: ['install', '--ignore-scripts'], resolve: ['install', '--ignore-scripts'], lock: 'yarn.lock' },
} as const;
type Manager = keyof typeof MANAGERS;

interface Project {
  readonly age: 'oldest' | 'middle' | 'newest';
  readonly strapi: string;
  readonly manager: Manager;
  /** Whether it is installed, built and booted, or its versions are resolved only. */
  readonly whole: boolean;
}

const nameOf = ({ age, strapi, manager, whole }: Project): string => `${age} Strapi (${strapi}), ${manager}, ${whole ? 'booted' : 'versions only'}`;

async function projects(): Promise<Project[]> {
  const [oldest, middle, newest] = [
    { age: 'oldest', strapi: OLDEST },
    { age: 'middle', strapi: MIDDLE },
    { age: 'newest', strapi: await newestStrapi() },
  ] as const;
  return [
    { ...oldest, manager: 'npm', whole: true },
    { ...middle, manager: 'pnpm', whole: true },
    { ...newest, manager: 'yarn-4', whole: true },
    { ...oldest, manager: 'pnpm', whole: false },
    { ...oldest, manager: 'yarn-4', whole: false },
    { ...middle, manager: 'npm', whole: false },
    { ...newest, manager: 'pnpm', whole: false },
    { ...newest, manager: 'yarn-1', whole: false },
  ];
}

/** The newest Strapi of which every part is published: the parts of a release do not appear at the same moment. */
async function newestStrapi(): Promise<string> {
  const parts = ['@strapi/strapi', '@strapi/upload', '@strapi/plugin-users-permissions'];
  const [strapi = [], ...others] = await Promise.all(
    parts.map(async (part) => JSON.parse(await run('npm', ['view', part, 'versions', '--json', '--loglevel=error'])) as string[]),
  );
  const newest = strapi.filter((version) => /^5\.\d+\.\d+$/.test(version) && others.every((versions) => versions.includes(version))).at(-1);
  if (!newest) throw new Error('no version of Strapi is published whole');
  return newest;
}

async function layOut(project: Project, app: string, tarball: string): Promise<void> {
  await cp(path.join(ROOT, 'tests/support/strapi-project'), app, { recursive: true });
  await mkdir(path.join(app, 'public/uploads'), { recursive: true });
  const manifest = {
    name: 'project',
    version: '0.0.0',
    private: true,
    dependencies: {
      '@strapi/strapi': project.strapi,
      '@strapi/plugin-users-permissions': project.strapi,
      pg: '^8.13.1',
      react: '^18.0.0',
      'react-dom': '^18.0.0',
      'react-router-dom': '^6.0.0',
      'styled-components': '^6.0.0',
      'strapi-plugin-s3-storage': `file:${tarball}`,
    },
    // the sharp of the oldest Strapi downloads its library from outside the registry, which CI cannot
    ...(project.strapi === OLDEST && project.manager === 'npm' && { overrides: { sharp: '0.33.5' } }),
    engines: { node: '>=18.0.0 <=24.x.x' },
    strapi: { telemetryDisabled: true },
  };
  await writeFile(path.join(app, 'package.json'), JSON.stringify(manifest, null, 2));
  if (project.manager === 'yarn-4') {
    await writeFile(path.join(app, '.yarnrc.yml'), 'nodeLinker: node-modules\nenableTelemetry: false\nenableGlobalCache: true\n');
    // without a lock file of its own Yarn takes the project for a part of a folder above it
    await writeFile(path.join(app, 'yarn.lock'), '');
  }
}

async function install(project: Project, app: string): Promise<void> {
  const { command, install, resolve, lock } = MANAGERS[project.manager];
  const [program = '', ...first] = command;
  await run(program, [...first, ...(project.whole ? install : resolve)], { cwd: app, timeoutMs: 900_000 });
  expect('the lock file names the plugin', (await readFile(path.join(app, lock), 'utf8')).includes('strapi-plugin-s3-storage'));
}

/** Opens the plugin's page as an administrator does. */
async function lookAtPanel(url: string): Promise<void> {
  const browser = await launchBrowser();
  try {
    const panel = await openPanel(browser, url, ADMIN);
    await panel.page.goto(`${url}/admin/settings/s3-storage`);
    await panel.page.getByRole('button', { name: 'Test connection', exact: true }).waitFor();
    expect('the panel shows the settings page, and nothing was thrown', panel.thrown.length === 0);
    await panel.close();
  } finally {
    await browser.close();
  }
}

async function tryWhole(app: string): Promise<void> {
  await timed('building its admin panel', () => buildProject(app));
  const [database, s3] = [await startDatabase('postgres'), await startS3()];
  try {
    const made = await freshDatabase(database?.url);
    if (made.client === 'sqlite') throw new Error('PostgreSQL did not start');
    await bootAndUpload(app, s3, { DATABASE_URL: made.url }, lookAtPanel);
  } finally {
    await s3.stop();
    await database?.stop();
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { only: { type: 'string' } } });
  if (!findChromium()) throw new Error(NO_CHROMIUM);
  const all = await projects();
  const chosen = all.filter((project) => new RegExp(values.only ?? '').test(nameOf(project)));
  if (chosen.length === 0) throw new Error(`--only ${values.only}: no project matches; there are\n${all.map(nameOf).join('\n')}`);
  const folder = await tempFolder('projects');
  try {
    const tarball = await timed('building and packing the plugin', () => pack(folder));
    for (const [index, project] of chosen.entries()) {
      const app = path.join(folder, `project-${index}`);
      console.log(`\n${nameOf(project)}`);
      await layOut(project, app, tarball);
      await timed(project.whole ? 'installing it' : 'resolving its versions', () => install(project, app));
      if (project.whole) await tryWhole(app);
      await removeFolder(app);
    }
    console.log(`\n${chosen.length} projects take the plugin.`);
    return 0;
  } finally {
    await removeFolder(folder);
  }
}

runCommand(main);
