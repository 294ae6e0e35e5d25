import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { keysOf } from '../support/admin-client';
import { image, sha256, textFile } from '../support/images';
import { startStrapi, type StrapiInstance } from '../support/strapi';

let strapi: StrapiInstance;

beforeAll(async () => {
  strapi = await startStrapi();
}, 240_000);

afterAll(async () => {
  await strapi?.discard();
}, 30_000);

describe('a Strapi app that has the plugin among its dependencies, and no configuration', () => {
  it('loads the plugin with S3 off', async () => {
    const answer = await strapi.api<{ mode: string }>('GET', '/s3-storage/settings');

    expect(answer.status).toBe(200);
    expect(answer.body.mode).toBe('off');
  });

  it('stores uploads on the disk and serves them', async () => {
    const text = textFile('note.txt', 'a note');
    const picture = await image('picture.jpg', 'jpeg', 900, 600);

    const [note, photo] = await strapi.upload([text, picture]);

    expect((await strapi.read(note!.url)).bytes.toString()).toBe('a note');
    expect(keysOf(photo!).length).toBeGreaterThan(2);
    // the answer is compared with the disk, because Strapi compresses an image before it stores it
    for (const key of keysOf(photo!)) {
      const answer = await strapi.read(`/uploads/${key}`);
      expect(answer.status).toBe(200);
      expect(sha256(answer.bytes)).toBe(sha256(await readFile(path.join(strapi.uploadsDir, key))));
    }
  });

  it('stops, starts again, and still serves its files', async () => {
    const [file] = await strapi.upload(textFile('kept.txt', 'kept'));

    await strapi.restart();

    expect((await strapi.read(file!.url)).bytes.toString()).toBe('kept');
  }, 120_000);
});
