import { textFile } from '../support/images';
import { observeDatabase } from '../support/observe-ledger';
import { openStage, type Stage } from '../support/stage';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
  await stage.configure();
}, 300_000);

afterAll(() => stage?.close(), 60_000);

async function renameTable(from: string, to: string): Promise<void> {
  const connection = observeDatabase(stage.strapi);
  try {
    await connection.schema.renameTable(from, to);
  } finally {
    await connection.destroy();
  }
}

test('a plugin that cannot start lets Strapi boot, refuses uploads, answers 503, and starts later by itself', async () => {
  const [before] = await stage.strapi.upload(textFile('before.txt', 'before'));
  await stage.strapi.stop();
  await renameTable('s3_storage_settings', 'put_away');

  await stage.strapi.restart();
  expect(stage.strapi.logs()).toMatch(/\[s3-storage\] could not start .*uploads are refused/);
  await expect(stage.strapi.upload(textFile('refused.txt', 'refused'))).rejects.toThrow(/could not start; nothing was stored/);
  expect((await stage.strapi.read(before!.url)).status).toBe(503);

  await renameTable('put_away', 's3_storage_settings');
  await stage.eventually('it has started after all', async () => (await stage.strapi.read(before!.url)).status === 200, 30_000);
  // its background work runs, too: a file that falls back now follows by itself
  await stage.proxy.refuse();
  const [late] = await stage.strapi.upload(textFile('late.txt', 'late'));
  await stage.proxy.accept();
  await stage.eventually('it follows to S3', async () => (await stage.stored(`${late!.hash}.txt`))?.toString() === 'late', 60_000);
}, 180_000);
