import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { urlsOf, type UploadedFile } from '../support/admin-client';
import { image, sha256, textFile } from '../support/images';
import { removeFolder } from '../support/process';
import { openStage, type Stage } from '../support/stage';
import { pack, strapiCommand, unpack } from '../support/strapi-command';

/** A failed import leaves everything as it was: Strapi takes the rows back, and the plugin the files that only this disk had. */
let stage: Stage;
/** The checksum of each URL's bytes. */
const expected = new Map<string, string>();
/** The object of a file that is in S3 only. */
let remote: string;

const publicFolder = () => path.dirname(stage.strapi.uploadsDir);

/** The files below a folder with their checksums, as `fs` sees them. */
async function tree(root: string): Promise<Map<string, string>> {
  const files = (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile() && entry.name !== '.gitkeep');
  const sums = await Promise.all(files.map(async ({ parentPath, name }) => [path.relative(root, path.join(parentPath, name)), sha256(await readFile(path.join(parentPath, name)))] as const));
  return new Map(sums.sort(([a], [b]) => a.localeCompare(b)));
}

async function served(): Promise<Map<string, string>> {
  const sums = new Map<string, string>();
  for (const url of expected.keys()) {
    const { status, bytes } = await stage.strapi.read(url);
    sums.set(url, status === 200 ? sha256(bytes) : String(status));
  }
  return sums;
}

/** Writes an archive like `backup`, with one line of one of its parts broken. */
async function broken(part: string): Promise<string> {
  const folder = await unpack(path.join(stage.strapi.appDir, 'backup.tar'));
  const [file] = await readdir(path.join(folder, part));
  const lines = await readFile(path.join(folder, part, file!), 'utf8');
  await writeFile(path.join(folder, part, file!), `${lines}{"this is no line of an archive\n`);
  const archive = path.join(stage.strapi.appDir, `broken-${part}.tar`);
  await pack(folder, archive);
  await removeFolder(folder);
  return archive;
}

beforeAll(async () => {
  stage = await openStage();
  const files = await stage.strapi.upload([await image('picture.jpg', 'jpeg', 900, 600), textFile('note.txt', 'of before the plugin')]);
  await stage.strapi.stop();
  expect((await strapiCommand(stage.strapi, 'export', '--no-encrypt', '--no-compress', '--file', 'backup')).code).toBe(0);
  await stage.strapi.restart();
  // from here on the library has more than the archive
  files.push(...(await stage.strapi.upload(textFile('local.txt', 'of before the plugin, and on this disk only'))));
  expect(await stage.configure()).toBe('read-write');
  const [inS3] = (await stage.strapi.upload(textFile('remote.txt', 'in S3'))) as [UploadedFile];
  remote = inS3.hash + inS3.ext;
  // S3 stays away, so that the other files stay on this disk
  await stage.proxy.refuse();
  const [fallback] = (await stage.strapi.upload(textFile('fallback.txt', 'on the disk'))) as [UploadedFile];
  await stage.strapi.replace(fallback.id, textFile('fallback.txt', 'on the disk, under an own name'));
  files.push(fallback);
  for (const url of files.flatMap(urlsOf)) expected.set(url, sha256((await stage.strapi.read(url)).bytes));
  await stage.strapi.stop();
}, 600_000);

afterAll(() => stage?.close(), 60_000);

test.each([
  ['before the files', 'entities'],
  // Strapi has removed its backup of the uploads folder by then
  ['after the files', 'configuration'],
])('an import that fails %s leaves every file as it was', async (_when, part) => {
  const before = await tree(stage.strapi.uploadsDir);
  const { code } = await strapiCommand(stage.strapi, 'import', '--force', '--file', await broken(part));
  expect(code).toBe(1);
  const after = await tree(stage.strapi.uploadsDir);
  for (const [name, sum] of before) expect([name, after.get(name)]).toEqual([name, sum]);
  expect((await readdir(publicFolder())).filter((name) => name.startsWith('uploads'))).toEqual(['uploads']);
  await stage.strapi.restart();
  expect(await served()).toEqual(expected);
  expect((await stage.bucket.get(remote)).toString()).toBe('in S3');
  await stage.strapi.stop();
}, 240_000);

test('an import that succeeds leaves no former folder behind', async () => {
  const { code } = await strapiCommand(stage.strapi, 'import', '--force', '--file', 'backup.tar', '--exclude', 'config');
  expect(code).toBe(0);
  expect((await readdir(publicFolder())).filter((name) => name.startsWith('uploads'))).toEqual(['uploads']);
}, 240_000);
