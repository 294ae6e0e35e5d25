import type { JobAnswer, JobName, JobsAnswer } from '../server/src/contracts/jobs';
import type { UploadedFile } from '../tests/support/admin-client';
import { sleep } from '../tests/support/process';
import { landingsOf, showLandings } from './landing';
import { landscape } from './pictures';
import { bar, heading, step } from './progress';
import type { Stage } from './story';

const JOB_MS = 120_000;
const SWEEP_MS = 30_000;

/** Uploads images while the plugin knows of no bucket: what a project has when it installs the plugin. */
export async function makeLibrary({ strapi, claims }: Stage): Promise<UploadedFile[]> {
  heading('A media library that was there before the plugin is configured');
  const files = await step('uploading images to the disk', async (tell) => {
    const made: UploadedFile[] = [];
    for (let number = 1; number <= 4; number++) {
      made.push(...(await strapi.upload(await landscape(`before-${number}.jpg`, 'jpeg', 1_100, 700, 60 * number))));
      tell(bar(number, 4));
    }
    return made;
  });
  const landings = await landingsOf(strapi, null, files);
  claims.check(`${landings.length} files lie on the disk, and are served`, landings.every(({ file, readStatus }) => file !== null && readStatus === 200));
  return files;
}

/** Both phases: to S3, and then away from the disk. */
export async function moveLibrary(stage: Stage, library: UploadedFile[]): Promise<void> {
  const { strapi, bucket, claims } = stage;
  heading('Move that library: upload, then verified cleanup');
  const refused = await strapi.api('POST', '/s3-storage/jobs/cleanup/start');
  claims.check('the cleanup is refused before the upload is complete', refused.status === 409);
  await step('phase 1: uploading', (tell) => complete(stage, 'upload', tell));
  const uploaded = await landingsOf(strapi, bucket, library);
  claims.check('every file is in the bucket, byte for byte, and still on the disk', uploaded.every(({ object, file }) => object !== null && file !== null));

  await step('phase 2: freeing the disk of what is proven in S3', (tell) => complete(stage, 'cleanup', tell));
  let landings = await landingsOf(strapi, bucket, library);
  for (const deadline = Date.now() + SWEEP_MS; Date.now() < deadline && landings.some(({ file }) => file !== null); ) {
    await sleep(500);
    landings = await landingsOf(strapi, bucket, library);
  }
  showLandings(landings);
  claims.check('the disk is free of them, and visitors get the same bytes', landings.every(({ file, object, readStatus }) => file === null && object !== null && readStatus === 200));
}

/** Starts a job and waits for its end. */
async function complete({ strapi }: Stage, name: JobName, tell: (text: string) => void): Promise<void> {
  const started = await strapi.api('POST', `/s3-storage/jobs/${name}/start`, {});
  if (started.status !== 202) throw new Error(`${name} was refused: ${JSON.stringify(started.body)}`);
  for (const deadline = Date.now() + JOB_MS; Date.now() < deadline; await sleep(500)) {
    const { jobs } = (await strapi.api<JobsAnswer>('GET', '/s3-storage/jobs')).body;
    const job = jobs.find((found) => found.name === name) as JobAnswer;
    tell(bar(job.progress.done, job.progress.total));
    if (!job.running && job.lastRun?.status === 'complete') return;
    if (job.lastRun?.status === 'failed') throw new Error(`${name} failed: ${JSON.stringify(job.lastRun.error)}`);
  }
  throw new Error(`${name} did not end within ${JOB_MS} ms`);
}
