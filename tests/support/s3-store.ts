import { type Clock, systemClock } from '../../server/src/core/clock';
import { createS3Client, type S3Config } from '../../server/src/core/store/s3/client';
import { S3ObjectStore } from '../../server/src/core/store/s3/store';

export interface TestStoreOptions extends Partial<S3Config> {
  endpoint: string;
  bucket: string;
  clock?: Clock;
  multipartAbove?: number;
}

/** An S3 store with short timeouts, and a function that lets go of its connections. */
export function testS3Store({ bucket, clock = systemClock, multipartAbove, ...config }: TestStoreOptions): {
  store: S3ObjectStore;
  destroy(): void;
} {
  const { timeoutMs = 400 } = config;
  const client = createS3Client({
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    connectTimeoutMs: 1_000,
    timeoutMs,
    ...config,
  }, clock);
  return { store: new S3ObjectStore({ client, bucket, clock, timeoutMs, multipartAbove }), destroy: () => client.destroy() };
}
