import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { textFile } from '../support/images';
import { openStage, type Stage } from '../support/stage';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
  await stage.configure();
}, 300_000);

afterAll(() => stage?.close(), 60_000);

test('when the plugin cannot start, Strapi boots, nothing is written behind the ledger’s back, and it mends itself', async () => {
  const [before] = await stage.strapi.upload(textFile('before.txt', 'before'));
  const own = path.join(stage.strapi.uploadsDir, '.s3-storage');
  await stage.strapi.stop();
  // something is in the way of the plugin's folder
  await rm(own, { recursive: true, force: true });
  await writeFile(own, 'in the way');

  await stage.strapi.restart();
  expect(stage.strapi.logs()).toMatch(/\[s3-storage\] could not start .*uploads are refused/);
  await expect(stage.strapi.upload(textFile('refused.txt', 'refused'))).rejects.toThrow(/could not start; nothing was stored/);
  expect((await stage.strapi.read(before!.url)).status).toBe(503);

  await rm(own);
  await stage.eventually('it has started after all', async () => (await stage.strapi.read(before!.url)).status === 200, 30_000);
  // and its background work too: what falls back now follows by itself
  await stage.proxy.refuse();
  const [late] = await stage.strapi.upload(textFile('late.txt', 'late'));
  await stage.proxy.accept();
  await stage.eventually('it follows to S3', async () => (await stage.stored(`${late!.hash}.txt`))?.toString() === 'late', 60_000);
}, 180_000);
