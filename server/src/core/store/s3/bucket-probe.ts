import { ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Clock } from '../../clock';
import { StorageError } from '../../errors';
import type { BucketProbe } from '../../probe/bucket-probe';
import { Exchange } from './exchange';
import { CONDITION_REFUSED } from './store';

export interface S3BucketProbeOptions {
  client: S3Client;
  bucket: string;
  clock: Clock;
  /** Longest wait for an answer, in milliseconds. */
  timeoutMs: number;
}

export class S3BucketProbe implements BucketProbe {
  constructor(private readonly options: S3BucketProbeOptions) {}

  async list(prefix: string, signal: AbortSignal): Promise<void> {
    const { client, bucket: Bucket } = this.options;
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

  private async exchange(
    operation: string,
    name: string,
    signal: AbortSignal,
    send: (abortSignal: AbortSignal) => Promise<unknown>,
  ): Promise<void> {
    const { clock, timeoutMs } = this.options;
    const exchange = new Exchange({ clock, operation, name, signal, timeoutMs });
    try {
      await exchange.send(send);
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
