import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { JobName, JobsAnswer } from '../../server/src/contracts/jobs';
import { urlsOf, type UploadedFile } from '../support/admin-client';
import { sha256, textFile } from '../support/images';
import { makeLibrary } from '../support/library';
import { tempFolder } from '../support/process';
import { rawBucket } from '../support/raw-s3';
import { openStage, type Stage } from '../support/stage';
import { startStrapi, type StrapiInstance } from '../support/strapi';
import { assetsIn, strapiCommand } from '../support/strapi-command';

/** `strapi export` runs in a process that does not listen, and reads local files from the uploads folder by itself. */
const IMAGES = Number(process.env.EXPORT_IMAGES ?? 30);
/** Larger than what the plugin holds in memory while it exports a file. */
const LARGE_BYTES = 20 * 1024 * 1024;

let stage: Stage;
/** The checksum of each URL's bytes. */
const expected = new Map<string, string>();

const exportTo = (name: string) => strapiCommand(stage.strapi, 'export', '--no-encrypt', '--no-compress', '--file', name);

async function note(url: string): Promise<void> {
  const { status, bytes } = await stage.strapi.read(url);
  expect([url, status]).toEqual([url, 200]);
  expected.set(url, sha256(bytes));
}

async function complete(name: JobName): Promise<void> {
  const run = async () => (await stage.strapi.api<JobsAnswer>('GET', '/s3-storage/jobs')).body.jobs.find((job) => job.name === name);
  expect((await stage.strapi.api('POST', `/s3-storage/jobs/${name}/start`, {})).status).toBe(202);
  await stage.eventually(
    `${name} is complete`,
    // a busy machine may close a connection between two questions
    async () => (await run().catch(() => undefined))?.lastRun?.status === 'complete',
    120_000,
  );
}

beforeAll(async () => {
  stage = await openStage();
  const library = await makeLibrary(stage.strapi, IMAGES);
  for (const [key, sum] of library.sums) expected.set(`/uploads/${key}`, sum);
  expect(await stage.configure({ ...stage.settings, cleanupGraceDays: 0 })).toBe('read-write');
  await complete('upload');
  await complete('cleanup');
  await stage.strapi.stop();
  // whatever the sweeper has not removed yet
  await rm(stage.strapi.uploadsDir, { recursive: true });
  await mkdir(stage.strapi.uploadsDir);
  await stage.strapi.restart();

  const files = await stage.strapi.upload([textFile('note.txt', 'in S3 only'), { name: 'large.bin', type: 'application/octet-stream', bytes: randomBytes(LARGE_BYTES) }]);
  for (const url of files.flatMap(urlsOf)) await note(url);
  await stage.proxy.refuse();
  const [fallback] = (await stage.strapi.upload(textFile('fallback.txt', 'on the disk only'))) as [UploadedFile];
  await stage.strapi.replace(fallback.id, textFile('fallback.txt', 'replaced, under an own name on the disk'));
  await note(fallback.url);
  await stage.proxy.accept();
}, 600_000);

afterAll(() => stage?.close(), 60_000);

test('an export carries every file and format, byte for byte, although the uploads folder has none of them', async () => {
  await stage.strapi.stop();
  // what lies on the disk is the two versions of the file that S3 did not take
  const { code, output } = await exportTo('whole');
  expect([code, output]).toEqual([0, expect.not.stringContaining('no corresponding file')]);
  expect(await assetsIn(path.join(stage.strapi.appDir, 'whole.tar'))).toEqual(expected);
}, 240_000);

test.each<[string, (app: StrapiInstance) => Promise<void>]>([
  ['without S3', async () => undefined],
  ['with S3 on another bucket', async (app) => {
    const bucket = rawBucket(stage.s3, await stage.s3.createBucket());
    const { status, body } = await app.api<{ mode: string }>('PUT', '/s3-storage/settings', { ...stage.settings, bucket: bucket.bucket });
    expect([status, body.mode]).toEqual([200, 'read-write']);
    bucket.close();
  }],
])('an import of it into an app %s serves every file and format, byte for byte', async (_what, configure) => {
  const other = await startStrapi({ appDir: await tempFolder('import') });
  try {
    await configure(other);
    await other.stop();
    const { code, output } = await strapiCommand(other, 'import', '--force', '--file', path.join(stage.strapi.appDir, 'whole.tar'), '--exclude', 'config');
    expect([code, output]).toEqual([0, expect.anything()]);
    await other.restart();
    const served = new Map<string, string>();
    for (const url of expected.keys()) {
      const { status, bytes } = await other.read(url);
      served.set(url, status === 200 ? sha256(bytes) : String(status));
    }
    expect(served).toEqual(expected);
  } finally {
    await other.discard();
  }
}, 300_000);

test('an export of a library that lacks an object fails, and names the file', async () => {
  const lost = [...expected.keys()].find((url) => url.includes('note'))!;
  await stage.bucket.remove(path.basename(lost));
  const { code, output } = await exportTo('lost');
  expect(code).not.toBe(0);
  expect(output).toContain(`1 file cannot be read now: "${path.basename(lost)}"`);
}, 240_000);
