import type { StatusAnswer } from '../../server/src/contracts/api';
import type { ObjectsAnswer } from '../../server/src/contracts/objects';
import type { UploadedFile } from '../support/admin-client';
import { textFile } from '../support/images';
import { restartOnNewDisk } from '../support/lost-disk';
import { openStage, type Stage } from '../support/stage';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
  expect(await stage.configure()).toBe('read-write');
}, 300_000);

afterAll(() => stage?.close(), 60_000);

const status = async () => (await stage.strapi.api<StatusAnswer>('GET', '/s3-storage/status')).body;
const objects = async (query: string) => (await stage.strapi.api<ObjectsAnswer>('GET', `/s3-storage/objects?${query}`)).body;
const WARNING = 'seems not to survive a restart';

test('a first installation does not count as a replaced disk, and has no stranded files', async () => {
  const { node, stranded } = await status();
  // the file system depends on the test machine, so the test looks at the other sign only
  expect(node.ephemeral).not.toBe('replaced');
  expect(stranded).toEqual({ count: 0, bytes: 0, volumes: [] });
});

test('files of a disk that did not survive a restart are listed as stranded and answer 503, never 404', async () => {
  const [safe] = (await stage.strapi.upload(textFile('safe.txt', 'in S3'))) as [UploadedFile];
  await stage.proxy.refuse();
  const [lost] = (await stage.strapi.upload(textFile('lost.txt', 'on this disk only'))) as [UploadedFile];
  const key = `${lost.hash}.txt`;
  const { node: before } = await status();
  await restartOnNewDisk(stage.strapi);
  await stage.proxy.accept();

  await stage.eventually('the warning', async () => (await status()).node.ephemeral !== null);
  const now = await status();
  expect(now.node.volume).not.toBe(before.volume);
  if (before.ephemeral === null) {
    expect(now.node.ephemeral).toBe('replaced');
    expect(stage.strapi.logs().split(WARNING)).toHaveLength(2);
  }
  expect(now.stranded).toMatchObject({ count: 1, bytes: 17, volumes: [{ id: before.volume, count: 1, bytes: 17, lastSeen: expect.any(String) }] });

  const listed = await objects('stranded=true');
  expect(listed).toMatchObject({ results: [{ key, state: 'local', origin: 'fallback', size: 17, volume: before.volume, stranded: true }], pagination: { total: 1 } });
  expect((await objects('state=remote')).results.map((entry) => entry.key)).toEqual([`${safe.hash}.txt`]);

  const answer = await stage.strapi.read(lost.url);
  expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('cache-control')]).toEqual([503, '5', 'no-store']);

  // a replace needs none of the old bytes
  await stage.eventually('S3 is back', async () => (await status()).breaker.state === 'closed', 60_000);
  await stage.strapi.replace(lost.id, textFile('lost.txt', 'anew'));
  expect((await stage.strapi.read(lost.url)).bytes.toString()).toBe('anew');
  expect((await status()).stranded.count).toBe(0);
}, 180_000);

test('a bad query is refused with the names of its bad parameters', async () => {
  const { status: code, body } = await stage.strapi.api<{ error: { details: { fields: { path: string }[] } } }>('GET', '/s3-storage/objects?page=x&pageSize=101&odd=1');
  expect([code, body.error.details.fields.map((field) => field.path).sort()]).toEqual([400, ['odd', 'page', 'pageSize']]);
});
