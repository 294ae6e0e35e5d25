import { readdir } from 'node:fs/promises';
import type { UploadedFile } from '../support/admin-client';
import { image, textFile } from '../support/images';
import { openStage, type Stage } from '../support/stage';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
  expect(await stage.configure({ ...stage.settings, onOutage: 'reject' })).toBe('read-write');
}, 300_000);

afterAll(() => stage?.close(), 60_000);

afterEach(() => stage.proxy.accept());

const SENTENCE = 'this server is set to refuse uploads rather than keep them on its own disk';

const filesOnDisk = async () =>
  (await readdir(stage.strapi.uploadsDir, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !['.gitkeep', 'volume', 'volume.mark'].includes(entry.name))
    .map(({ name }) => name);

const listed = async (): Promise<string[]> =>
  (await stage.strapi.api<{ results: UploadedFile[] }>('GET', '/upload/files?pageSize=100')).body.results.map(({ name }) => name);

/** Sends a POST of the media library as the panel does. The editor sees the answer. */
const post = (path: string, file: { name: string; type: string; bytes: Buffer }) => {
  const form = new FormData();
  form.append('files', new Blob([new Uint8Array(file.bytes)], { type: file.type }), file.name);
  form.append('fileInfo', JSON.stringify({ name: file.name }));
  return stage.strapi.api<{ error: { message: string; details: { code: string } } }>('POST', path, form);
};

const s3Answers = () =>
  stage.eventually('S3 is back', async () => {
    const { body } = await stage.strapi.api<{ breaker: { state: string }; outage: unknown }>('GET', '/s3-storage/status');
    return body.breaker.state === 'closed';
  }, 60_000);

test('uploads and replaces are refused with the reason while S3 is away, and work again when it is back', async () => {
  const [file] = (await stage.strapi.upload(textFile('kept.txt', 'old'))) as [UploadedFile];
  await stage.proxy.refuse();

  for (const refused of [await image('photo.jpg', 'jpeg', 900, 700), textFile('note.txt', 'a note')]) {
    const answer = await post('/upload', refused);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.body.error).toMatchObject({ message: expect.stringContaining(SENTENCE), details: { code: 'UPLOAD_REFUSED' } });
  }
  const replaced = await post(`/upload?id=${file.id}`, textFile('kept.txt', 'new'));
  expect(replaced.body.error.message).toContain(SENTENCE);

  expect(await filesOnDisk()).toEqual([]);
  expect(await listed()).toEqual(['kept.txt']);
  const { body } = await stage.strapi.api<{ outage: { code: string } | null; pendingUploads: { count: number } }>('GET', '/s3-storage/status');
  expect([body.outage?.code, body.pendingUploads.count]).toEqual(['UNREACHABLE', 0]);
  expect(stage.strapi.logs()).toContain('Uploads are refused meanwhile');

  await stage.proxy.accept();
  await s3Answers();
  expect((await stage.strapi.read(file.url)).bytes.toString()).toBe('old');
  await stage.strapi.replace(file.id, textFile('kept.txt', 'new'));
  expect((await stage.strapi.read(file.url)).bytes.toString()).toBe('new');
  const [note] = (await stage.strapi.upload(textFile('note.txt', 'a note'))) as [UploadedFile];
  expect((await stage.bucket.get(note.hash + note.ext)).toString()).toBe('a note');
}, 120_000);
