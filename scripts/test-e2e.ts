/**
 * npm run test:e2e -- [--s3 minio|rgw|embedded] [jest's own arguments]
 *
 * The settings page and the media library in a real browser, on a real Strapi. Builds what has changed and starts what
 * the scenes need, or says in one line what is missing.
 */
import { parseArgs } from 'node:util';

import { checkS3, runCommand, runJest } from './command';
import { findChromium, NO_CHROMIUM } from '../tests/e2e/support/browser';
import { buildPlayground } from '../tests/support/build';

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options: { s3: { type: 'string' } }, allowPositionals: true });
  const chromium = findChromium();
  if (!chromium) throw new Error(NO_CHROMIUM);
  console.log(`Browser: ${chromium}`);
  const s3 = await checkS3(values.s3);
  await buildPlayground((name) => console.log(`building the ${name} …`));
  // what a failed scene leaves open must not hold the run
  const args = ['--runInBand', '--forceExit', ...(positionals.length > 0 ? ['--', ...positionals] : [])];
  return runJest('e2e', args, s3);
}

runCommand(main);
