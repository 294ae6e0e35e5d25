import { CopyObjectCommand, type CopyObjectCommandInput } from '@aws-sdk/client-s3';
import { escapedName } from '../names';
import type { CopySource } from '../object-store';

type Target = Pick<CopyObjectCommandInput, 'Bucket' | 'Key'>;

/** Returns the request that has S3 copy an object, as long as it has its tag, with these headers in the place of its own. */
export function copyCommand(target: Target, { bucket, name, etag }: CopySource, headers: Omit<CopyObjectCommandInput, 'Bucket' | 'Key' | 'CopySource'>): CopyObjectCommand {
  return new CopyObjectCommand({
    ...target,
    ...headers,
    CopySource: `${encodeURIComponent(bucket)}/${escapedName(name)}`,
    CopySourceIfMatch: `"${etag}"`,
    MetadataDirective: 'REPLACE',
  });
}
