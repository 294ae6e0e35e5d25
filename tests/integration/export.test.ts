import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { urlsOf, type UploadedFile } from '../support/admin-client';
import { image, sha256, textFile } from '../support/images';
import { layOutApp } from '../support/playground-app';
import { tempFolder } from '../support/process';
import { openStage, type Stage } from '../support/stage';
import { startStrapi } from '../support/strapi';
import { assetsIn, strapiCommand } from '../support/strapi-command';

/** `strapi export` runs in a process that does not listen, and reads local files from the uploads folder by itself. */
const IMAGES = 4;
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

beforeAll(async () => {
  stage = await openStage();
  expect(await stage.configure()).toBe('read-write');
  const images = await Promise.all(Array.from({ length: IMAGES }, (_, at) => image(`picture${at}.jpg`, 'jpeg', 700 + at, 400)));
  const files: UploadedFile[] = await stage.strapi.upload(images);
  files.push(...(await stage.strapi.upload([textFile('note.txt', 'in S3 only'), { name: 'large.bin', type: 'application/octet-stream', bytes: randomBytes(LARGE_BYTES) }])));
  for (const url of files.flatMap(urlsOf)) await note(url);
  await stage.proxy.refuse();
  const [fallback] = (await stage.strapi.upload(textFile('fallback.txt', 'on the disk only'))) as [UploadedFile];
  await stage.strapi.replace(fallback.id, textFile('fallback.txt', 'replaced, under an own name on the disk'));
  await note(fallback.url);
  await stage.proxy.accept();
}, 300_000);

afterAll(() => stage?.close(), 60_000);

test('an export carries every file and format, byte for byte, although the uploads folder has none of them', async () => {
  await stage.strapi.stop();
  // what lies on the disk is the two versions of the file that S3 did not take
  const { code, output } = await exportTo('whole');
  expect([code, output]).toEqual([0, expect.not.stringContaining('no corresponding file')]);
  expect(await assetsIn(path.join(stage.strapi.appDir, 'whole.tar'))).toEqual(expected);
}, 240_000);

test('an import of it into an app without S3 serves every file', async () => {
  const appDir = await tempFolder('import');
  await layOutApp(appDir);
  await mkdir(path.join(appDir, '.tmp'), { recursive: true });
  const other = await startStrapi({ appDir, database: { client: 'sqlite' } });
  try {
    await other.stop();
    const { code, output } = await strapiCommand(other, 'import', '--force', '--file', path.join(stage.strapi.appDir, 'whole.tar'), '--exclude', 'config');
    expect([code, output]).toEqual([0, expect.anything()]);
    await other.restart();
    for (const [url, bytes] of expected) {
      const answer = await other.read(url);
      expect([url, answer.status, sha256(answer.bytes)]).toEqual([url, 200, bytes]);
    }
  } finally {
    await other.discard();
  }
}, 240_000);

test('an export of a library that lacks an object fails, and names the file', async () => {
  const lost = [...expected.keys()].find((url) => url.includes('note'))!;
  await stage.bucket.remove(path.basename(lost));
  const { code, output } = await exportTo('lost');
  expect(code).not.toBe(0);
  expect(output).toContain(`1 file cannot be read now: "${path.basename(lost)}"`);
}, 240_000);
