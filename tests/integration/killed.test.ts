import type { JobAnswer, JobsAnswer } from '../../server/src/contracts/jobs';
import { makeLibrary } from '../support/library';
import { openStage, type Stage } from '../support/stage';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
  await makeLibrary(stage.strapi, 12);
  expect(await stage.configure()).toBe('read-write');
}, 300_000);

afterAll(() => stage?.close(), 60_000);

const upload = async (): Promise<JobAnswer> => {
  const { jobs } = (await stage.strapi.api<JobsAnswer>('GET', '/s3-storage/jobs')).body;
  return jobs.find(({ name }) => name === 'upload')!;
};

/** Claims, lease and run of a killed process end after a minute. A process that waits for that is far slower than this. */
const AT_ONCE_MS = 25_000;

test('phase 1 goes on at once after its process was killed and started again', async () => {
  // all uploads begin, and none of them ends
  stage.proxy.on({ fault: { kind: 'latency', ms: 20_000 }, when: ({ method }) => method === 'PUT' });
  let sending = 0;
  stage.proxy.watch(({ method }) => void (method === 'PUT' && sending++));
  expect((await stage.strapi.api('POST', '/s3-storage/jobs/upload/start', {})).status).toBe(202);
  await stage.eventually('files are being sent', () => sending >= 2, 30_000);
  await stage.strapi.kill();
  stage.proxy.heal();
  await stage.strapi.restart();
  await stage.eventually('phase 1 is complete', async () => (await upload()).complete, AT_ONCE_MS);
  expect((await upload()).progress).toMatchObject({ failed: 0 });
  expect((await upload()).progress.done).toBe((await upload()).progress.total);
}, 180_000);
