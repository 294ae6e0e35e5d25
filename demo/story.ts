import type { SettingsAnswer } from '../server/src/contracts/settings';
import { keysOf, type UploadedFile } from '../tests/support/admin-client';
import { pdf, sha256 } from '../tests/support/images';
import { sleep } from '../tests/support/process';
import type { RawBucket } from '../tests/support/raw-s3';
import type { S3Server } from '../tests/support/s3';
import type { StrapiInstance } from '../tests/support/strapi';
import type { Claims } from './claims';
import { landingsOf, showLandings } from './landing';
import { landscape } from './pictures';
import { bar, heading, step } from './progress';

export interface Stage {
  s3: S3Server;
  bucket: RawBucket;
  strapi: StrapiInstance;
  claims: Claims;
}

const CATCH_UP_MS = 120_000;
/** The most that an outage may cost the first upload, in milliseconds (promise P5 in `docs/design.md`). */
const OUTAGE_COST_MS = 5_000;

export async function configure({ s3, bucket, strapi, claims }: Stage): Promise<void> {
  const settings = {
    provider: 'other',
    endpoint: s3.endpoint,
    bucket: bucket.bucket,
    region: s3.region,
    forcePathStyle: true,
    accessKeyId: s3.accessKeyId,
    secretAccessKey: s3.secretAccessKey,
  };
  heading('Configure the plugin through its API, as the settings page does');
  const answer = await step('PUT /s3-storage/settings', async (tell) => {
    const saved = await strapi.api<SettingsAnswer>('PUT', '/s3-storage/settings', settings);
    tell(`mode ${saved.body.mode}`);
    return saved;
  });
  claims.check('the settings are accepted and the mode is read-write', answer.status === 200 && answer.body.mode === 'read-write');
  claims.check('the secret is not in the answer', !('secretAccessKey' in answer.body.settings));
}

export async function uploadToS3({ bucket, strapi, claims }: Stage): Promise<void> {
  heading('Upload two images and a document');
  const document = pdf('contract.pdf', 'Every upload lives in S3');
  const files = await step('making real files', async () => [
    await landscape('hills.jpg', 'jpeg', 1_400, 900, 250),
    await landscape('dusk.png', 'png', 900, 600, 190),
    document,
  ]);
  const uploads = await step('uploading them through the media library', async (tell) => {
    const done: UploadedFile[] = [];
    for (const file of files) {
      done.push(...(await strapi.upload(file)));
      tell(bar(done.length, files.length));
    }
    return done;
  });

  const landings = await landingsOf(strapi, bucket, uploads);
  showLandings(landings);
  claims.check(`all ${landings.length} objects are in the bucket, byte for byte what GET /uploads/… answers`, landings.every(({ object }) => object !== null));
  claims.check('the object key is the file name', landings.every(({ object, key }) => object === key));
  claims.check('no copy was left on the disk', landings.every(({ file }) => file === null));
  const [stored] = uploads.slice(-1);
  claims.check('the document reads back as it was sent', stored !== undefined && sha256((await strapi.read(stored.url)).bytes) === sha256(document.bytes));
}

/** @returns what was uploaded while S3 was away */
export async function uploadWithoutS3({ s3, strapi, claims }: Stage): Promise<UploadedFile[]> {
  heading('S3 goes away, the editors go on');
  await step('stopping S3', () => s3.halt());

  const [first, second] = [await landscape('outage-1.jpg', 'jpeg', 1_200, 800, 330), pdf('outage-2.pdf', 'Written while S3 was away')];
  const timed = async (file: typeof first) => {
    const started = performance.now();
    const uploads = await strapi.upload(file);
    return { uploads, ms: Math.round(performance.now() - started) };
  };
  const one = await step('uploading an image', async (tell) => {
    const result = await timed(first);
    tell(`answered 200 in ${result.ms} ms`);
    return result;
  });
  const two = await step('uploading a document', async (tell) => {
    const result = await timed(second);
    tell(`answered 200 in ${result.ms} ms`);
    return result;
  });

  const uploads = [...one.uploads, ...two.uploads];
  const landings = await landingsOf(strapi, null, uploads);
  showLandings(landings);
  claims.check(`both uploads succeed, the first within ${OUTAGE_COST_MS} ms`, one.ms < OUTAGE_COST_MS + 1_000 && two.ms < OUTAGE_COST_MS);
  claims.check('their bytes are on the disk and are served from there', landings.every(({ file, readStatus }) => file !== null && readStatus === 200));
  return uploads;
}

export async function catchUp({ s3, bucket, strapi, claims }: Stage, uploads: UploadedFile[]): Promise<void> {
  heading('S3 comes back, the plugin catches up by itself');
  await step('starting S3', () => s3.resume());
  const total = uploads.flatMap(keysOf).length;
  const landings = await step('catching up', async (tell) => {
    const deadline = Date.now() + CATCH_UP_MS;
    for (;;) {
      const now = await landingsOf(strapi, bucket, uploads);
      const arrived = now.filter(({ object }) => object !== null).length;
      tell(bar(arrived, total));
      if (arrived === total || Date.now() > deadline) return now;
      await sleep(500);
    }
  });
  showLandings(landings);
  claims.check('what was written during the outage is now in the bucket, byte for byte', landings.every(({ object }) => object !== null));
  claims.check('and reads as before', landings.every(({ readStatus }) => readStatus === 200));
}
