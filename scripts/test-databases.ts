/**
 * npm run test:databases: the ledger's contract and everything else that speaks SQL, on PostgreSQL and MariaDB beside
 * SQLite. Starts throw-away servers, or says in one line what is missing.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';

import { startMariadb, startPostgres } from '../tests/support/databases';

const SUITES = 'tests/(contract/ledger|adapters)';

const runJest = (env: Record<string, string>): Promise<number> =>
  new Promise((resolve) => {
    const jest = path.resolve(__dirname, '../node_modules/jest/bin/jest.js');
    const child = spawn(process.execPath, [jest, '--selectProjects', 'unit', '--testPathPatterns', SUITES], {
      stdio: 'inherit',
      env: { ...process.env, ...env },
    });
    child.once('close', (code) => resolve(code ?? 1));
  });

async function main(): Promise<number> {
  const [postgres, mariadb] = [await startPostgres(), await startMariadb()];
  try {
    if (!postgres || !mariadb) throw new Error(`not installed: apt-get install ${postgres ? 'mariadb-server' : 'postgresql'}`);
    return await runJest({ TEST_POSTGRES_URL: postgres.url, TEST_MARIADB_URL: mariadb.url });
  } finally {
    await postgres?.stop();
    await mariadb?.stop();
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
