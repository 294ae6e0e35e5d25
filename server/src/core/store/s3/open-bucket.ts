import type { Clock } from '../../clock';
import type { ObjectStore } from '../object-store';
import { createS3Client, type S3Config } from './client';
import { S3ObjectStore } from './store';

/** Opens a bucket with a client of its own, whose idle connections close by themselves after some seconds. */
export function openBucket(config: S3Config, bucket: string, clock: Clock): ObjectStore {
  return new S3ObjectStore({ client: createS3Client(config, clock), bucket, clock, timeoutMs: config.timeoutMs });
}
