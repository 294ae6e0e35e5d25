import type { Clock } from '../../clock';
import { StorageError } from '../../errors';
import { s3ConfigOf } from '../../settings/s3-config';
import { S3BucketProbe } from '../../store/s3/bucket-probe';
import { createS3Client } from '../../store/s3/client';
import { S3ObjectStore } from '../../store/s3/store';
import type { OpenProbe } from './bucket-probe';

/** Opens the real thing: a client of its own, so that neither breaker nor connections of the engine play a part. */
export function openS3Probe(clock: Clock): OpenProbe {
  return (settings) => {
    const { bucket, timeoutMs } = settings;
    if (bucket === null) throw new StorageError('NOT_CONFIGURED', { refused: true });
    const config = s3ConfigOf(settings);
    const client = createS3Client(config, clock);
    const options = { client, bucket, clock, timeoutMs };
    const unsigned = () => createS3Client({ ...config, unsigned: true }, clock);
    return { store: new S3ObjectStore(options), bucket: new S3BucketProbe({ ...options, unsigned }), close: () => client.destroy() };
  };
}
