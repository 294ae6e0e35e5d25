import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { textFile } from '../support/images';
import { removeFolder } from '../support/process';
import { openStage, type Stage } from '../support/stage';

/** Somebody else's provider, which keeps files in a folder of its own. */
const PROVIDER = `
const fs = require('node:fs'); const path = require('node:path');
module.exports = { init: () => ({
  async uploadStream(file) {
    const name = path.join(__dirname, 'kept', file.hash + file.ext);
    await fs.promises.writeFile(name, file.stream);
    file.url = 'https://media.example.com/' + file.hash + file.ext;
  },
  async delete(file) { await fs.promises.rm(path.join(__dirname, 'kept', file.hash + file.ext), { force: true }); },
}) };
`;

// Strapi lower-cases the name of a provider, so its folder must be
const folder = path.join(tmpdir(), `other-provider-${randomBytes(6).toString('hex')}`);
let stage: Stage;

beforeAll(async () => {
  await mkdir(path.join(folder, 'kept'), { recursive: true });
  await writeFile(path.join(folder, 'index.js'), PROVIDER);
  stage = await openStage({ env: { UPLOAD_PROVIDER: path.join(folder, 'index.js') } });
}, 300_000);

afterAll(async () => {
  await stage?.close();
  await removeFolder(folder);
}, 60_000);

test('a project with another upload provider keeps using it, and the panel says why S3 is off', async () => {
  expect(await stage.configure()).toBe('off');
  const { body } = await stage.strapi.api<{ reason: { code: string } }>('GET', '/s3-storage/settings');
  expect(body.reason.code).toBe('PROVIDER_NOT_LOCAL');

  const [file] = await stage.strapi.upload(textFile('theirs.txt', 'kept by the other provider'));
  expect(file!.url).toBe(`https://media.example.com/${file!.hash}.txt`);
  expect(await readFile(path.join(folder, 'kept', `${file!.hash}.txt`), 'utf8')).toBe('kept by the other provider');
  await stage.strapi.remove(file!.id);
  expect(await readdir(path.join(folder, 'kept'))).toEqual([]);
  expect(await stage.bucket.keys()).toEqual([]);
});
