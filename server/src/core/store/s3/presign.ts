import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { StorageError } from '../../errors';
import type { Clock } from '../../clock';
import { MAX_PRESIGNED_SECONDS, type PresignOptions } from '../object-store';

/**
 * Returns a URL for one GET, signed in its query (AWS Signature Version 4). The signature also covers the headers that the answer is to
 * have.
 * @param clockOffsetMs how far this machine's clock is behind that of S3, as the SDK has learned it
 * @throws StorageError REJECTED for a time that S3 would not accept; the error of the credentials' source if there are no credentials
 */
export function presignedUrl(
  client: S3Client,
  target: { Bucket: string; Key: string },
  { expiresInSeconds: expiresIn, steadyForSeconds, contentType, contentDisposition }: PresignOptions,
  clock: Clock,
  clockOffsetMs: number,
): Promise<string> {
  if (!Number.isInteger(expiresIn) || expiresIn < 1 || expiresIn > MAX_PRESIGNED_SECONDS) {
    const detail = `a URL for ${expiresIn} seconds: it must be a whole number from 1 to ${MAX_PRESIGNED_SECONDS}`;
    throw new StorageError('REJECTED', { operation: 'presign', subject: target.Key, detail, refused: true });
  }
  const command = new GetObjectCommand({ ...target, ResponseContentType: contentType, ResponseContentDisposition: contentDisposition });
  // the URL uses the time of S3 as far as its answers have shown it: the SDK does so for requests, but not for URLs
  const nowMs = clock.now() + clockOffsetMs;
  const stepMs = (steadyForSeconds ?? 0) * 1000;
  const signingDate = new Date(stepMs > 0 ? Math.floor(nowMs / stepMs) * stepMs : nowMs);
  return getSignedUrl(client, command, { expiresIn, signingDate });
}
