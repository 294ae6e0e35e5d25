import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobAnswer, JobName } from '../server/src/contracts/jobs';
import { observeDatabase } from '../tests/support/observe-ledger';
import { removeFolder, tempFolder } from '../tests/support/process';
import { rawBucket } from '../tests/support/raw-s3';
import { startS3, type S3Kind, type S3Server } from '../tests/support/s3';
import { startStrapi, type StrapiInstance } from '../tests/support/strapi';
import { farAway } from './far-away';
import { residentMb } from './measure';
import { fillLibrary } from './migration-library';

export interface JobsOptions {
  /** Number of files in the library. */
  readonly files: number;
  /** Size of each file in bytes. */
  readonly size: number;
  readonly s3?: S3Kind;
  /** Milliseconds to the server and back; 0: it is on this machine. */
  readonly latencyMs: number;
  readonly json: boolean;
}

interface Line {
  readonly job: JobName;
  readonly seconds: number;
  readonly perSecond: number;
  /** Resident memory of Strapi at most, in MiB. */
  readonly peakMb: number;
  /** Longest time for which the event loop was held up, in milliseconds. */
  readonly heldUpMs: number;
}

const JOBS: readonly JobName[] = ['upload', 'audit', 'cleanup', 'restore'];

/** Runs all jobs in a Strapi that serves, with its default settings: phase 1, an audit, phase 2, and the way back. */
export async function benchJobs(options: JobsOptions): Promise<void> {
  const s3 = await startS3(options.s3, (line) => console.error(line));
  const way = options.latencyMs > 0 ? await farAway(s3.endpoint, options.latencyMs) : undefined;
  const folder = await tempFolder('bench-jobs');
  try {
    const watched = path.join(folder, 'held-up');
    const env = { NODE_OPTIONS: `--require ${path.join(__dirname, 'watch-loop.cjs')}`, WATCH_LOOP_FILE: watched };
    const strapi = await startStrapi({ database: { client: 'sqlite' }, env });
    try {
      const lines = await measured(strapi, { ...s3, endpoint: way?.endpoint ?? s3.endpoint }, await s3.createBucket(), watched, options);
      if (options.json) console.log(JSON.stringify({ ...options, server: s3.label, lines }, null, 2));
      else for (const { job, seconds, perSecond, peakMb, heldUpMs } of lines) console.log(`${job.padEnd(10)} ${seconds.toFixed(1).padStart(7)} s ${perSecond.toFixed(0).padStart(7)}/s   at most ${peakMb.toFixed(0)} MB, event loop held up for ${heldUpMs.toFixed(0)} ms at most`);
    } finally {
      await strapi.discard();
    }
  } finally {
    await removeFolder(folder);
    await way?.close();
    await s3.stop();
  }
}

async function measured(strapi: StrapiInstance, server: S3Server, bucket: string, watched: string, { files, size }: JobsOptions): Promise<Line[]> {
  const db = observeDatabase(strapi);
  await fillLibrary(db, strapi.uploadsDir, { name: 'file', count: files, size }).finally(() => db.destroy());
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const { body } = await strapi.api<{ mode: string }>('PUT', '/s3-storage/settings', { provider: 'other', bucket, region, endpoint, forcePathStyle: true, accessKeyId, secretAccessKey });
  if (body.mode !== 'read-write') throw new Error(`the plugin does not reach its S3 server: ${JSON.stringify(body)}`);
  const lines: Line[] = [];
  for (const job of JOBS) {
    await heldUpMs(strapi, watched);
    const { seconds, peakMb } = await runJob(strapi, job, files);
    if (job === 'upload') await checkObjects(server, bucket, files);
    lines.push({ job, seconds, perSecond: files / seconds, peakMb, heldUpMs: await heldUpMs(strapi, watched) });
  }
  return lines;
}

async function runJob(strapi: StrapiInstance, job: JobName, files: number): Promise<{ seconds: number; peakMb: number }> {
  const started = await strapi.api('POST', `/s3-storage/jobs/${job}/start`, {});
  if (started.status >= 300) throw new Error(`the job ${job} did not start: ${JSON.stringify(started.body)}`);
  let peakMb = 0;
  for (;;) {
    await sleep(250);
    peakMb = Math.max(peakMb, await residentMb(strapi.pid));
    const { body } = await strapi.api<{ jobs: JobAnswer[] }>('GET', '/s3-storage/jobs');
    const { running, wanted, lastRun } = body.jobs.find(({ name }) => name === job) as JobAnswer;
    if (running || wanted || !lastRun?.endedAt) continue;
    if (lastRun.status !== 'complete') throw new Error(`the job ${job} ended as ${lastRun.status} (${lastRun.error?.code ?? 'no error'}), ${lastRun.done} of ${files} files done`);
    return { seconds: (Date.parse(lastRun.endedAt) - Date.parse(lastRun.startedAt)) / 1000, peakMb };
  }
}

/** A job that has left something out has not been quick. */
async function checkObjects(server: S3Server, name: string, files: number): Promise<void> {
  const bucket = rawBucket(server, name);
  const objects = await bucket.list().finally(() => bucket.close());
  const count = objects.filter(({ key }) => key.endsWith('.bin')).length;
  if (count !== files) throw new Error(`${count} of ${files} objects are in the bucket`);
}

async function heldUpMs({ pid }: StrapiInstance, file: string): Promise<number> {
  process.kill(pid, 'SIGUSR2');
  await sleep(300);
  return Number(await readFile(file, 'utf8'));
}
