/**
 * npm run verify:kills -- [--times 20] [--s3 minio|rgw|embedded] [--db sqlite|postgres] [--seed S]
 *
 * A real Strapi under load, with troubles on the way to S3, is killed (SIGKILL) again and again (`--times`). After each start every
 * acknowledged byte is looked for: over HTTP, in S3, on disk and in the database. Exit code 1 when one is missing.
 * `--sabotage` proves that it would notice: files are damaged behind the server's back, and the exit code must be 1.
 */
import { parseArgs } from 'node:util';

import { runKills } from '../tests/chaos/kills';
import { S3_KINDS } from '../tests/support/s3-servers/server';
import { freshDatabase } from '../tests/support/test-database';
import { oneOf, positive, runCommand, seedOf, startDatabase } from './command';

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      times: { type: 'string', default: '20' },
      s3: { type: 'string' },
      db: { type: 'string' },
      seed: { type: 'string' },
      sabotage: { type: 'boolean', default: false },
    },
  });
  const seed = seedOf(values.seed);
  const server = await startDatabase(oneOf('db', values.db, ['sqlite', 'postgres']) ?? 'sqlite');
  try {
    return await runKills({
      times: positive('times', values.times),
      seed,
      s3: oneOf('s3', values.s3, S3_KINDS),
      database: await freshDatabase(server?.url),
      sabotage: values.sabotage,
      say: (line) => console.log(line),
    });
  } finally {
    await server?.stop();
    console.log(`Seed: ${seed}`);
  }
}

runCommand(main);
