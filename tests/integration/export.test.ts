import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { urlsOf, type UploadedFile } from '../support/admin-client';
import { ROOT } from '../support/build';
import { image, sha256, textFile } from '../support/images';
import { layOutApp } from '../support/playground-app';
import { tempFolder } from '../support/process';
import { openStage, type Stage } from '../support/stage';
import { startStrapi } from '../support/strapi';

/** `strapi export` runs in a process that does not listen, and reads local files from the uploads folder by itself. */
const IMAGES = 4;
/** Larger than what the plugin holds in memory while it exports a file. */
const LARGE_BYTES = 20 * 1024 * 1024;

const run = promisify(execFile);

let stage: Stage;
/** The checksum of each URL's bytes. */
const expected = new Map<string, string>();

async function strapiCommand(app: { appDir: string; environment: Record<string, string> }, ...args: string[]): Promise<{ code: number; output: string }> {
  const bin = path.join(ROOT, 'node_modules/@strapi/strapi/bin/strapi.js');
  const options = { cwd: app.appDir, env: { ...process.env, ...app.environment }, timeout: 180_000, maxBuffer: 64 * 1024 * 1024 };
  try {
    const { stdout, stderr } = await run(process.execPath, [bin, ...args], options);
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, output: stdout + stderr };
  }
}

const exportTo = (name: string) => strapiCommand(stage.strapi, 'export', '--no-encrypt', '--no-compress', '--file', name);

/** The files of an archive by their names, as tar unpacks them. */
async function assetsIn(archive: string): Promise<Map<string, string>> {
  const { stdout } = await run('tar', ['-tf', path.join(stage.strapi.appDir, archive)]);
  const assets = new Map<string, string>();
  for (const entry of stdout.split('\n').filter((line) => line.startsWith('assets/uploads/'))) {
    const { stdout: bytes } = await run('tar', ['-xOf', path.join(stage.strapi.appDir, archive), entry], { encoding: 'buffer', maxBuffer: 2 * LARGE_BYTES });
    assets.set(`/${entry.slice('assets/'.length)}`, sha256(bytes));
  }
  return assets;
}

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
  expect(await assetsIn('whole.tar')).toEqual(expected);
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

test('an export while S3 is away fails, and names a file that it would lack', async () => {
  await stage.proxy.refuse();
  const { code, output } = await exportTo('away');
  await stage.proxy.accept();
  expect(code).not.toBe(0);
  expect(output).toMatch(/the file "[^"]+" cannot be read now/);
}, 240_000);

test('an export of a library that lacks an object fails, and names the file', async () => {
  const lost = [...expected.keys()].find((url) => url.includes('note'))!;
  await stage.bucket.remove(path.basename(lost));
  const { code, output } = await exportTo('lost');
  expect(code).not.toBe(0);
  expect(output).toContain(path.basename(lost));
}, 240_000);
