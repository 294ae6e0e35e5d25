/**
 * npm run demo              plays the story and stays up
 * npm run demo -- --check   plays it and exits 0, or 1 when something shown did not hold
 */
import { styleText } from 'node:util';

import { rawBucket } from '../tests/support/raw-s3';
import { startS3, type S3Server } from '../tests/support/s3';
import { beginRun } from '../tests/support/test-run';
import { ADMIN, buildPlayground, startStrapi, type StrapiInstance } from '../tests/support/strapi';
import { Claims } from './claims';
import { cleanUpAfterwards, onOrphaned } from './ending';
import { makeLibrary, moveLibrary } from './library';
import { heading, step } from './progress';
import { catchUp, configure, uploadToS3, uploadWithoutS3, type Stage } from './story';

// a note of the SDK's about next year's Node, in the middle of the story
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.once(signal, () => console.log('\nStopping …'));
// where the terminal or the reader is gone, nothing is to be told, and the end goes on
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
beginRun();
cleanUpAfterwards();
onOrphaned(() => process.exit(1));
const checkOnly = process.argv.includes('--check');
const running: { s3?: S3Server; strapi?: StrapiInstance } = {};

// where the run's own end finds no processes, as only Linux tells of their environments
process.once('exit', () => {
  if (running.strapi) kill(running.strapi.pid);
});

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended
  }
}

/** Ends everything in its own way; an end that cannot wait is the run's: whatever step is under way dies with its processes. */
async function leave(): Promise<void> {
  await running.strapi?.discard();
  await running.s3?.stop();
}

async function prepare(claims: Claims): Promise<Stage> {
  heading('Prepare: an S3 server, and a Strapi with the plugin');
  const s3 = await step('starting an S3 server', (tell) => startS3('embedded', tell));
  running.s3 = s3;
  const bucket = rawBucket(s3, await s3.createBucket('demo-media'));
  await step('building plugin and playground (a minute the first time)', async (tell) => {
    await buildPlayground((name) => tell(name));
  });
  const strapi = await step('starting Strapi on SQLite, with an administrator', () => startStrapi({ database: { client: 'sqlite' } }));
  running.strapi = strapi;
  return { s3, bucket, strapi, claims };
}

async function play(): Promise<boolean> {
  const claims = new Claims();
  const stage = await prepare(claims);
  const library = await makeLibrary(stage);
  await configure(stage);
  await uploadToS3(stage);
  if (!claims.allHold) throw new Error('nothing reaches S3: the rest of the story would only wait for it');
  await catchUp(stage, await uploadWithoutS3(stage));
  await moveLibrary(stage, library);

  heading(claims.allHold ? styleText('green', claims.summary) : styleText('red', claims.summary));
  return claims.allHold;
}

function showAddresses({ s3, strapi }: { s3?: S3Server; strapi?: StrapiInstance }): void {
  heading('It stays up until Ctrl-C. Look around:');
  console.log(`  admin panel     ${strapi?.url}/admin`);
  console.log(`  settings page   ${strapi?.url}/admin/settings/s3-storage`);
  console.log(`  migration page  ${strapi?.url}/admin/settings/s3-storage-migration`);
  console.log(`  login           ${ADMIN.email}  ${ADMIN.password}`);
  console.log(`  S3              ${s3?.endpoint}  bucket demo-media, keys ${s3?.accessKeyId} / ${s3?.secretAccessKey}`);
}

async function main(): Promise<void> {
  let good = false;
  try {
    good = await play();
    if (!checkOnly) {
      showAddresses(running);
      await new Promise((resolve) => setInterval(resolve, 2 ** 30));
    }
  } catch (error) {
    console.error(error);
    if (running.strapi) console.error(`\nStrapi's last words:\n${running.strapi.logs().slice(-3_000)}`);
  }
  await leave();
  process.exitCode = good ? 0 : 1;
}

void main();
