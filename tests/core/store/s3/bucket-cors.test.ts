import { systemClock } from '../../../../server/src/core/clock';
import { installCors } from '../../../../server/src/core/buckets/probe/cors';
import { BucketCors } from '../../../../server/src/core/store/s3/bucket-cors';
import { createS3Client } from '../../../../server/src/core/store/s3/client';
import { rawBucket } from '../../../support/raw-s3';
import { startS3, type S3Server } from '../../../support/s3';

let server: S3Server;
beforeAll(async () => {
  server = await startS3();
}, 120_000);
afterAll(() => server?.stop());

test('the CORS rule joins the rules of a bucket, as another client sees them, or the server says that it has none', async () => {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const bucket = await server.createBucket();
  const client = createS3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey }, connectTimeoutMs: 3_000, timeoutMs: 10_000 }, systemClock);
  const cors = new BucketCors({ client, bucket, clock: systemClock, timeoutMs: 10_000 });
  const raw = rawBucket(server, bucket);
  try {
    if (server.kind === 'minio') {
      await expect(installCors(cors)).rejects.toMatchObject({ code: 'CORS_UNSUPPORTED' });
      return;
    }
    expect(await cors.rules()).toEqual([]);
    const theirs = { AllowedOrigins: ['https://shop.example'], AllowedMethods: ['PUT'] };
    await raw.setCorsRules([theirs]);
    expect([await installCors(cors), await installCors(cors)]).toEqual([true, false]);
    const ours = { AllowedOrigins: ['*'], AllowedMethods: expect.arrayContaining(['GET', 'HEAD']) as unknown };
    const rules = await raw.corsRules();
    expect(rules).toHaveLength(2);
    expect(rules).toEqual(expect.arrayContaining([expect.objectContaining(theirs), expect.objectContaining(ours)]));
  } finally {
    raw.close();
    client.destroy();
  }
});
