import type { S3Client } from '@aws-sdk/client-s3';
import { StorageError } from '../../errors';
import { classify } from './classify';

/** The part of an HTTP answer that the SDK does not show. */
interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body?: { destroy?(): void };
}

function isAnswer(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null && 'statusCode' in value && 'headers' in value;
}

/**
 * Looks at what comes over the wire before the SDK does.
 *
 * Refuses answers of servers that are no S3: a web console, a captive portal, a gateway's error page. The SDK takes a
 * `200` with a page for a stored object, because PutObject's answer has no body that it would read. And classifies
 * network errors while they have their codes: the SDK wraps errors of another realm (jest, vm) and loses them.
 */
export function inspectAnswers(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args).catch((error: unknown) => {
        throw classify(error, {}, 0);
      });
      if (isAnswer(result.response)) refusePage(result.response);
      return result;
    },
    // below the SDK's own deserializer
    { step: 'deserialize', priority: 'low', name: 's3StorageInspectAnswers', override: true },
  );
}

function refusePage({ statusCode, headers, body }: Answer): void {
  const isPage = (headers['content-type'] ?? '').startsWith('text/html');
  // an HTML document that is stored in S3 comes with these
  if (!isPage || headers['x-amz-request-id'] || headers['etag']) return;
  body?.destroy?.();
  // a gateway's page says that S3 behind it is down, now
  // 413 is a proxy's limit on one body
  const code = statusCode >= 500 ? 'SERVER_ERROR' : statusCode === 413 ? 'TOO_LARGE' : 'NOT_S3';
  throw new StorageError(code, { status: statusCode, detail: 'a web page instead of an S3 answer', refused: statusCode < 500 });
}
