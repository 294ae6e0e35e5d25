/**
 * npm run test:e2e -- [--s3 minio|rgw|embedded] [jest's own arguments]
 *
 * The settings page and the media library in a real browser, on a real Strapi. Builds what has changed and starts what
 * the scenes need, or says in one line what is missing.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { findChromium, NO_CHROMIUM } from '../tests/e2e/support/browser';
import { buildPlayground } from '../tests/support/build';
import { startS3 } from '../tests/support/s3';
import { S3_KINDS } from '../tests/support/s3-servers/server';

const runJest = (args: string[], env: Record<string, string>): Promise<number> =>
  new Promise((resolve) => {
    const jest = path.resolve(__dirname, '../node_modules/jest/bin/jest.js');
    // Scenes end with the browser and Strapi gone; what a failed one leaves must not hold the run.
    const child = spawn(process.execPath, [jest, '--selectProjects', 'e2e', '--runInBand', '--forceExit', ...args], {
      stdio: 'inherit',
      env: { ...process.env, ...env },
    });
    child.once('close', (code) => resolve(code ?? 1));
  });

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options: { s3: { type: 'string' } }, allowPositionals: true });
  const kind = S3_KINDS.find((known) => known === values.s3);
  if (values.s3 !== undefined && !kind) throw new Error(`--s3 ${values.s3}: use ${S3_KINDS.join(', ')}`);
  const chromium = findChromium();
  if (!chromium) throw new Error(NO_CHROMIUM);
  console.log(`Browser: ${chromium}`);
  // a server that is asked for and missing shall be said at once, before anything is built
  const server = await startS3(kind);
  await server.stop();
  await buildPlayground((name) => console.log(`building the ${name} …`));
  return runJest(positionals.length > 0 ? ['--', ...positionals] : [], server.kind === 'external' ? {} : { S3_TEST_KIND: server.kind });
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
