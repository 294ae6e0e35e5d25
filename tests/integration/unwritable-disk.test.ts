import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { StatusAnswer } from '../../server/src/contracts/api';
import { textFile } from '../support/images';
import { openStage, type Stage } from '../support/stage';
import { makeUnwritable } from '../support/unwritable';

let stage: Stage;
let undo: (() => Promise<void>) | undefined;

beforeAll(async () => {
  stage = await openStage();
}, 300_000);

afterAll(async () => {
  await undo?.();
  await stage?.close();
}, 60_000);

const status = async () => (await stage.strapi.api<StatusAnswer>('GET', '/s3-storage/status')).body;

test('an uploads folder that cannot be written is named, its files are served, and S3 takes new files', async () => {
  await stage.strapi.stop();
  await writeFile(path.join(stage.strapi.uploadsDir, 'old.txt'), 'the old one');
  undo = await makeUnwritable(stage.strapi.uploadsDir);
  await stage.strapi.restart();

  // nobody has configured the plugin: it serves files, and the panel opens and says what is wrong
  expect((await stage.strapi.read('/uploads/old.txt')).status).toBe(200);
  expect((await stage.strapi.api('GET', '/s3-storage/settings')).status).toBe(200);
  expect((await status()).node.disk).toMatchObject({ code: 'FOLDER_NOT_WRITABLE', folder: stage.strapi.uploadsDir, errno: expect.stringMatching(/^E(ROFS|ACCES|PERM)$/) });
  expect(stage.strapi.logs()).toContain(`The uploads folder (${stage.strapi.uploadsDir}) cannot be written`);

  // with S3 it works, whatever the setting for outages
  for (const onOutage of ['reject', 'local']) {
    expect(await stage.configure({ ...stage.settings, onOutage })).toBe('read-write');
    const [file] = await stage.strapi.upload(textFile(`${onOutage}.txt`, onOutage));
    expect((await stage.bucket.get(`${file!.hash}.txt`))?.toString()).toBe(onOutage);
    expect((await stage.strapi.read(file!.url)).status).toBe(200);
    expect((await stage.strapi.read('/uploads/old.txt')).status).toBe(200);
  }

  // the plugin recovers without a restart
  await undo();
  undo = undefined;
  await stage.eventually('the trouble is over', async () => (await status()).node.disk === null, 30_000);
  await stage.proxy.refuse();
  const [late] = await stage.strapi.upload(textFile('late.txt', 'late'));
  expect((await stage.strapi.read(late!.url)).status).toBe(200);
}, 300_000);
