/**
 * npm run test:databases: the ledger's contract and everything else that speaks SQL, on PostgreSQL and MariaDB beside
 * SQLite. Starts throw-away servers, or says in one line what is missing.
 */
import { runCommand, runJest } from './command';
import { startMariadb, startPostgres } from '../tests/support/databases';

const SUITES = 'tests/(contract/(ledger|inventories|leases|watches|owner-book)|adapters)';

async function main(): Promise<number> {
  const [postgres, mariadb] = [await startPostgres(), await startMariadb()];
  try {
    if (!postgres || !mariadb) throw new Error(`not installed: apt-get install ${postgres ? 'mariadb-server' : 'postgresql'}`);
    return await runJest('unit', ['--testPathPatterns', SUITES], { TEST_POSTGRES_URL: postgres.url, TEST_MARIADB_URL: mariadb.url });
  } finally {
    await postgres?.stop();
    await mariadb?.stop();
  }
}

runCommand(main);
