import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PLAYGROUND } from '../support/build';
import { buildPlayground } from '../support/strapi';
import { image, textFile } from '../support/images';
import { layOutApp } from '../support/playground-app';
import { tempFolder } from '../support/process';
import { openStage, type Stage } from '../support/stage';

/** A project's code around the upload provider. It marks the bytes that pass, and refuses files that a scanner would refuse. */
const WRAP = (mark: string) => `
const { Transform } = require('node:stream');
const wrap = (provider) => {
  for (const name of ['uploadStream', 'replaceStream']) {
    const former = provider[name];
    provider[name] = async (file, ...rest) => {
      if (file.name && file.name.startsWith('virus')) throw new Error('the scanner refuses it');
      if (file.ext === '.txt') {
        file.stream = file.stream.pipe(new Transform({ transform: (chunk, _, done) => done(null, chunk), flush(done) { this.push('${mark}'); done(); } }));
      }
      return former(file, ...rest);
    };
  }
};`;

let stage: Stage;

beforeAll(async () => {
  await buildPlayground();
  const appDir = await tempFolder('app');
  await layOutApp(appDir);
  const dist = path.join(appDir, 'dist');
  await rm(dist);
  await cp(path.join(PLAYGROUND, 'dist'), dist, { recursive: true });
  // an extension of the upload plugin comes before this plugin, the project's own register after it
  await mkdir(path.join(dist, 'src/extensions/upload'), { recursive: true });
  await writeFile(
    path.join(dist, 'src/extensions/upload/strapi-server.js'),
    `${WRAP(' before')}
module.exports = (plugin) => {
  const { register } = plugin;
  plugin.register = async (context) => { await register(context); wrap(context.strapi.plugin('upload').provider); };
  return plugin;
};`,
  );
  await writeFile(path.join(dist, 'src/index.js'), `${WRAP(' after')}
module.exports = { register: ({ strapi }) => wrap(strapi.plugin('upload').provider), bootstrap() {} };`);
  stage = await openStage({ appDir });
  await stage.configure();
}, 300_000);

afterAll(() => stage?.close(), 60_000);

test('the changes of other code that wraps the provider are stored, in S3 and in an outage on the disk', async () => {
  const [file] = await stage.strapi.upload(textFile('a.txt', 'text'));
  expect((await stage.stored(`${file!.hash}.txt`))?.toString()).toBe('text after before');
  await expect(stage.strapi.upload(textFile('virus.txt', 'text'))).rejects.toThrow();
  expect(stage.strapi.logs()).toMatch(/Other code wraps the upload provider \(uploadStream, replaceStream\)/);

  // the photo is stored with its formats, as ever
  const [photo] = await stage.strapi.upload(await image('photo.jpg', 'jpeg', 900, 600));
  expect((await stage.strapi.read(photo!.url)).status).toBe(200);

  await stage.proxy.refuse();
  const [late] = await stage.strapi.upload(textFile('late.txt', 'text'));
  const { bytes } = await stage.strapi.read(late!.url);
  expect(bytes.toString()).toBe('text after before');
  expect(await readFile(path.join(stage.strapi.uploadsDir, `${late!.hash}.txt`), 'utf8')).toBe('text after before');
}, 120_000);
