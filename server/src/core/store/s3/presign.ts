import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { Clock } from '../../clock';
import { StorageError } from '../../errors';
import { MAX_PRESIGNED_SECONDS, type PresignOptions } from '../object-store';

/**
 * A URL for one GET, signed in its query (AWS Signature Version 4). Headers that the answer is to have are part of what is signed.
 * @throws StorageError REJECTED for a time that S3 would not accept; whatever the keys cannot be had for
 */
export function presignedUrl(
  client: S3Client,
  target: { Bucket: string; Key: string },
  { expiresInSeconds: expiresIn, contentType, contentDisposition }: PresignOptions,
  clock: Clock,
): Promise<string> {
  if (!Number.isInteger(expiresIn) || expiresIn < 1 || expiresIn > MAX_PRESIGNED_SECONDS) {
    const detail = `a URL for ${expiresIn} seconds: it must be a whole number from 1 to ${MAX_PRESIGNED_SECONDS}`;
    throw new StorageError('REJECTED', { operation: 'presign', subject: target.Key, detail, refused: true });
  }
  const command = new GetObjectCommand({ ...target, ResponseContentType: contentType, ResponseContentDisposition: contentDisposition });
  // by the time of S3, as far as its answers have told it: the SDK does the same for requests, and not for URLs
  const signingDate = new Date(clock.now() + client.config.systemClockOffset);
  return getSignedUrl(client, command, { expiresIn, signingDate });
}
