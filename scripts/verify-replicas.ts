/**
 * npm run verify:replicas -- [--seconds 60] [--s3 minio|rgw|embedded] [--seed S]
 *
 * Three Strapi processes with a disk each on one PostgreSQL, under load and with troubles of all kinds on the way to S3.
 * Exit code 1 when a read shows old, foreign or mixed bytes or misses a file, or when the three, the bucket, the disks and
 * the database do not agree in the end.
 * `--sabotage` proves that it would notice: files are damaged behind the servers' back, and the exit code must be 1.
 */
import { parseArgs } from 'node:util';

import { runReplicas } from '../tests/chaos/replicas';
import { S3_KINDS } from '../tests/support/s3-servers/server';
import { freshDatabase } from '../tests/support/test-database';
import { oneOf, positive, runCommand, seedOf, startDatabase } from './command';

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '60' },
      s3: { type: 'string' },
      seed: { type: 'string' },
      sabotage: { type: 'boolean', default: false },
    },
  });
  const seed = seedOf(values.seed);
  const server = await startDatabase('postgres');
  try {
    return await runReplicas({
      seconds: positive('seconds', values.seconds),
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
