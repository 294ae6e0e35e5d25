import type { TestAnswer } from '../../../contracts/api';

/** Returns a policy with the fewest rights with which the whole plugin works. */
export function iamPolicy(bucket: string, prefix: string): string {
  const policy = {
    Version: '2012-10-17',
    Statement: [
      // s3:prefix does not narrow this: without the right to list the whole bucket, S3 answers 403 instead of 404 for a missing object
      {
        Sid: 'S3StorageBucket',
        Effect: 'Allow',
        Action: ['s3:ListBucket', 's3:ListBucketMultipartUploads'],
        Resource: [`arn:aws:s3:::${bucket}`],
      },
      {
        Sid: 'S3StorageObjects',
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
        Resource: [`arn:aws:s3:::${bucket}/${prefix}*`],
      },
    ],
  };
  return JSON.stringify(policy, null, 2);
}

/**
 * The CORS rules for a bucket. Only scripts of other sites need them, when they follow a redirect to the bucket: the panel and the scripts of this
 * site get the bytes from Strapi. A browser that was redirected to another origin asks in the name of nobody (`Origin: null`), which only the
 * star allows.
 */
export const CORS_RULES = [
  {
    AllowedOrigins: ['*'],
    AllowedMethods: ['GET', 'HEAD'],
    AllowedHeaders: ['*'],
    ExposeHeaders: ['ETag', 'Content-Length', 'Content-Range', 'Accept-Ranges'],
    MaxAgeSeconds: 3600,
  },
];

/** Returns texts that the administrator can paste into the provider's console. */
export function snippetsFor(target: { bucket: string; prefix: string }): TestAnswer['snippets'] {
  return [
    { title: 'IAM policy for the access key', language: 'json', text: iamPolicy(target.bucket, target.prefix) },
    { title: 'CORS rules of the bucket (only for scripts of other sites that follow a redirect)', language: 'json', text: JSON.stringify(CORS_RULES, null, 2) },
  ];
}
