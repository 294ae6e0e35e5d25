/**
 * npm run test:integration -- [--s3 minio|rgw|embedded] [--db sqlite|postgres|mariadb] [jest's own arguments]
 *
 * Starts what the suites need, or says in one line what is missing, and runs them.
 */
import { parseArgs } from 'node:util';

import { checkS3, DATABASES, oneOf, runCommand, runJest, startDatabase } from './command';

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
    // two at a time, because most of a suite waits for its Strapi or for a clock; CI has other work beside it
    return await runJest('integration', [`--maxWorkers=${process.env['TEST_WORKERS'] ?? 2}`, ...(positionals.length > 0 ? ['--', ...positionals] : [])], {
      ...s3,
      ...(server && { TEST_DATABASE_URL: server.url }),
    });
  } finally {
    await server?.stop();
  }
}

runCommand(main);
