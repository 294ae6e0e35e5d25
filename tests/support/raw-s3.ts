import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  type CORSRule,
  DeleteObjectCommand,
  GetBucketCorsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  NotFound,
  PutBucketCorsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

export interface Listed {
  key: string;
  size: number;
  etag: string;
}

/** The end of the name of the object that says which database owns a part of the bucket. */
export const MARKER = '.s3-storage-owner.json';
/** The name, after the prefix, of the object with which a process finds out whether S3 refuses to overwrite. It lies there for a moment. */
const TRIAL = '.s3-storage-probe-overwriting';

/** An observer's view of a bucket, through the SDK alone and without the code under test. */
export interface RawBucket {
  readonly bucket: string;
  /** The objects of the library. The markers of owners and the trials are left out, because they come and change at any time. */
  list(prefix?: string): Promise<Listed[]>;
  keys(prefix?: string): Promise<string[]>;
  get(key: string): Promise<Buffer>;
  /** The CORS rules of the bucket, which has some. */
  corsRules(): Promise<CORSRule[]>;
  setCorsRules(rules: CORSRule[]): Promise<void>;
  /** A URL at which anybody can read the object for an hour. */
  urlOf(key: string): Promise<string>;
  /** Null when there is no such object. */
  head(key: string): Promise<{ size: number; etag: string; contentType: string | null; cacheControl: string | null } | null>;
  put(key: string, body: Buffer | string, contentType?: string): Promise<void>;
  remove(key: string): Promise<void>;
  /** Begins an upload in parts, sends one part, and leaves the upload unfinished. */
  beginUpload(key: string): Promise<void>;
  /** The keys of uploads that were begun and neither ended nor aborted. A key with several such uploads is there several times. */
  unfinishedUploads(): Promise<string[]>;
  close(): void;
}

export interface S3Access {
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

const clientFor = (access: S3Access): S3Client =>
  new S3Client({
    endpoint: access.endpoint,
    region: access.region,
    forcePathStyle: true,
    credentials: { accessKeyId: access.accessKeyId, secretAccessKey: access.secretAccessKey },
    // The SDK's own default makes older stores (Ceph, the embedded one) refuse a PUT.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });

export async function createRawBucket(access: S3Access, bucket: string): Promise<void> {
  const client = clientFor(access);
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
  } finally {
    client.destroy();
  }
}

export function rawBucket(access: S3Access, bucket: string): RawBucket {
  const client = clientFor(access);

  const list = async (prefix?: string): Promise<Listed[]> => {
    const found: Listed[] = [];
    let token: string | undefined;
    do {
      const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }));
      for (const { Key, Size, ETag } of page.Contents ?? []) if (Key && !Key.endsWith(MARKER) && !Key.endsWith(TRIAL)) found.push({ key: Key, size: Size ?? 0, etag: (ETag ?? '').replaceAll('"', '') });
      token = page.NextContinuationToken;
    } while (token);
    return found;
  };

  return {
    bucket,
    list,
    keys: async (prefix) => (await list(prefix)).map(({ key }) => key).sort(),
    async get(key) {
      const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return Buffer.from(await answer.Body!.transformToByteArray());
    },
    corsRules: async () => (await client.send(new GetBucketCorsCommand({ Bucket: bucket }))).CORSRules ?? [],
    setCorsRules: async (rules) => void (await client.send(new PutBucketCorsCommand({ Bucket: bucket, CORSConfiguration: { CORSRules: rules } }))),
    urlOf: (key) => getSignedUrl(client, new GetObjectCommand({ Bucket: bucket, Key: key }), { expiresIn: 3600 }),
    async head(key) {
      try {
        const answer = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
        return {
          size: answer.ContentLength ?? 0,
          etag: (answer.ETag ?? '').replaceAll('"', ''),
          contentType: answer.ContentType ?? null,
          cacheControl: answer.CacheControl ?? null,
        };
      } catch (error) {
        if (error instanceof NotFound) return null;
        throw error;
      }
    },
    async put(key, body, contentType) {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: contentType }));
    },
    async remove(key) {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    },
    async beginUpload(key) {
      const target = { Bucket: bucket, Key: key };
      const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
      await client.send(new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: Buffer.alloc(5 * 1024 * 1024) }));
    },
    async unfinishedUploads() {
      const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      return (Uploads ?? []).map(({ Key }) => Key ?? '').sort();
    },
    close: () => client.destroy(),
  };
}
