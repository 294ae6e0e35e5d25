import { startS3, type S3Server } from '../../../support/s3';
import { rawBucket } from '../../../support/raw-s3';
import { story, testReal } from './support';

let server: S3Server;
let bucket: string;
let good: Record<string, unknown>;

beforeAll(async () => {
  server = await startS3();
  bucket = await server.createBucket();
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  good = { endpoint, region, accessKeyId, secretAccessKey, bucket, forcePathStyle: true, prefix: 'media' };
}, 120_000);
afterAll(() => server?.stop());

/** The embedded server checks no signatures and knows no regions. */
const checksSignatures = () => server.kind !== 'embedded';

test('good settings pass every step and leave nothing behind', async () => {
  const answer = await testReal(good);
  expect(answer.steps.filter(({ ok }) => !ok)).toEqual([]);
  expect(story(answer)).toEqual(['endpoint', 'credentials', 'read', 'write', 'verify', 'delete']);
  expect(answer.capabilities.etagIsMd5).toBe(true);
  expect(typeof answer.capabilities.conditionalPut).toBe('boolean');
  const raw = rawBucket(server, bucket);
  expect(await raw.keys()).toEqual([]);
  raw.close();
});

test('a copy of production passes the reading steps, and takes no others', async () => {
  const answer = await testReal({ ...good, productionOnly: true }, { production: false });
  expect([answer.ok, story(answer)]).toEqual([true, ['endpoint', 'credentials', 'read']]);
});

test('a wrong bucket fails the read with BUCKET_NOT_FOUND', async () => {
  expect(story(await testReal({ ...good, bucket: 'no-such-bucket-here' }))).toEqual(['endpoint', 'credentials', 'read:BUCKET_NOT_FOUND']);
});

test('a wrong key fails the credentials, where the server checks signatures', async () => {
  const answer = await testReal({ ...good, accessKeyId: 'NOSUCHKEY' });
  if (checksSignatures()) expect(story(answer)).toEqual(['endpoint', 'credentials:INVALID_ACCESS_KEY']);
});

test('a wrong secret fails the credentials, where the server checks signatures, and is not repeated', async () => {
  const answer = await testReal({ ...good, secretAccessKey: 'wrong-secret-entered' });
  if (checksSignatures()) expect(story(answer)).toEqual(['endpoint', 'credentials:SIGNATURE_MISMATCH']);
  expect(JSON.stringify(answer)).not.toContain('wrong-secret-entered');
});

test('a server that is away is UNREACHABLE', async () => {
  if (server.kind === 'external') return;
  await server.halt();
  try {
    expect(story(await testReal(good))).toEqual(['endpoint:UNREACHABLE']);
  } finally {
    await server.resume();
  }
});
