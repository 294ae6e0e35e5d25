import { execFile, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { ROOT } from './build';
import type { StrapiInstance } from './strapi';

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface TypeOptions {
  /** Default: the instance's own folder. */
  folder?: string;
  /** It gets all of stdout and stderr so far, whenever there is more of it. */
  watch?(child: ChildProcess, stdout: string, stderr: string): void;
  /** The command runs on a terminal, and all output is on stdout. `watch` answers its questions through the child's stdin. */
  terminal?: boolean;
}

const BIN = path.join(ROOT, 'bin/strapi-plugin-s3-storage.js');

/** Runs the plugin's command line as somebody types it beside a running server, and resolves when it has ended. */
export function typed(strapi: StrapiInstance, line: string, { folder = strapi.appDir, watch, terminal = false }: TypeOptions = {}): Promise<Ended> {
  const [program, args] = terminal
    ? (['script', ['-qec', `'${process.execPath}' '${BIN}' ${line}`, '/dev/null']] as const)
    : ([process.execPath, [BIN, ...line.split(' ')]] as const);
  const options = { cwd: folder, env: { ...process.env, ...strapi.environment, NODE_ENV: 'production' }, timeout: 120_000 };
  return new Promise((resolve) => {
    const child = execFile(program, args, options, (_error, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }));
    const written = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.on('data', (chunk: string) => {
        written[name] += chunk;
        watch?.(child, written.stdout, written.stderr);
      });
    }
  });
}
