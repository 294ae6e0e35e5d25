import { HeadObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client, type ServerSideEncryption } from '@aws-sdk/client-s3';
import type { Clock } from '../../clock';
import { isStorageError, StorageError } from '../../errors';
import type { BucketProbe } from '../../buckets/probe/bucket-probe';
import { Exchange } from './exchange';
import { CONDITION_REFUSED } from './store';

export interface S3BucketProbeOptions {
  client: S3Client;
  /** Opens one that does not sign. */
  unsigned: () => S3Client;
  bucket: string;
  clock: Clock;
  /** Longest wait for an answer, in milliseconds. */
  timeoutMs: number;
}

/** What bucket policies demand, by the values of `x-amz-server-side-encryption`. */
const ENCRYPTIONS: readonly ServerSideEncryption[] = ['AES256', 'aws:kms'];

export class S3BucketProbe implements BucketProbe {
  constructor(private readonly options: S3BucketProbeOptions) {}

  list(prefix: string, signal: AbortSignal): Promise<void> {
    return this.listWith(this.options.client, prefix, signal);
  }

  async reach(signal: AbortSignal): Promise<void> {
    const client = this.options.unsigned();
    try {
      await this.listWith(client, '', signal);
    } finally {
      client.destroy();
    }
  }

  async tellsSize(name: string, size: number, signal: AbortSignal): Promise<boolean> {
    const { client, bucket: Bucket } = this.options;
    const command = new HeadObjectCommand({ Bucket, Key: name });
    const { ContentLength } = await this.exchange('head', name, signal, (abortSignal) => client.send(command, { abortSignal }));
    return ContentLength === size;
  }

  async putEncrypted(name: string, bytes: Buffer, signal: AbortSignal): Promise<boolean> {
    const { client, bucket: Bucket } = this.options;
    for (const encryption of ENCRYPTIONS) {
      const command = new PutObjectCommand({ Bucket, Key: name, Body: bytes, ContentLength: bytes.length, ServerSideEncryption: encryption });
      try {
        await this.exchange('put', name, signal, (abortSignal) => client.send(command, { abortSignal }));
        return true;
      } catch (error) {
        if (!isStorageError(error, 'ACCESS_DENIED', 'REJECTED', 'UNSUPPORTED')) throw error;
      }
    }
    return false;
  }

  private async listWith(client: S3Client, prefix: string, signal: AbortSignal): Promise<void> {
    const { bucket: Bucket } = this.options;
    const command = new ListObjectsV2Command({ Bucket, Prefix: prefix || undefined, MaxKeys: 1 });
    await this.exchange('list', Bucket, signal, async (abortSignal) => {
      const answer = await client.send(command, { abortSignal });
      // a listing says so many things of itself; a 200 of another server, parsed as XML, says none of them
      if (answer.Name === undefined && answer.KeyCount === undefined && answer.IsTruncated === undefined) {
        throw new StorageError('NOT_S3', { status: answer.$metadata.httpStatusCode, refused: true });
      }
    });
  }

  async putIfAbsent(name: string, bytes: Buffer, signal: AbortSignal): Promise<'stored' | 'exists'> {
    const { client, bucket: Bucket } = this.options;
    const command = new PutObjectCommand({ Bucket, Key: name, Body: bytes, ContentLength: bytes.length, IfNoneMatch: '*' });
    try {
      await this.exchange('put', name, signal, (abortSignal) => client.send(command, { abortSignal }));
      return 'stored';
    } catch (error) {
      if (error instanceof StorageError && CONDITION_REFUSED.includes(error.status)) return 'exists';
      throw error;
    }
  }

  private async exchange<T>(operation: string, name: string, signal: AbortSignal, send: (abortSignal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, timeoutMs } = this.options;
    const exchange = new Exchange({ clock, operation, name, signal, timeoutMs });
    try {
      return await exchange.send(send);
    } catch (error) {
      const failure = exchange.failure(error);
      // S3 says NoSuchBucket; a bare 404 on a bucket is somebody else's
      if (operation === 'list' && failure.code === 'OBJECT_NOT_FOUND') throw new StorageError('NOT_S3', { status: 404, refused: true, cause: error });
      throw failure;
    } finally {
      exchange.close();
    }
  }
}
