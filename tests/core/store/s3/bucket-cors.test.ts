import { createHash } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
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

/** The CORS rules of a bucket at a server that gives this answer to every request, and the requests that it has seen. */
async function cannedServer(status: number) {
  const seen: { method: string | undefined; headers: IncomingHttpHeaders; body: string }[] = [];
  const listening = createServer((request, response) => {
    void text(request).then((body) => {
      seen.push({ method: request.method, headers: request.headers, body });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as AddressInfo;
  const client = createS3Client({ endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId: 'id', secretAccessKey: 'secret' }, connectTimeoutMs: 3_000, timeoutMs: 10_000 }, systemClock);
  const close = async () => {
    client.destroy();
    await new Promise((resolve) => listening.close(resolve));
  };
  return { seen, cors: new BucketCors({ client, bucket: 'media', clock: systemClock, timeoutMs: 10_000 }), close };
}

test('the change of the rules carries a Content-MD5 and no other checksum, which some servers refuse', async () => {
  const { seen, cors, close } = await cannedServer(200);
  await cors.replace([{ AllowedOrigins: ['*'], AllowedMethods: ['GET'] }]).finally(close);
  const { headers, body } = seen[0]!;
  expect(headers['content-md5']).toBe(createHash('md5').update(body).digest('base64'));
  expect(Object.keys(headers).filter((name) => name.includes('checksum'))).toEqual([]);
});

test('a 404 that does not come from S3 is not taken for a bucket without rules: nothing is replaced', async () => {
  const { seen, cors, close } = await cannedServer(404);
  await expect(installCors(cors).finally(close)).rejects.toMatchObject({ status: 404 });
  expect(seen.map(({ method }) => method)).toEqual(['GET']);
});
