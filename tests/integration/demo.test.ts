import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';

import { buildPlayground, ROOT } from '../support/build';
import { waitUntil } from '../support/process';
import { currentRun } from '../support/test-run';

/** The tests tell processes apart by their environment, which only Linux shows. */
const onLinux = process.platform === 'linux' ? test : test.skip;
const UP_MS = 120_000;
/** A generous limit in milliseconds: everything left is removed within a second or two. */
const GONE_MS = 20_000;

interface Shown {
  pid: number;
  parent: number;
  command: string;
}

function readIfAny(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

/** The processes that belong to a run by their environment or name it on their command line, also the one that cleans up. */
function processesOf(run: string): Shown[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const command = readIfAny(`/proc/${name}/cmdline`).replaceAll('\0', ' ');
      if (!readIfAny(`/proc/${name}/environ`).includes(`S3_TEST_RUN=${run}`) && !command.includes(run)) return [];
      const parent = Number(readIfAny(`/proc/${name}/stat`).split(') ').at(-1)?.split(' ')[1]);
      return [{ pid: Number(name), parent, command }];
    });
}

const foldersOf = (run: string) => readdirSync(os.tmpdir()).filter((name) => name.startsWith(`s3-storage-${run}`));

interface Demo {
  run: string;
  npm: number;
  tsx: number;
  node: number;
}

const begun: { run: string; child: ChildProcess }[] = [];

/** Starts the demo as somebody starts it in a separate terminal, and waits until its process `upTo` is there. */
async function start(upTo: string): Promise<Demo> {
  // the demo's run lies within the tests' run, which ends it whatever becomes of this test
  const run = `${currentRun()}.demo${randomBytes(6).toString('hex')}`;
  const child = spawn('npm', ['run', 'demo'], { cwd: ROOT, detached: true, stdio: 'ignore', env: { ...process.env, S3_TEST_RUN: run } });
  child.unref();
  begun.push({ run, child });
  await waitUntil(`the demo has a process “${upTo}”`, () => processesOf(run).some(({ command }) => command.includes(upTo)), UP_MS);
  const found = processesOf(run);
  const node = found.find(({ command }) => command.includes('demo/index.ts') && command.includes('--import'));
  const tsx = found.find(({ pid }) => pid === node?.parent);
  if (!node || !tsx || !child.pid) throw new Error(`not the processes of a demo: ${JSON.stringify(found)}`);
  expect(foldersOf(run).length).toBeGreaterThan(0);
  return { run, npm: child.pid, tsx: tsx.pid, node: node.pid };
}

beforeAll(async () => {
  await buildPlayground();
}, 600_000);

afterAll(() => {
  for (const { run } of begun) for (const { pid } of processesOf(run)) process.kill(pid, 'SIGKILL');
});

describe('the demo', () => {
  const [S3, STRAPI] = ['embedded-child.cjs', 'strapi.js start'];
  const toGroup = (signal: NodeJS.Signals) => ({ npm }: Demo) => void process.kill(-npm, signal);
  const impatient = (demo: Demo) => {
    toGroup('SIGINT')(demo);
    setTimeout(() => process.kill(-demo.npm, 'SIGINT'), 50).unref();
  };
  const alone = (who: 'npm' | 'tsx' | 'node', signal: NodeJS.Signals): [string, string, (demo: Demo) => void] =>
    [`${signal} to ${who} alone`, S3, (demo) => void process.kill(demo[who], signal)];
  const ways: [string, string, (demo: Demo) => void][] = [
    ['a Ctrl-C in its terminal', STRAPI, toGroup('SIGINT')],
    ['an impatient Ctrl-C', S3, impatient],
    ['a terminal that is closed', S3, toGroup('SIGHUP')],
    ...(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const).map((signal) => alone('npm', signal)),
    ...(['SIGTERM', 'SIGHUP', 'SIGKILL'] as const).map((signal) => alone('tsx', signal)),
    ...(['SIGTERM', 'SIGKILL'] as const).map((signal) => alone('node', signal)),
  ];

  onLinux.each(ways)('leaves no process and no folder after %s', async (_way, upTo, end) => {
    const demo = await start(upTo);
    end(demo);
    await waitUntil('every process has ended', () => processesOf(demo.run).length === 0, GONE_MS).catch((error: unknown) => {
      throw new Error(`left: ${JSON.stringify(processesOf(demo.run), null, 1)}`, { cause: error });
    });
    expect(foldersOf(demo.run)).toEqual([]);
  }, UP_MS + GONE_MS);
});
