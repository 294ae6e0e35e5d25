import { type Clock, systemClock } from '../../server/src/core/clock';
import { createS3Client, type S3Config } from '../../server/src/core/store/s3/client';
import { SignedGets } from '../../server/src/core/store/s3/signed-gets';
import { S3ObjectStore } from '../../server/src/core/store/s3/store';

export interface TestStoreOptions extends Partial<S3Config> {
  endpoint: string;
  bucket: string;
  clock?: Clock;
  multipartAbove?: number;
  /** Whether the SDK sends the GET of objects as well. */
  getsBySdk?: boolean;
}

/** An S3 store with short timeouts, and a function that lets go of its connections. */
export function testS3Store({ bucket, clock = systemClock, multipartAbove, getsBySdk = false, ...config }: TestStoreOptions): {
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
  const signedGets = getsBySdk ? undefined : new SignedGets({ client, bucket, clock, connectTimeoutMs: config.connectTimeoutMs ?? 1_000 });
  return { store: new S3ObjectStore({ client, signedGets, bucket, clock, timeoutMs, multipartAbove }), destroy: () => client.destroy() };
}
