import type { Clock } from '../../clock';
import { StorageError } from '../../errors';
import { s3ConfigOf } from '../../settings/s3-config';
import type { Events } from '../../events';
import { BucketCors } from '../../store/s3/bucket-cors';
import { createS3Client } from '../../store/s3/client';
import { tellingEnds } from '../../store/resilience/request-ends';
import { S3ObjectStore } from '../../store/s3/store';
import type { OpenProbe } from './connection';

/** Opens real buckets. Each has a client of its own, so that the engine's breaker and connections do not affect the test. */
export function openS3Probe(clock: Clock, events: Pick<Events, 'emit'>): OpenProbe {
  return (settings, { unsigned, encryption } = {}) => {
    const { bucket, timeoutMs } = settings;
    if (bucket === null) throw new StorageError('NOT_CONFIGURED', { refused: true });
    const client = createS3Client({ ...s3ConfigOf(settings), unsigned }, clock);
    const parts = { client, bucket, clock, timeoutMs };
    return {
      store: tellingEnds(new S3ObjectStore({ ...parts, encryption }), clock, events),
      cors: new BucketCors(parts),
      close: () => client.destroy(),
    };
  };
}
