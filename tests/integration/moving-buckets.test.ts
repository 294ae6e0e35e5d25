import { s3Error } from '../support/fault-proxy';
import { textFile } from '../support/images';
import { observeDatabase } from '../support/observe-ledger';
import { rawBucket, type RawBucket } from '../support/raw-s3';
import { startS3, type S3Server } from '../support/s3';
import { openStage, type Stage } from '../support/stage';

let stage: Stage;
let second: S3Server;
let target: RawBucket;
const files: { url: string; key: string; text: string; id: number }[] = [];

/** The settings of the second server, whose bucket has the same name. */
const moved = () => ({ endpoint: second.endpoint, accessKeyId: second.accessKeyId, secretAccessKey: second.secretAccessKey });
const home = () => ({ endpoint: stage.s3.endpoint, accessKeyId: stage.s3.accessKeyId, secretAccessKey: stage.s3.secretAccessKey });

beforeAll(async () => {
  stage = await openStage();
  second = await startS3();
  target = rawBucket(second, await second.createBucket(stage.bucket.bucket));
  await stage.configure({ ...stage.settings, ...home() });
  for (const name of ['one', 'two', 'three', 'four']) {
    const text = `the bytes of ${name}`;
    const [file] = await stage.strapi.upload(textFile(`${name}.txt`, text));
    files.push({ url: file!.url, key: file!.url.replace('/uploads/', ''), text, id: file!.id });
  }
}, 300_000);

afterAll(async () => {
  target?.close();
  await second?.stop();
  await stage?.close();
}, 60_000);

const preview = async (patch: Record<string, unknown>) => {
  const { status, body } = await stage.strapi.api<{ outOfSight: { count: number; bytes: number } }>('POST', '/s3-storage/settings/preview', patch);
  expect(status).toBe(200);
  return body.outOfSight;
};
const read = async () => {
  const answers: (string | number)[] = [];
  for (const { url } of files) {
    const { status, bytes } = await stage.strapi.read(url);
    answers.push(status === 200 ? bytes.toString() : status);
  }
  return answers;
};
const texts = () => files.map(({ text }) => text);
const everything = () => ({ count: files.length, bytes: files.reduce((sum, { text }) => sum + text.length, 0) });
const warnings = () => stage.strapi.logs().split('\n').filter((line) => line.includes('visitors get 503')).length;

test('the preview says that another spelling of the endpoint hides no file, and every file is still served', async () => {
  const spelled = stage.s3.endpoint.replace('127.0.0.1', 'localhost');
  expect(spelled).not.toBe(stage.s3.endpoint);
  const patch = { ...home(), endpoint: spelled };
  expect([await preview({}), await preview({ timeoutMs: 2500 }), await preview(patch)]).toEqual(Array(3).fill({ count: 0, bytes: 0 }));
  await stage.configure(patch);
  expect(await read()).toEqual(texts());
  expect(warnings()).toBe(0);
  await stage.configure(home());
});

test('the preview of a change says how many files it would put out of sight, and stores nothing', async () => {
  expect(await preview({ bucket: null })).toEqual(everything());
  // the key for the old place is kept, so that what the new one answers hides no file
  stage.proxy.on({ fault: { kind: 'answer', answer: s3Error(403, 'AccessDenied') } });
  for (const patch of [moved(), { ...home(), endpoint: stage.proxy.endpoint }, { ...home(), endpoint: 'http://127.0.0.1:9' }]) {
    expect(await preview(patch)).toEqual({ count: 0, bytes: 0 });
  }
  stage.proxy.heal();
  // with another bucket at the same endpoint the plugin still reads the old one
  expect(await preview({ ...home(), bucket: 'another-bucket' })).toEqual({ count: 0, bytes: 0 });
  expect(await read()).toEqual(texts());
  const refused = await stage.strapi.api<{ error: { details: { code: string } } }>('POST', '/s3-storage/settings/preview', { endpoint: second.endpoint });
  expect([refused.status, refused.body.error.details.code]).toEqual([400, 'SECRET_REQUIRED']);
});

