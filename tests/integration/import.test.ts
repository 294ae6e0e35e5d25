import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { keysOf, urlsOf, type UploadedFile } from '../support/admin-client';
import { image, textFile } from '../support/images';
import { removeFolder } from '../support/process';
import { openStage, type Stage } from '../support/stage';
import { pack, strapiCommand as runCommand, unpack } from '../support/strapi-command';

/**
 * `strapi import` deletes every file and writes every file, all inside one database transaction, through the wrapped
 * provider, in a process that does not listen.
 */
let stage: Stage;
let files: UploadedFile[];
const bytes = new Map<string, Buffer>();

const strapiCommand = async (...args: string[]) => {
  const { code, output } = await runCommand(stage.strapi, ...args);
  expect([code, output]).toEqual([0, expect.anything()]);
};

beforeAll(async () => {
  stage = await openStage();
  files = await stage.strapi.upload([await image('picture.jpg', 'jpeg', 900, 600), textFile('note.txt', 'exported')]);
  for (const file of files) for (const url of urlsOf(file)) bytes.set(url, (await stage.strapi.read(url)).bytes);
}, 300_000);

afterAll(() => stage?.close(), 60_000);

const everyFileIsServed = async () => {
  for (const [url, expected] of bytes) {
    const answer = await stage.strapi.read(url);
    expect([url, answer.status, answer.bytes.equals(expected)]).toEqual([url, 200, true]);
  }
};

const ownNameOf = (key: string) => {
  const { name, ext } = path.parse(key);
  return expect.stringMatching(new RegExp(`^${name}\\.\\d+\\${ext}$`)) as string;
};
const isOf = (key: string, object: string) => object.startsWith(`${path.parse(key).name}.`);

test('an import into a configured app puts every file into S3 under an own name, and the app serves it', async () => {
  await strapiCommand('export', '--no-encrypt', '--no-compress', '--file', 'backup');
  expect(await stage.configure()).toBe('read-write');
  const [note] = (await stage.strapi.upload(textFile('later.txt', 'not in the archive'))) as [UploadedFile];
  await stage.strapi.stop();
  await strapiCommand('import', '--force', '--file', 'backup.tar', '--exclude', 'config');
  await stage.strapi.restart();

  await everyFileIsServed();
  const objects = await stage.bucket.keys();
  // the import never takes the plain name: after a roll-back nobody would know that the object under it is not the file's
  for (const key of files.flatMap(keysOf)) expect([key, objects.filter((name) => isOf(key, name))]).toEqual([key, [ownNameOf(key)]]);
  // the grace is a week, so whoever regrets an import finds the former objects where they were
  expect(objects).toContain(note.hash + note.ext);
}, 240_000);

test('a second import of the same archive, over the files in S3, loses and mixes up no file', async () => {
  await stage.strapi.stop();
  await strapiCommand('import', '--force', '--file', 'backup.tar', '--exclude', 'config');
  await stage.strapi.restart();
  await everyFileIsServed();
}, 240_000);

test('an import while S3 is away goes to the disk, and its files follow when S3 is back', async () => {
  await stage.strapi.stop();
  await stage.proxy.refuse();
  await strapiCommand('import', '--force', '--file', 'backup.tar', '--exclude', 'config');
  await stage.strapi.restart();
  await everyFileIsServed();
  expect((await readdir(stage.strapi.uploadsDir, { recursive: true })).length).toBeGreaterThan(files.flatMap(keysOf).length);
  await stage.proxy.accept();
  await stage.eventually('everything has followed', async () => {
    const { body } = await stage.strapi.api<{ pendingUploads: { count: number } }>('GET', '/s3-storage/status');
    return body.pendingUploads.count === 0;
  }, 90_000);
  await everyFileIsServed();
}, 300_000);

test('an import from a project with the official S3 provider reads back whole', async () => {
  const folder = await unpack(path.join(stage.strapi.appDir, 'backup.tar'));
  // as such a project exports them: the provider's name, and addresses at S3, which this server does not know
  const elsewhere = (text: string) => text.replaceAll('"/uploads/', '"https://media.s3.eu-central-1.example.com/').replaceAll('"provider":"local"', '"provider":"aws-s3"');
  const parts = await readdir(folder, { recursive: true, withFileTypes: true });
  const texts = parts.filter(({ name }) => /^entities.*\.jsonl$|(?<!^metadata)\.json$/.test(name)).map(({ parentPath, name }) => path.join(parentPath, name));
  for (const text of texts) await writeFile(text, elsewhere(await readFile(text, 'utf8')));
  expect(await readFile(path.join(folder, 'entities/entities_00001.jsonl'), 'utf8')).toContain('"provider":"aws-s3"');
  await pack(folder, path.join(stage.strapi.appDir, 'official.tar'));
  await removeFolder(folder);

  await stage.strapi.stop();
  await strapiCommand('import', '--force', '--file', 'official.tar', '--exclude', 'config');
  await stage.strapi.restart();
  await everyFileIsServed();
  const { body } = await stage.strapi.api<{ results: UploadedFile[] }>('GET', '/upload/files?pageSize=100');
  expect(body.results.map(({ provider }) => provider)).toEqual(files.map(() => 'local'));
  expect(body.results.flatMap(urlsOf).sort()).toEqual([...bytes.keys()].sort());
}, 240_000);
