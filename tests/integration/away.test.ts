import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { keysOf, urlsOf, type UploadedFile } from '../support/admin-client';
import { image, sha256, textFile } from '../support/images';
import { ledgerRows, observeDatabase } from '../support/observe-ledger';
import { openStage, type Stage } from '../support/stage';

const HOUR = 3600_000;
let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
  await stage.configure();
}, 300_000);

afterAll(() => stage?.close(), 60_000);

const keyOf = ({ hash, ext }: UploadedFile) => hash + ext;
const upload = async (name: string, text: string) => (await stage.strapi.upload(textFile(name, text)))[0]!;

/** The bytes that plain Strapi has put on the disk for a file and its formats, by URL. */
async function onDisk(...files: UploadedFile[]): Promise<Map<string, string>> {
  const sums = new Map<string, string>();
  for (const url of files.flatMap(urlsOf)) sums.set(url, sha256(await readFile(path.join(stage.strapi.uploadsDir, url.replace('/uploads/', '')))));
  return sums;
}

/** What visitors get, by URL: the sum of the bytes, or the status. */
async function answers(urls: Iterable<string>): Promise<Map<string, string | number>> {
  const got = new Map<string, string | number>();
  for (const url of urls) {
    const { status, bytes } = await stage.strapi.read(url);
    got.set(url, status === 200 ? sha256(bytes) : status);
  }
  return got;
}

/** The time in milliseconds from the condemnation of each of these objects to its removal, by name. */
async function graces(names: readonly string[]): Promise<Map<string, number>> {
  const connection = observeDatabase(stage.strapi);
  try {
    const rows: { name: string; condemned_at: string | number; due_at: string | number }[] = await connection('s3_storage_names')
      .where({ kind: 'object', status: 'condemned' })
      .whereIn('name', names)
      .select('name', 'condemned_at', 'due_at');
    return new Map(rows.map(({ name, condemned_at, due_at }) => [name, Number(due_at) - Number(condemned_at)]));
  } finally {
    await connection.destroy();
  }
}

