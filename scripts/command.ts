import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';

import { startMariadb, startPostgres, type DatabaseServer } from '../tests/support/databases';
import { startS3 } from '../tests/support/s3';
import { S3_KINDS } from '../tests/support/s3-servers/server';
import { beginRun } from '../tests/support/test-run';

const JEST = path.resolve(__dirname, '../node_modules/jest/bin/jest.js');

/** Runs Jest on one project, with the output of this process. @returns its exit code */
export function runJest(project: 'unit' | 'integration' | 'e2e', args: readonly string[], env: Record<string, string>): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [JEST, '--selectProjects', project, ...args], {
      stdio: 'inherit',
      env: { ...process.env, ...env },
    });
    child.once('close', (code) => resolve(code ?? 1));
  });
}

/** The value of a flag, or undefined where it was not given. @throws Error that names what could be given */
export function oneOf<T extends string>(flag: string, value: string | undefined, known: readonly T[]): T | undefined {
  const found = known.find((candidate) => candidate === value);
  if (value !== undefined && !found) throw new Error(`--${flag} ${value}: use ${known.join(', ')}`);
  return found;
}

/**
 * Chooses the S3 server of a run, as the environment of its suites. Brings it up once and ends it again: each suite starts
 * its own, but a missing one shall be said once, and at once.
 */
export async function checkS3(flag: string | undefined): Promise<Record<string, string>> {
  const server = await startS3(oneOf('s3', flag, S3_KINDS));
  await server.stop();
  return server.kind === 'external' ? {} : { S3_TEST_KIND: server.kind };
}

export const DATABASES = ['sqlite', 'postgres', 'mariadb'] as const;

/** Starts a throw-away server; null for SQLite, which has none. @throws Error that names the missing package */
export async function startDatabase(database: (typeof DATABASES)[number]): Promise<DatabaseServer | null> {
  if (database === 'sqlite') return null;
  const [start, packages] = database === 'postgres' ? ([startPostgres, 'postgresql'] as const) : ([startMariadb, 'mariadb-server'] as const);
  const server = await start();
  if (!server) throw new Error(`${database} is not installed: apt-get install ${packages}`);
  return server;
}

/** The value of a flag that counts something. @throws Error unless it is a whole number from 1 */
export function positive(flag: string, value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${flag} ${value}: use a whole number from 1`);
  return number;
}

/** The seed that was given, or a new one. */
export const seedOf = (value: string | undefined): string => value ?? randomBytes(4).toString('hex');

/** Ends the process with the code that `main` answers; what it throws is said in one line, with code 2. Nothing of it stays. */
export function runCommand(main: () => Promise<number>): void {
  beginRun();
  main().then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exitCode = 2;
    },
  );
}

/** The value of a flag that is a number of things. @throws Error that says so */
export function wholeNumber(flag: string, value: string | undefined, otherwise: number): number {
  const number = value === undefined ? otherwise : Number(value);
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`--${flag} ${value}: a whole number is wanted`);
  return number;
}
