import type { UploadedFile } from '../support/admin-client';
import { textFile } from '../support/images';
import { openStage, type Stage } from '../support/stage';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
  expect(await stage.configure()).toBe('read-write');
}, 300_000);

afterAll(() => stage?.close(), 60_000);

async function upload(name: string): Promise<string> {
  const [file] = (await stage.strapi.upload(textFile(name, `bytes of ${name}`))) as [UploadedFile];
  return file.hash + file.ext;
}

test('a file that fell back to the disk is sent to S3 before a process that is told to end has ended', async () => {
  await stage.proxy.refuse();
  const key = await upload('last-minute.txt');
  expect(await stage.bucket.head(key)).toBeNull();
  await stage.proxy.accept();
  await stage.strapi.stop();
  expect((await stage.stored(key))?.toString()).toBe('bytes of last-minute.txt');
  await stage.strapi.restart();
  expect((await stage.strapi.read(`/uploads/${key}`)).bytes.toString()).toBe('bytes of last-minute.txt');
}, 180_000);

test('a process ends in time though S3 does not answer, and a file that fell back follows later', async () => {
  await stage.proxy.refuse();
  const key = await upload('kept.txt');
  await stage.proxy.accept();
  stage.proxy.on({ fault: { kind: 'blackhole' } });
  // a process that does not end within 20 s is killed, and then has not said goodbye
  await stage.strapi.stop();
  expect(stage.strapi.logs()).toContain('Strapi has been shut down');
  expect(await stage.bucket.head(key)).toBeNull();
  await stage.strapi.restart();
  expect((await stage.strapi.read(`/uploads/${key}`)).bytes.toString()).toBe('bytes of kept.txt');
  stage.proxy.heal();
  await stage.eventually('it follows to S3', async () => (await stage.stored(key))?.toString() === 'bytes of kept.txt', 60_000);
}, 180_000);
