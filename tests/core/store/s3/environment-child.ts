import { systemClock } from '../../../../server/src/core/clock';
import { codeOf } from '../../../../server/src/core/errors';
import { createS3Client } from '../../../../server/src/core/store/s3/client';
import { S3ObjectStore } from '../../../../server/src/core/store/s3/store';
import { bodyOf } from '../../../support/bodies';

/** A request as it would leave for Amazon. These tests send nothing there. */
interface Seen {
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  query: unknown;
  headers: Record<string, string>;
}

const CONFIG = {
  region: 'eu-west-1',
  forcePathStyle: false,
  credentials: { accessKeyId: 'KEY', secretAccessKey: 'SECRET' },
  connectTimeoutMs: 2_000,
  timeoutMs: 5_000,
};

/** The headers that differ from one request to the next. */
const VARIES = new Set(['x-amz-date', 'authorization', 'amz-sdk-invocation-id']);
const steady = (headers: Record<string, string>) => Object.fromEntries(Object.entries(headers).filter(([name]) => !VARIES.has(name)).sort());

async function work(store: S3ObjectStore): Promise<string[]> {
  const requests = [() => store.put('a.txt', bodyOf('bytes'), { contentType: 'text/plain' }), () => store.head('a.txt'), () => store.get('a.txt'), () => store.list('', { limit: 1 })];
  const outcomes: string[] = [];
  for (const request of requests) outcomes.push(await request().then(() => 'done', codeOf));
  return outcomes;
}

async function toAmazon() {
  const client = createS3Client(CONFIG, systemClock);
  const seen: Seen[] = [];
  client.config.requestHandler.handle = (request) => {
    const { protocol, hostname, port, path, query, headers } = request;
    seen.push({ protocol, hostname, port, path, query, headers: steady(headers) });
    return Promise.reject(Object.assign(new Error('not sent'), { code: 'ECONNREFUSED' }));
  };
  const outcomes = await work(new S3ObjectStore({ client, bucket: 'bucket', clock: systemClock, timeoutMs: 5_000 }));
  return { outcomes, seen };
}

async function toEndpoint(endpoint: string) {
  const client = createS3Client({ ...CONFIG, endpoint, forcePathStyle: true }, systemClock);
  const outcomes = await work(new S3ObjectStore({ client, bucket: 'bucket', clock: systemClock, timeoutMs: 5_000 }));
  client.destroy();
  return { outcomes };
}

void (async () => {
  const [endpoint] = process.argv.slice(2);
  process.stdout.write(JSON.stringify({ amazon: await toAmazon(), endpoint: await toEndpoint(endpoint ?? '') }));
})();
