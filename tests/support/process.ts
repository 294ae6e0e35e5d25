import { spawn, type SpawnOptions } from 'node:child_process';
import { accessSync, constants, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

import { currentRun } from './test-run';

/** Whether nobody has a port of the loopback interface now, as a server or as the near end of a connection. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * Returns the first of `size` ports in a row that nobody has now. They lie below the range that systems give to outgoing connections
 * (32768 on Linux, 49152 elsewhere): in that range any request of another test could take one of them before it is used.
 */
export async function freePorts(size: number): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const first = 20_000 + Math.floor(Math.random() * (12_000 / size)) * size;
    const ports = Array.from({ length: size }, (_, index) => first + index);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first;
  }
  throw new Error(`no ${size} free ports in a row`);
}

export function freePort(): Promise<number> {
  return freePorts(1);
}

/** Makes a folder that goes with the run at the latest. */
export function tempFolder(label: string): Promise<string> {
  return mkdtemp(path.join(os.tmpdir(), `s3-storage-${currentRun()}-${label}-`));
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Keeps the folder after the run, because somebody will want to look into it. */
export function keepFolder(folder: string): void {
  writeFileSync(path.join(folder, '.kept'), '');
}

/** The full path of a program on the PATH (or in one of `extra`), or null. */
export function which(program: string, extra: string[] = []): string | null {
  for (const folder of [...(process.env['PATH'] ?? '').split(path.delimiter), ...extra]) {
    const candidate = path.join(folder, program);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // the program is not in this folder
    }
  }
  return null;
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until the answer is truthy. If it never is, the error says what the wait was for, and the last error. */
export async function waitUntil<T>(what: string, ask: () => Promise<T> | T, timeoutMs = 30_000, everyMs = 100): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  do {
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (error) {
      last = error;
    }
    await sleep(everyMs);
  } while (Date.now() < deadline);
  throw new Error(`${what}: not within ${timeoutMs} ms`, { cause: last });
}

export interface RunningProcess {
  readonly pid: number;
  logs(): string;
  /** Null while it runs. */
  exited(): { code: number | null; signal: NodeJS.Signals | null } | null;
  /** Asks the process to end, and ends it by force after `graceMs`. */
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<void>;
}

const KEPT_LOG = 400_000;

export function startProcess(command: string, args: string[], options: SpawnOptions = {}): RunningProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  // A test that dies before it stops its server must end all the same. The server then ends with the run.
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as net.Socket | null)?.unref();
  let output = '';
  let failed: Error | null = null;
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-KEPT_LOG);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  child.once('error', (error) => {
    failed = error;
    output += `\n${error.message}`;
  });
  const gone = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
  });
  const exited = () =>
    failed || child.exitCode !== null || child.signalCode !== null ? { code: child.exitCode, signal: child.signalCode } : null;

  return {
    pid: child.pid ?? -1,
    logs: () => output,
    exited,
    async stop(signal = 'SIGTERM', graceMs = 10_000) {
      if (!exited()) child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await gone;
      clearTimeout(timer);
    },
  };
}

/** Runs a program to its end; rejects with its output when it fails. */
export async function run(command: string, args: string[], options: SpawnOptions & { timeoutMs?: number } = {}): Promise<string> {
  const { timeoutMs = 600_000, ...rest } = options;
  const running = startProcess(command, args, rest);
  const timer = setTimeout(() => void running.stop('SIGKILL'), timeoutMs);
  try {
    const end = await waitUntil(`${command} ${args.join(' ')}`, () => running.exited(), timeoutMs + 1_000, 50);
    await running.stop();
    if (end.code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${end.code ?? end.signal}:\n${running.logs().slice(-4_000)}`);
    return running.logs();
  } finally {
    clearTimeout(timer);
  }
}
