import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { hasEnded, identifyProcess } from '../../server/src/adapters/process-identity';

const children: ChildProcess[] = [];
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));

function started(...command: [string, ...string[]]): ChildProcess {
  const [file, ...rest] = command;
  const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  return child;
}

test('a process that runs has not ended; one that was killed has', async () => {
  const child = started(process.execPath, '-e', 'setInterval(() => undefined, 1000)');
  await once(child, 'spawn');
  const identity = await identifyProcess(child.pid);
  expect(identity.length).toBeLessThanOrEqual(128);
  expect(await hasEnded(identity)).toBe(false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await hasEnded(identity)).toBe(true);
});

test('this process has not ended, and gets another identity each time', async () => {
  const [one, two] = [await identifyProcess(), await identifyProcess()];
  expect(one).not.toBe(two);
  expect([await hasEnded(one), await hasEnded(two)]).toEqual([false, false]);
});

test('a process of another machine, or one with an unreadable identity, is not known to have ended', async () => {
  const [, ...rest] = (await identifyProcess()).split('/');
  for (const identity of [['0123456789abcdef', ...rest].join('/'), 'a name', '']) expect(await hasEnded(identity)).toBe(false);
});

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('a process that has the process number of an ended one is not taken for it', async () => {
  const [where, pid, , random] = (await identifyProcess()).split('/');
  expect(await hasEnded([where, pid, '0badb007.1', random].join('/'))).toBe(true);
});

onLinux('a killed process whose parent has not waited for it has ended', async () => {
  const parent = started('sh', '-c', 'sleep 100 & echo $!; exec sleep 100');
  const [line] = (await once(parent.stdout!, 'data')) as [Buffer];
  const pid = Number(line.toString());
  const identity = await identifyProcess(pid);
  expect(await hasEnded(identity)).toBe(false);
  process.kill(pid, 'SIGKILL');
  // the kernel takes a moment to end it
  for (let tries = 0; tries < 100 && !(await hasEnded(identity)); tries++) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await hasEnded(identity)).toBe(true);
});
