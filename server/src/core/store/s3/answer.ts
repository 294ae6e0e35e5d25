import type { S3Client } from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { StorageError } from '../../errors';
import { classify, refusesCredentials } from './classify';
import { limited } from './limited';

/** The part of an HTTP answer that the SDK does not show. */
interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  body?: unknown;
}

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

function isAnswer(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null && 'statusCode' in value && 'headers' in value;
}

/**
 * Looks at what comes over the wire before the SDK does.
 *
 * Refuses answers of servers that are no S3: a web console, a captive portal, a gateway's error page. The SDK takes a
 * `200` with a page for a stored object, because PutObject's answer has no body that it would read. And classifies
 * network errors while they have their codes: the SDK wraps errors of another realm (jest, vm) and loses them. Bounds what
 * the SDK collects in memory: everything but the body of an object.
 */
export function inspectAnswers(client: S3Client): void {
  client.middlewareStack.add(
    (next, { commandName }) => async (args) => {
      const result = await next(args).catch((error: unknown) => {
        throw classify(error, {}, 0);
      });
      const { response } = result;
      if (!isAnswer(response)) return result;
      refuseRedirect(response, fieldOf(args.request, 'hostname'));
      refusePage(response);
      // a HEAD announces the length of the object, and has no body
      const isObject = (commandName === 'GetObjectCommand' && response.statusCode < 300) || fieldOf(args.request, 'method') === 'HEAD';
      if (!isObject && response.body instanceof Readable) response.body = limited(response.body, response);
      return result;
    },
    // below the SDK's own deserializer
    { step: 'deserialize', priority: 'low', name: 's3StorageInspectAnswers', override: true },
  );
}

/** Calls `refused` whenever S3 does not accept the credentials that a request was signed with. */
export function noticeRefusals(client: S3Client, refused: () => void): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        if (refusesCredentials(error)) refused();
        throw error;
      }
    },
    // above the SDK's own deserializer
    { step: 'finalizeRequest', name: 's3StorageNoticeRefusals', override: true },
  );
}

function fieldOf(request: unknown, field: 'hostname' | 'method'): unknown {
  return typeof request === 'object' && request !== null ? (request as Partial<Record<typeof field, unknown>>)[field] : undefined;
}

/** S3's own redirect, to a bucket's region, names the region or itself, and is left to the SDK. */
function refuseRedirect({ statusCode, headers, body }: Answer, host: unknown): void {
  const { location } = headers;
  if (!location || !REDIRECTS.includes(statusCode) || headers['x-amz-request-id'] || headers['x-amz-bucket-region']) return;
  destroy(body);
  const to = URL.canParse(location) ? new URL(location) : undefined;
  // of another host nothing is told: it may be one of an internal network
  const quote = to && to.hostname === host ? `to ${to.origin}` : 'to another host';
  throw new StorageError('ENDPOINT_REDIRECTS', { status: statusCode, detail: `to ${to?.origin ?? location}`, quote, refused: true });
}

function destroy(body: unknown): void {
  if (body instanceof Readable) body.destroy();
}

function refusePage({ statusCode, headers, body }: Answer): void {
  const isPage = (headers['content-type'] ?? '').startsWith('text/html');
  // an HTML document that is stored in S3 comes with these
  if (!isPage || headers['x-amz-request-id'] || headers['etag']) return;
  destroy(body);
  // a gateway's page says that S3 behind it is down, now
  // 413 is a proxy's limit on one body
  const code = statusCode >= 500 ? 'SERVER_ERROR' : statusCode === 413 ? 'TOO_LARGE' : 'NOT_S3';
  throw new StorageError(code, { status: statusCode, detail: 'a web page instead of an S3 answer', refused: statusCode < 500 });
}
