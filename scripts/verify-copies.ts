/**
 * npm run verify:copies -- [--times 20] [--s3 minio|rgw|embedded] [--seed S]
 *
 * A real Strapi under load is copied with its database at random moments: running, stopped and killed. The copy starts with the same
 * settings, and somebody does on it whatever people can do, in `--times` rounds. Exit code 1 when an object of the bucket is overwritten,
 * gone or not production's after a round, when the copy may change the bucket, or when production misses a byte.
 * `--sabotage` proves that it would notice: objects are damaged in the end, and the exit code must be 1.
 */
import { parseArgs } from 'node:util';

import { runCopies } from '../tests/chaos/copies';
import { S3_KINDS } from '../tests/support/s3-servers/server';
import { oneOf, positive, runCommand, seedOf } from './command';

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      times: { type: 'string', default: '20' },
      s3: { type: 'string' },
      seed: { type: 'string' },
      sabotage: { type: 'boolean', default: false },
    },
  });
  const seed = seedOf(values.seed);
  try {
    return await runCopies({
      times: positive('times', values.times),
      seed,
      s3: oneOf('s3', values.s3, S3_KINDS),
      sabotage: values.sabotage,
      say: (line) => console.log(line),
    });
  } finally {
    console.log(`Seed: ${seed}`);
  }
}

runCommand(main);
