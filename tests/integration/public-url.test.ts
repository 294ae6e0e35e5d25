import type { TestAnswer } from '../../server/src/contracts/api';
import type { JobsAnswer } from '../../server/src/contracts/jobs';
import { textFile } from '../support/images';
import { openStage, type Stage } from '../support/stage';
import { passingTo, servingFolder, startWebServer, type WebServer } from '../support/web-server';

let stage: Stage;
let front: WebServer;
let isMended = false;

beforeAll(async () => {
  // the front is like nginx with `alias`, and later with `proxy_pass` alone
  const pass = passingTo(() => stage.strapi.url);
  front = await startWebServer((req, res) => (isMended ? pass(req, res) : servingFolder(stage.strapi.uploadsDir, pass)(req, res)));
  stage = await openStage({ env: { S3_STORAGE_PUBLIC_URL: front.url } });
}, 300_000);

afterAll(async () => {
  await stage?.close();
  await front?.close();
}, 60_000);

const publicStep = async () => (await stage.strapi.api<TestAnswer>('POST', '/s3-storage/settings/test', {})).body.steps.find(({ name }) => name === 'public');
const cleanup = async () => (await stage.strapi.api<JobsAnswer>('GET', '/s3-storage/jobs')).body.jobs.find(({ name }) => name === 'cleanup');

test('the connection test names a web server that serves the folder itself, and phase 2 waits until it is mended', async () => {
  const old = await stage.strapi.upload(textFile('old.txt', 'old'));
  await stage.configure();
  expect(await publicStep()).toMatchObject({ ok: false, code: 'UPLOADS_NOT_REACHED', hint: expect.stringContaining('proxy_pass') });

  await stage.strapi.api('POST', '/s3-storage/jobs/upload/start', {});
  await stage.eventually('phase 1 is complete', async () => (await stage.stored(`${old[0]!.hash}.txt`)) !== null, 60_000);
  await stage.eventually('phase 2 says why it cannot run', async () => (await cleanup())?.blockedBy?.code === 'UPLOADS_NOT_REACHED', 30_000);
  expect((await stage.strapi.api('POST', '/s3-storage/jobs/cleanup/start', {})).status).toBe(409);

  isMended = true;
  expect(await publicStep()).toMatchObject({ ok: true, code: null });
  expect((await cleanup())?.blockedBy ?? null).toBeNull();
  expect((await stage.strapi.api('POST', '/s3-storage/jobs/cleanup/start', {})).status).toBeLessThan(300);
}, 200_000);
