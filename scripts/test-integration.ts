/**
 * npm run test:integration -- [--s3 minio|rgw|embedded] [--db sqlite|postgres|mariadb] [jest's own arguments]
 *
 * Starts what the suites need, or says in one line what is missing, and runs them one after the other:
 * several Strapis on two cores would only measure each other.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { startMariadb, startPostgres, type DatabaseServer } from '../tests/support/databases';
import { startS3 } from '../tests/support/s3';
import { S3_KINDS, type S3Kind } from '../tests/support/s3-servers/server';

const DATABASES = ['sqlite', 'postgres', 'mariadb'] as const;
type Database = (typeof DATABASES)[number];

const oneOf = <T extends string>(flag: string, value: string | undefined, known: readonly T[]): T | undefined => {
  const found = known.find((candidate) => candidate === value);
  if (value !== undefined && !found) throw new Error(`--${flag} ${value}: use ${known.join(', ')}`);
  return found;
};

/** Brings the server up once and ends it again: each suite starts its own, but a missing one shall be said once, and at once. */
async function checkS3(kind: S3Kind | undefined): Promise<Record<string, string>> {
  const server = await startS3(kind);
  await server.stop();
  return server.kind === 'external' ? {} : { S3_TEST_KIND: server.kind };
}

async function startDatabase(database: Database): Promise<DatabaseServer | null> {
  if (database === 'sqlite') return null;
  const [start, packages] = database === 'postgres' ? ([startPostgres, 'postgresql'] as const) : ([startMariadb, 'mariadb-server'] as const);
  const server = await start();
  if (!server) throw new Error(`${database} is not installed: apt-get install ${packages}`);
  return server;
}

const runJest = (args: string[], env: Record<string, string>): Promise<number> =>
  new Promise((resolve) => {
    const jest = path.resolve(__dirname, '../node_modules/jest/bin/jest.js');
    const child = spawn(process.execPath, [jest, '--selectProjects', 'integration', '--runInBand', ...args], {
      stdio: 'inherit',
      env: { ...process.env, ...env },
    });
    child.once('close', (code) => resolve(code ?? 1));
  });

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { s3: { type: 'string' }, db: { type: 'string' } },
    allowPositionals: true,
  });
  const database = oneOf('db', values.db, DATABASES) ?? 'sqlite';
  const s3 = await checkS3(oneOf('s3', values.s3, S3_KINDS));
  const server = await startDatabase(database);
  console.log(`Database: ${database}`);
  try {
    return await runJest(positionals.length > 0 ? ['--', ...positionals] : [], {
      ...s3,
      ...(server && { TEST_DATABASE_URL: server.url }),
    });
  } finally {
    await server?.stop();
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  },
);