test('a move that nobody has confirmed is refused with the counts, and nothing changes', async () => {
  const refusals: unknown[] = [];
  for (const patch of [moved(), { bucket: null }, { ...home(), bucket: 'another-bucket' }, { prefix: 'elsewhere/' }]) {
    const { status, body } = await stage.strapi.api<{ error: { details: { code: string; staying: unknown; outOfSight: unknown } } }>('PUT', '/s3-storage/settings', patch);
    const { code, staying, outOfSight } = body.error.details;
    refusals.push([status, code, staying, outOfSight]);
  }
  const none = { count: 0, bytes: 0 };
  const refused = (staying: unknown, outOfSight: unknown) => [409, 'MOVE_UNCONFIRMED', staying, outOfSight];
  expect(refusals).toEqual([refused(everything(), none), refused(none, everything()), refused(everything(), none), refused(everything(), none)]);
  const { body } = await stage.strapi.api<{ settings: Record<string, unknown> }>('GET', '/s3-storage/settings');
  expect(body.settings).toMatchObject({ endpoint: stage.s3.endpoint, bucket: stage.bucket.bucket, prefix: '' });
  expect(await read()).toEqual(texts());
});

test('files out of sight are counted without a bucket, and the log warns once', async () => {
  await stage.configure({ bucket: null });
  const { body } = await stage.strapi.api<{ mode: string; reason: { code: string; message: string }; objects: { remote: { count: number } } }>('GET', '/s3-storage/status');
  expect(body).toMatchObject({ mode: 'off', reason: { code: 'NOT_CONFIGURED', message: expect.stringContaining('4 files are only in S3') }, objects: { remote: { count: 4 } } });
  await stage.eventually('the warning', () => warnings() === 1);
});

test('after a move to another provider every file is still read at its old place, a deleted one goes there, and a new one goes to the new place', async () => {
  await stage.configure({ ...moved(), bucket: stage.bucket.bucket });
  expect(await read()).toEqual(texts());
  const [gone] = files.splice(3, 1);
  expect((await stage.strapi.api('DELETE', `/upload/files/${gone!.id}`)).status).toBe(200);
  await stage.eventually('the removal at the old place', async () => !(await stage.bucket.keys()).includes(gone!.key), 30_000);
  const [file] = await stage.strapi.upload(textFile('five.txt', 'the bytes of five'));
  const key = file!.url.replace('/uploads/', '');
  expect((await target.get(key)).toString()).toBe('the bytes of five');
  expect(await stage.bucket.keys()).not.toContain(key);
  expect((await stage.strapi.api('DELETE', `/upload/files/${file!.id}`)).status).toBe(200);
  await stage.eventually('the removal at the new place', async () => !(await target.keys()).includes(key), 30_000);
  expect(await read()).toEqual(texts());
  expect(warnings()).toBe(1);
});

test('the key for the old place lies in the database sealed, appears nowhere, and without it the files are out of sight', async () => {
  const { accessKeyId, secretAccessKey } = home();
  const database = observeDatabase(stage.strapi);
  try {
    const row = await database('s3_storage_settings').first<{ kept_keys: string }>('kept_keys');
    const kept = JSON.parse(row.kept_keys) as { accessKeyId: string; endpoint: string; secret: string }[];
    expect(kept).toContainEqual(expect.objectContaining({ accessKeyId, endpoint: stage.s3.endpoint, secret: expect.stringMatching(/^[hk]2:/) }));
    expect(row.kept_keys).not.toContain(secretAccessKey);
    const answers = await Promise.all(['settings', 'status'].map((path) => stage.strapi.api('GET', `/s3-storage/${path}`)));
    expect(JSON.stringify(answers)).not.toContain(secretAccessKey);
    expect(stage.strapi.logs()).not.toContain(secretAccessKey);
    await database('s3_storage_settings').update({ kept_keys: null, revision: database.raw('revision + 1') });
  } finally {
    await database.destroy();
  }
  await stage.eventually('the second warning', () => warnings() === 2);
  expect(await read()).toEqual([503, 503, 503]);
  await stage.configure({ concurrency: 3 });
  expect(warnings()).toBe(2);
});

test('a bucket with copies of all objects serves every file, but never other bytes under a name', async () => {
  for (const key of await stage.bucket.keys()) await target.put(key, await stage.bucket.get(key), 'text/plain');
  expect(await preview({})).toEqual({ count: 0, bytes: 0 });
  expect(await read()).toEqual(texts());
  const [first] = files;
  await target.put(first!.key, first!.text.toUpperCase());
  expect((await read())[0]).toBe(503);
  await target.put(first!.key, first!.text);
  expect(await read()).toEqual(texts());
});

test('a delete after the move removes the object neither in the new place nor in the old one', async () => {
  const [gone] = files.splice(0, 1);
  expect((await stage.strapi.api('DELETE', `/upload/files/${gone!.id}`)).status).toBe(200);
  await stage.eventually('the purge', async () => (await stage.strapi.read(gone!.url)).status === 404);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect([await target.keys(), await stage.bucket.keys()].map((keys) => keys.includes(gone!.key))).toEqual([true, true]);
  expect(await read()).toEqual(texts());
});
