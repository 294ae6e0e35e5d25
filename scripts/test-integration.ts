/**
 * npm run test:integration -- [--s3 minio|rgw|embedded] [--db sqlite|postgres|mariadb] [jest's own arguments]
 *
 * Starts what the suites need, or says in one line what is missing, and runs them.
 */
import { parseArgs } from 'node:util';

import { startMariadb, startPostgres, type DatabaseServer } from '../tests/support/databases';
import { checkS3, oneOf, runCommand, runJest } from './command';

const DATABASES = ['sqlite', 'postgres', 'mariadb'] as const;
type Database = (typeof DATABASES)[number];

async function startDatabase(database: Database): Promise<DatabaseServer | null> {
  if (database === 'sqlite') return null;
  const [start, packages] = database === 'postgres' ? ([startPostgres, 'postgresql'] as const) : ([startMariadb, 'mariadb-server'] as const);
  const server = await start();
  if (!server) throw new Error(`${database} is not installed: apt-get install ${packages}`);
  return server;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { s3: { type: 'string' }, db: { type: 'string' } },
    allowPositionals: true,
  });
  const database = oneOf('db', values.db, DATABASES) ?? 'sqlite';
  const s3 = await checkS3(values.s3);
  const server = await startDatabase(database);
  console.log(`Database: ${database}`);
  try {
    // one after the other: several Strapis on two cores would only measure each other
    return await runJest('integration', ['--runInBand', ...(positionals.length > 0 ? ['--', ...positionals] : [])], {
      ...s3,
      ...(server && { TEST_DATABASE_URL: server.url }),
    });
  } finally {
    await server?.stop();
  }
}

runCommand(main);