test('after a boot without the plugin every URL serves what plain Strapi has made of it, and nothing is lost', async () => {
  const { strapi } = stage;
  const [photo] = await strapi.upload(await image('photo.jpg', 'jpeg', 1200, 800));
  const [cropped] = await strapi.upload(await image('cropped.png', 'png', 900, 700));
  const files = {
    replaced: await upload('replaced.txt', 'the old text'),
    sameSize: await upload('same-size.txt', 'the old text'),
    renamed: await upload('renamed.txt', 'the text of the renamed file'),
    deleted: await upload('deleted.txt', 'a text to delete'),
    untouched: await upload('untouched.txt', 'the untouched text'),
  };
  // a file that never was in S3, as after an outage
  await stage.proxy.refuse();
  const fallback = await upload('fallback.txt', 'the old text of the fallback');
  const replacedFallback = await strapi.replace((await upload('own-name.txt', 'older')).id, textFile('own-name.txt', 'the old text under an own name'));
  await strapi.stop();
  await stage.proxy.accept();
  const before = await stage.bucket.keys();
  const objects = new Map((await ledgerRows(strapi, [photo!, cropped!, ...Object.values(files)].flatMap(keysOf))).map((row) => [row.object_key, row.object_name]));
  expect(before).toEqual(expect.arrayContaining([...objects.values()]));

  await strapi.restart({ WITHOUT_S3_STORAGE: '1' });
  expect((await strapi.api('GET', '/s3-storage/status')).status).toBe(404);
  const now = {
    photo: await strapi.replace(photo!.id, await image('photo.jpg', 'jpeg', 1100, 900)),
    // a crop is a replacement too, and the smaller image has fewer formats
    cropped: await strapi.replace(cropped!.id, await image('cropped.png', 'png', 400, 300)),
    replaced: await strapi.replace(files.replaced.id, textFile('replaced.txt', 'the new text, which is longer')),
    sameSize: await strapi.replace(files.sameSize.id, textFile('same-size.txt', 'the new text')),
    fallback: await strapi.replace(fallback.id, textFile('fallback.txt', 'the new text of the fallback')),
    ownName: await strapi.replace(replacedFallback.id, textFile('own-name.txt', 'the new text under an own name')),
    uploaded: await upload('uploaded.txt', 'uploaded meanwhile'),
  };
  await strapi.api('POST', `/upload?id=${files.renamed.id}`, asForm({ name: 'a new name.txt', alternativeText: 'a new description' }));
  await strapi.remove(files.deleted.id);
  const expected = new Map<string, string>(await onDisk(...Object.values(now)));
  expected.set(files.renamed.url, sha256(Buffer.from('the text of the renamed file')));
  expected.set(files.untouched.url, sha256(Buffer.from('the untouched text')));

  await strapi.restart();
  expect(await answers(expected.keys())).toEqual(expected);
  await stage.eventually('the deleted file is not served', async () => (await strapi.read(files.deleted.url)).status === 404);
  const dropped = urlsOf(cropped!).filter((url) => !urlsOf(now.cropped).includes(url));
  expect(dropped.length).toBeGreaterThan(0);
  await stage.eventually('nor are the formats that the crop has dropped', async () => [...(await answers(dropped)).values()].every((answer) => answer === 404));

  // nothing has gone from the bucket, and what was replaced goes in the ordinary way
  expect(await stage.bucket.keys()).toEqual(expect.arrayContaining(before));
  const former = [...keysOf(now.photo), ...keysOf(now.cropped), keyOf(now.replaced), keyOf(now.sameSize)].flatMap((key) => objects.get(key) ?? []);
  const condemned = await graces(former);
  expect([...condemned.keys()].sort()).toEqual([...former].sort());
  expect(Math.min(...condemned.values())).toBeGreaterThanOrEqual(23 * HOUR);
  expect((await graces([objects.get(keyOf(files.deleted))!])).size).toBe(0);

  // what was replaced was in S3 before, so it goes there again; what was uploaded waits for phase 1 like any file of the library
  const [again] = await ledgerRows(strapi, [keyOf(now.uploaded)]);
  expect(again?.state).toBe('local');
  const sent = [now.photo, now.cropped, now.replaced, now.sameSize, now.fallback, now.ownName].flatMap(keysOf);
  await stage.eventually('the new bytes are in S3', async () => (await ledgerRows(strapi, sent)).every(({ state }) => state === 'both'), 60_000);
  for (const key of sent) expect([key, sha256((await stage.stored(key))!)]).toEqual([key, expected.get(`/uploads/${key}`)]);
  expect(await answers(expected.keys())).toEqual(expected);

  // the next boot finds nothing to do
  await strapi.restart();
  expect(await answers(expected.keys())).toEqual(expected);
}, 300_000);

test('an ordinary restart, and a crash, bring nothing back: an older file that still lies at its plain path never wins', async () => {
  const { strapi } = stage;
  await stage.proxy.refuse();
  const file = await upload('older.txt', 'one');
  await stage.proxy.accept();
  const state = async () => (await ledgerRows(strapi, [keyOf(file)]))[0]?.state;
  await stage.eventually('it is in S3', async () => (await state()) === 'both', 60_000);
  // the same size, so that only the ledger and the times can tell
  await strapi.replace(file.id, textFile('older.txt', 'two'));
  expect(await state()).toBe('remote');
  const left = () => readFile(path.join(strapi.uploadsDir, keyOf(file)), 'utf8');
  for (const end of [() => strapi.stop(), () => strapi.kill()]) {
    await end();
    expect(await left()).toBe('one');
    await strapi.restart();
    expect((await strapi.read(file.url)).bytes.toString()).toBe('two');
    expect(await state()).toBe('remote');
  }
}, 180_000);

function asForm(fileInfo: Record<string, string>): FormData {
  const form = new FormData();
  form.append('fileInfo', JSON.stringify(fileInfo));
  return form;
}
