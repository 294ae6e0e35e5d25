import type { JobAnswer, JobsAnswer, ReportAnswer } from '../../server/src/contracts/jobs';
import type { UploadedFile } from '../support/admin-client';
import { image, textFile } from '../support/images';
import { observeDatabase } from '../support/observe-ledger';
import { openStage, type Stage } from '../support/stage';

/** A library with a format whose name has nothing of its file's name, as other plugins write them. */
let stage: Stage;
let cover: UploadedFile;
let unlisted: UploadedFile;
const keyOf = ({ hash, ext }: UploadedFile) => hash + ext;

/** Does an observer's work in the project's database. */
async function observed<T>(work: (connection: ReturnType<typeof observeDatabase>) => Promise<T>): Promise<T> {
  const connection = observeDatabase(stage.strapi);
  try {
    return await work(connection);
  } finally {
    await connection.destroy();
  }
}

beforeAll(async () => {
  stage = await openStage();
  expect(await stage.configure()).toBe('read-write');
  const [photo] = await stage.strapi.upload(await image('photo.png', 'png', 300, 200));
  [cover, unlisted] = (await stage.strapi.upload([textFile('cover.txt', 'the cover'), textFile('unlisted.txt', 'listed by nobody')])) as [UploadedFile, UploadedFile];
  const { hash, ext, url } = cover;
  const formats = { ...photo?.formats, cover: { name: 'cover', hash, ext, url, mime: 'text/plain', size: 1, sizeInBytes: 9 } };
  await observed(async (connection) => {
    await connection('files').where({ id: photo?.id }).update({ formats: JSON.stringify(formats) });
    await connection('files').whereIn('id', [cover.id, unlisted.id]).delete();
    // no request from that time is under way; the photo's own rows stay young, because a question for those meets all its formats
    await connection('s3_storage_objects').whereIn('object_key', [keyOf(cover), keyOf(unlisted)]).update({ changed_at: connection.raw('changed_at - ?', [2 * 24 * 3600_000]) });
  });
}, 300_000);

afterAll(() => stage?.close(), 60_000);

const ask = async <T>(url: string) => (await stage.strapi.api<T>('GET', `/s3-storage${url}`)).body;
const lastRun = async (name: string) => (await ask<JobsAnswer>('/jobs')).jobs.find((job: JobAnswer) => job.name === name)?.lastRun;

test('an audit buries a file that the library does not list, but not a format with an unusual name', async () => {
  expect((await stage.strapi.api('POST', '/s3-storage/jobs/audit/start', { apply: true })).status).toBe(202);
  await stage.eventually('the audit is complete', async () => (await lastRun('audit'))?.status === 'complete', 60_000);
  const { results } = await ask<ReportAnswer>('/jobs/audit/report');
  expect(results.map(({ kind, key, applied }) => [kind, key, applied])).toEqual([['unlisted', keyOf(unlisted), true]]);
}, 90_000);

test('a purge lifts the tombstone of a format with an unusual name, and removes an unlisted file', async () => {
  // an earlier version has buried these rows
  await observed((connection) => connection('s3_storage_objects').whereIn('object_key', [keyOf(cover), keyOf(unlisted)]).update({ tombstone_ticket: connection.ref('ticket'), purge_at: 1 }));
  await stage.strapi.api('POST', '/s3-storage/jobs/purge/start', {});
  await stage.eventually('the unlisted file is removed', async () => !(await stage.bucket.keys()).includes(keyOf(unlisted)));
  const rows = await observed((connection): Promise<unknown[]> => connection('s3_storage_objects').where({ object_key: keyOf(cover) }).select('state', 'tombstone_ticket'));
  expect(rows).toEqual([{ state: 'remote', tombstone_ticket: null }]);
  expect((await stage.strapi.read(cover.url)).bytes.toString()).toBe('the cover');
});
