import { createHash, randomBytes } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { removeFolder, tempFolder } from '../support/process';
import { openStage, type Stage } from '../support/stage';

const MIB = 1024 * 1024;
/** With `LARGE_FILE_MIB=1024` it is a gigabyte. Promise P9 in `docs/design.md` says that memory does not grow with the file. */
const SIZE = Number(process.env['LARGE_FILE_MIB'] ?? 300) * MIB;

let stage: Stage;
let folder: string;
let file: string;
let sha: string;

beforeAll(async () => {
  stage = await openStage({ env: { UPLOAD_LIMIT_BYTES: String(SIZE + MIB) } });
  folder = await tempFolder('large');
  file = path.join(folder, 'film.bin');
  const hash = createHash('sha256');
  await writeFile(file, '');
  for (let written = 0; written < SIZE; written += 20 * MIB) {
    const chunk = randomBytes(Math.min(20 * MIB, SIZE - written));
    hash.update(chunk);
    await appendFile(file, chunk);
  }
  sha = hash.digest('hex');
}, 300_000);

afterAll(async () => {
  await stage?.close();
  if (folder) await removeFolder(folder);
}, 60_000);

/** The most memory in MiB that Strapi held while `work` ran, beyond what it held before (on Linux). */
async function peakOf(work: () => Promise<void>): Promise<number> {
  const status = `/proc/${stage.strapi.pid}/status`;
  const value = async (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(await readFile(status, 'utf8'))?.[1]) / 1024;
  await writeFile(`/proc/${stage.strapi.pid}/clear_refs`, '5');
  const before = await value('VmRSS');
  await work();
  return Math.round((await value('VmHWM')) - before);
}

async function upload(): Promise<string> {
  const form = new FormData();
  form.append('files', await openAsBlob(file, { type: 'application/octet-stream' }), 'film.bin');
  const { status, body } = await stage.strapi.api<{ url: string }[]>('POST', '/upload', form);
  expect(status).toBe(201);
  return body[0]!.url;
}

async function shaOf(url: string): Promise<string> {
  const hash = createHash('sha256');
  const { body } = await fetch(stage.strapi.url + url);
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) hash.update(chunk);
  return hash.digest('hex');
}

test('a large upload and its download take at most 64 MiB more memory than Strapi takes without the plugin', async () => {
  const plain = await peakOf(async () => void (await upload()));
  expect(await stage.configure()).toBe('read-write');
  let url = '';
  const withS3 = await peakOf(async () => void (url = await upload()));
  expect((await stage.bucket.list()).find(({ key }) => key === url.replace('/uploads/', ''))?.size).toBe(SIZE);
  let read = '';
  const reading = await peakOf(async () => void (read = await shaOf(url)));
  expect(read).toBe(sha);
  process.stdout.write(`${SIZE / MIB} MiB: upload to disk without the plugin +${plain} MiB, to S3 +${withS3} MiB, download +${reading} MiB\n`);
  expect(withS3).toBeLessThan(Math.max(plain, 0) + 64);
  expect(reading).toBeLessThan(Math.max(plain, 0) + 64);
}, 600_000);
