import { createHash } from 'node:crypto';
import { GetBucketCorsCommand, PutBucketCorsCommand, type CORSRule, type S3Client } from '@aws-sdk/client-s3';
import type { Clock } from '../../clock';
import { isStorageError, StorageError } from '../../errors';
import { Exchange } from './exchange';

export type CorsRule = CORSRule;

export interface BucketCorsOptions {
  client: S3Client;
  bucket: string;
  clock: Clock;
  /** Longest wait for an answer, in milliseconds. */
  timeoutMs: number;
}

/** Reads and replaces the CORS rules of a bucket. */
export class BucketCors {
  constructor(private readonly options: BucketCorsOptions) {}

  /** Returns the rules that the bucket has now; none where nobody has ever set any. */
  async rules(): Promise<CorsRule[]> {
    const { client, bucket } = this.options;
    try {
      const { CORSRules } = await this.#ask((abortSignal) => client.send(new GetBucketCorsCommand({ Bucket: bucket }), { abortSignal }));
      return CORSRules ?? [];
    } catch (error) {
      // any other 404 says nothing about the rules, and whoever took it for none would replace those of others
      if (isStorageError(error, 'OBJECT_NOT_FOUND') && error.detail?.startsWith('NoSuchCORSConfiguration')) return [];
      throw error;
    }
  }

  /** Puts these rules in the place of all that the bucket has. */
  async replace(rules: readonly CorsRule[]): Promise<void> {
    const { client, bucket } = this.options;
    const command = new PutBucketCorsCommand({ Bucket: bucket, CORSConfiguration: { CORSRules: [...rules] } });
    command.middlewareStack.add(withContentMd5, { step: 'build', priority: 'low', name: 's3StorageContentMd5', override: true });
    await this.#ask((abortSignal) => client.send(command, { abortSignal }));
  }

  async #ask<T>(send: (abortSignal: AbortSignal) => Promise<T>): Promise<T> {
    const { bucket, clock, timeoutMs } = this.options;
    const exchange = new Exchange({ operation: 'cors', name: bucket, clock, timeoutMs });
    try {
      return await exchange.send(send);
    } catch (error) {
      throw explained(exchange.failure(error));
    } finally {
      exchange.close();
    }
  }
}

type Step<A, R> = (args: A) => Promise<R>;

/**
 * Gives the request a Content-MD5, which all servers know, in the place of the SDK's own checksum: Backblaze B2 and older Ceph refuse that one,
 * and Cloudflare R2 refuses both together.
 */
function withContentMd5<A extends { request: unknown }, R>(next: Step<A, R>): Step<A, R> {
  return (args) => {
    const { body, headers } = args.request as { body: string; headers: Record<string, string> };
    for (const name of Object.keys(headers)) if (/^x-amz-(?:sdk-)?checksum-/i.test(name)) delete headers[name];
    headers['content-md5'] = createHash('md5').update(body).digest('base64');
    return next(args);
  };
}

/** Returns the failure with a code that says which rights are missing, or that the server has no rules for one bucket. */
function explained(error: StorageError): StorageError {
  const code = isStorageError(error, 'ACCESS_DENIED') ? 'CORS_DENIED' : isStorageError(error, 'UNSUPPORTED', 'REJECTED') ? 'CORS_UNSUPPORTED' : null;
  if (!code) return error;
  const { operation, subject, status, detail, refused } = error;
  return new StorageError(code, { operation, subject, status, detail, refused, cause: error });
}
