import { unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { StatusAnswer } from '../../server/src/contracts/api';
import { typed as typeOn, type TypeOptions } from '../support/command-line';
import { textFile } from '../support/images';
import { layOutApp } from '../support/playground-app';
import { removeFolder, tempFolder } from '../support/process';
import { openStage, type Stage } from '../support/stage';

/** The command line as somebody types it beside a server that runs. */
let stage: Stage;

const typed = (line: string, folder?: string, watch?: TypeOptions['watch']) => typeOn(stage.strapi, line, { folder, watch });

beforeAll(async () => {
  stage = await openStage();
  await stage.configure();
  await stage.strapi.upload([textFile('one.txt', 'one'), textFile('two.txt', 'two')]);
}, 300_000);

afterAll(() => stage?.close(), 60_000);

test('status shows what the panel shows, for people and with --json for scripts', async () => {
  const forPeople = await typed('status');
  expect(forPeople).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Mode {2}read-write\nS3 {4}in use\n[^]*█ in S3 +2 files, 6 bytes\n/) });

  const forScripts = await typed('status --json');
  expect(forScripts.code).toBe(0);
  const { objects, mode, node } = JSON.parse(forScripts.stdout) as StatusAnswer;
  const { body } = await stage.strapi.api<StatusAnswer>('GET', '/s3-storage/status');
  expect({ objects, mode, volume: node.volume }).toEqual({ objects: body.objects, mode: body.mode, volume: body.node.volume });
}, 180_000);

test('doctor finds nothing wrong with a project that works, and says when S3 is not reachable', async () => {
  const well = await typed('doctor');
  for (const name of ['Plugin', 'Tables', 'Mode', 'Connection: endpoint', 'Connection: delete', 'Clock', 'Stranded files']) {
    expect(well.stdout).toMatch(new RegExp(`^✓ ${name}: `, 'm'));
  }
  // where the tests' folders lie in memory, the doctor is right to find that
  const found = [...well.stdout.matchAll(/^✗ ([^:]+):/gm)].map(([, name]) => name).filter((name) => name !== 'Durable disk');
  expect(found).toEqual([]);

  await stage.proxy.refuse();
  const away = await typed('doctor');
  await stage.proxy.accept();
  expect(away.code).toBe(1);
  expect(away.stdout).toMatch(/^✗ Connection: endpoint: The S3 endpoint could not be reached/m);
}, 240_000);

test('a folder without a project and bad arguments end with 2, and --help works anywhere', async () => {
  const nowhere = path.join(stage.strapi.appDir, 'src');
  expect(await typed('status', nowhere)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^\S+ is no Strapi project .*\n$/) });
  expect(await typed('upload --force')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('Unknown option \'--force\'') });
  expect(await typed('upload --help', nowhere)).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('--dry-run') });
}, 60_000);

/** Makes a project that is compiled into its own folder, because the link leads to the folder that all tests share. */
async function projectWith(files: Record<string, string>): Promise<string> {
  const folder = await tempFolder('app-own');
  await layOutApp(folder);
  await unlink(path.join(folder, 'dist'));
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
  return folder;
}

test('a command in a project that has switched the plugin off says so', async () => {
  const folder = await projectWith({ 'config/plugins.ts': 'export default { \'s3-storage\': { enabled: false } };\n' });
  const answer = await typed('status', folder);
  expect(answer).toMatchObject({ code: 2, stdout: '' });
  expect(answer.stderr).toContain('The plugin s3-storage is not enabled in this project: see config/plugins.\n');
  await removeFolder(folder);
}, 120_000);

/** Prints as projects do, and adds a command that works until it is interrupted, and then for a moment. */
const CHATTY = `
import type { Core } from '@strapi/strapi';

interface Io {
  readonly stdout: NodeJS.WritableStream;
  onInterrupt(listener: () => void): void;
}

export default {
  bootstrap({ strapi }: { strapi: Core.Strapi }) {
    console.log('the project is up');
    strapi.get('services').extend('plugin::s3-storage.command', () => ({
      run: (_argv: readonly string[], io: Io) =>
        new Promise((resolve) => {
          const alive = setInterval(() => undefined, 1_000);
          io.onInterrupt(() => {
            clearInterval(alive);
            io.stdout.write('finishing\\n');
            setTimeout(() => resolve(130), 200);
          });
          io.stdout.write('working\\n');
        }),
    }));
  },
  destroy() {
    console.log('the project is down');
  },
};
`;

test('stdout holds only the answer, a signal lets the command finish, and Strapi ends in order', async () => {
  const folder = await projectWith({ 'src/index.ts': CHATTY });
  const { code, stdout, stderr } = await typed('upload', folder, (child, written) => {
    if (written.endsWith('working\n') && !child.killed) child.kill('SIGINT');
  });
  expect({ code, stdout }).toEqual({ code: 130, stdout: 'working\nfinishing\n' });
  expect(stderr).toMatch(/the project is up\n[^]*the project is down\n/);
  await removeFolder(folder);
}, 120_000);
