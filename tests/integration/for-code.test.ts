import type { UploadedFile } from '../support/admin-client';
import { textFile } from '../support/images';
import { appWith } from '../support/playground-app';
import { openStage, type Stage } from '../support/stage';

/** Code of a project as docs/for-code.md shows it: a route that uses the service, and a bootstrap that uses it before anything else. */
const CODE = `
const { readFile } = require('node:fs/promises');
const { text } = require('node:stream/consumers');
const media = (strapi) => strapi.plugin('s3-storage').service('media');
const uses = {
  open: async (strapi, file) => { const { stream, size, type } = await media(strapi).open(file); return { content: await text(stream), size, type }; },
  url: async (strapi, file) => ({ url: await media(strapi).url(file, { expiresIn: 60 }) }),
  local: async (strapi, file) => media(strapi).withLocalFile(file, async (copy) => ({ content: await readFile(copy, 'utf8'), copy })),
};
module.exports = {
  register({ strapi }) {
    strapi.server.routes([{
      method: 'GET', path: '/for-code/:use', config: { auth: false },
      handler: async (ctx) => {
        const [file] = ctx.query.id ? await strapi.query('plugin::upload.file').findMany({ where: { id: ctx.query.id } }) : [];
        ctx.body = await uses[ctx.params.use](strapi, file ?? ctx.query.file).catch(({ code, message }) => ({ code, message }));
      },
    }]);
  },
  async bootstrap({ strapi }) {
    const { code } = await media(strapi).open('nothing.txt').catch((error) => error);
    strapi.log.info('first use: ' + code);
  },
};`;

interface Used {
  content?: string;
  size?: number;
  type?: string;
  url?: string;
  copy?: string;
  code?: string;
}

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ appDir: await appWith('for-code', { 'dist/src/index.js': CODE }) });
}, 300_000);
afterAll(() => stage?.close(), 60_000);

const use = async (how: 'open' | 'url' | 'local', query: string) => (await (await fetch(`${stage.strapi.url}/for-code/${how}?${query}`)).json()) as Used;
const upload = async (name: string, content: string) => (await stage.strapi.upload(textFile(name, content)))[0] as UploadedFile;

test('the service finds files before the plugin is configured, in S3 and on the disk, from the first bootstrap on', async () => {
  expect(stage.strapi.logs()).toContain('first use: FILE_NOT_FOUND');
  const onDisk = await upload('disk.txt', 'on the disk');
  expect(await use('open', `id=${onDisk.id}`)).toMatchObject({ content: 'on the disk', size: 11 });
  expect(await use('url', `id=${onDisk.id}`)).toEqual({ url: expect.stringMatching(new RegExp(`${onDisk.url}$`)) });

  await stage.configure();
  const inS3 = await upload('s3.txt', 'in S3');
  expect(await use('open', `id=${inS3.id}`)).toEqual({ content: 'in S3', size: 5, type: 'text/plain' });
  expect(await use('open', `file=${inS3.url}`)).toMatchObject({ content: 'in S3' });
  const { url = '' } = await use('url', `id=${inS3.id}`);
  expect([new URL(url).searchParams.get('X-Amz-Expires'), await (await fetch(url)).text()]).toEqual(['60', 'in S3']);
  const { content, copy } = await use('local', `id=${inS3.id}`);
  expect([content, copy?.endsWith('.txt')]).toEqual(['in S3', true]);
  expect(await use('open', `id=${onDisk.id}`)).toMatchObject({ content: 'on the disk' });
});

test('a file that does not exist, and a path out of the folder, get errors that say what to do', async () => {
  expect(await use('open', 'file=nothing.txt')).toMatchObject({ code: 'FILE_NOT_FOUND', message: expect.stringContaining('no such file') });
  expect(await use('local', 'file=../../package.json')).toMatchObject({ code: 'INVALID_KEY' });
});
