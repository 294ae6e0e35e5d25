import type { JobAnswer, JobsAnswer } from '../../server/src/contracts/jobs';
import { addPerson, type Person } from '../support/people';
import { openStage, type Stage } from '../support/stage';

let stage: Stage;
let watcher: Person;

beforeAll(async () => {
  stage = await openStage();
  watcher = await addPerson(stage.strapi, 'Watcher of jobs', ['plugin::s3-storage.jobs.read']);
  expect(await stage.configure()).toBe('read-write');
}, 300_000);

afterAll(() => stage?.close(), 60_000);

interface Refused {
  error: { details: { code: string; hint: string; fields?: { path: string }[] } };
}

const post = <T = JobAnswer>(path: string, body: unknown = {}) => stage.strapi.api<T>('POST', `/s3-storage${path}`, body);
const put = <T = JobAnswer>(path: string, body: unknown) => stage.strapi.api<T>('PUT', `/s3-storage${path}`, body);
const jobs = async () => (await stage.strapi.api<JobsAnswer>('GET', '/s3-storage/jobs')).body.jobs;
const settings = async () => (await stage.strapi.api<{ settings: Record<string, unknown>; mode: string }>('GET', '/s3-storage/settings')).body;
const refusal = ({ status, body }: { status: number; body: Refused }) => [status, body.error.details.code, body.error.details.fields?.map(({ path }) => path).sort()];

test('a person who may only read sees the jobs, and cannot start one', async () => {
  const { status, body } = await watcher.api<JobsAnswer>('GET', '/s3-storage/jobs');
  expect([status, body.jobs.map(({ name }) => name)]).toEqual([200, expect.arrayContaining(['purge'])]);
  expect((await watcher.api('POST', '/s3-storage/jobs/purge/start', {})).status).toBe(403);
  expect((await watcher.api('POST', '/s3-storage/objects/retry', { all: true })).status).toBe(403);
});

test('the purge can be started, but has no stop and no schedule', async () => {
  const { status, body } = await post('/jobs/purge/start');
  expect([status, body.name, body.blockedBy]).toEqual([202, 'purge', null]);
  expect(refusal(await post<Refused>('/jobs/purge/stop'))).toEqual([404, 'NO_SUCH_JOB', undefined]);
  expect(refusal(await put<Refused>('/jobs/purge/schedule', { enabled: true }))).toEqual([404, 'NO_SUCH_JOB', undefined]);
  expect(refusal(await post<Refused>('/jobs/nonsense/start'))).toEqual([404, 'NO_SUCH_JOB', undefined]);
});

test('a bad body is refused with the path of each bad field', async () => {
  expect(refusal(await post<Refused>('/jobs/purge/start', { dryRun: 'no', maxId: 1.5, now: true }))).toEqual([400, 'INVALID_QUERY', ['dryRun', 'maxId', 'now']]);
  expect(refusal(await post<Refused>('/objects/retry', { keys: 'all' }))).toEqual([400, 'INVALID_QUERY', ['']]);
  expect(refusal(await post<Refused>('/objects/untrash', { keys: ['../x'] }))).toEqual([400, 'INVALID_KEY', undefined]);
  const bad = { uploadSchedule: '99 * * * *', batchSize: 7 };
  expect(refusal(await put<Refused>('/settings', bad))).toEqual([400, 'INVALID_SETTINGS', ['uploadSchedule']]);
  // this date never comes
  expect(refusal(await put<Refused>('/settings', { cleanupSchedule: '0 0 31 2 *', batchSize: 7 }))).toEqual([400, 'INVALID_SETTINGS', ['cleanupSchedule']]);
  expect((await settings()).settings['batchSize']).toBe(100);
});

test('leaving S3 makes the mode read-only and switches schedules off, and the return makes it read-write', async () => {
  await put('/settings', { uploadScheduleEnabled: true, uploadSchedule: '0 3 * * *' });
  const left = await post<{ mode: string; reason: { code: string } }>('/settings/leave');
  expect([left.status, left.body.mode, left.body.reason.code]).toEqual([200, 'read-only', 'LEAVING']);
  expect((await settings()).settings).toMatchObject({ leaving: true, uploadScheduleEnabled: false, uploadSchedule: '0 3 * * *' });
  expect((await jobs()).find(({ name }) => name === 'purge')!.blockedBy!.code).toBe('LEAVING');
  expect((await post<{ mode: string }>('/settings/return')).body.mode).toBe('read-write');
});
