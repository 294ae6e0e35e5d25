import type { Clock } from '../../clock';
import type { ObjectStore } from '../object-store';
import { createS3Client, type S3Config } from './client';
import { SignedGets } from './signed-gets';
import { S3ObjectStore } from './store';

/** Opens a bucket with a client of its own, whose idle connections close by themselves after some seconds. */
export function openBucket(config: S3Config, bucket: string, clock: Clock): ObjectStore {
  const { connectTimeoutMs, timeoutMs, publicEndpoint } = config;
  const client = createS3Client(config, clock);
  const urlSigner = publicEndpoint === undefined ? client : createS3Client({ ...config, endpoint: publicEndpoint }, clock);
  return new S3ObjectStore({ client, signedGets: new SignedGets({ client, bucket, clock, connectTimeoutMs }), urlSigner, bucket, clock, timeoutMs });
}
