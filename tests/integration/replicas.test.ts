import type { UploadedFile } from '../support/admin-client';
import { textFile } from '../support/images';
import { openStage, type Stage } from '../support/stage';
import { startStrapi, type StrapiInstance } from '../support/strapi';

/**
 * Two processes run on one database, each with its own disk. The tests leave SQLite out, where Strapi itself does not reliably start
 * a second process on a file that another one has open.
 */
const onServers = process.env['TEST_DATABASE_URL'] ? describe : describe.skip;

onServers('two processes on one database server (run with --db postgres or mariadb)', () => {
  let stage: Stage;
  let second: StrapiInstance;

  beforeAll(async () => {
    stage = await openStage();
    second = await startStrapi({ database: stage.strapi.database, secrets: stage.strapi.secrets });
  }, 300_000);

  afterAll(async () => {
    await second?.discard();
    await stage?.close();
  }, 60_000);

  const modeOfSecond = async () => (await second.api<{ mode: string }>('GET', '/s3-storage/status')).body.mode;

  test('settings saved in one process are in force in the other within seconds', async () => {
    expect(await modeOfSecond()).toBe('off');
    expect(await stage.configure()).toBe('read-write');
    await stage.eventually('the other process follows', async () => (await modeOfSecond()) === 'read-write', 5_000);
    const [file] = (await second.upload(textFile('second.txt', 'from the second'))) as [UploadedFile];
    expect((await stage.bucket.get(`${file.hash}.txt`)).toString()).toBe('from the second');
    expect((await stage.strapi.read(file.url)).bytes.toString()).toBe('from the second');
  }, 60_000);

  test('a replace is served by the process that did it at once, and by the other within two seconds', async () => {
    const [file] = (await stage.strapi.upload(textFile('shared.txt', 'old'))) as [UploadedFile];
    expect((await second.read(file.url)).bytes.toString()).toBe('old');
    await stage.strapi.replace(file.id, textFile('shared.txt', 'new'));
    const replaced = Date.now();
    expect((await stage.strapi.read(file.url)).bytes.toString()).toBe('new');
    await stage.eventually('the other process serves it', async () => (await second.read(file.url)).bytes.toString() === 'new', 10_000);
    expect(Date.now() - replaced).toBeLessThan(2_500);
  }, 60_000);

  test('a file that fell back to one process’s disk answers 503 in the other, never 404, until it is in S3', async () => {
    await stage.proxy.refuse();
    const [file] = (await stage.strapi.upload(textFile('here.txt', 'on one disk'))) as [UploadedFile];
    expect((await stage.strapi.read(file.url)).bytes.toString()).toBe('on one disk');
    const elsewhere = await second.read(file.url);
    expect([elsewhere.status, elsewhere.headers.get('retry-after'), elsewhere.headers.get('cache-control')]).toEqual([503, '5', 'no-store']);
    await stage.proxy.accept();
    await stage.eventually('it has followed', async () => (await second.read(file.url)).status === 200, 60_000);
    expect((await second.read(file.url)).bytes.toString()).toBe('on one disk');
  }, 120_000);
});
