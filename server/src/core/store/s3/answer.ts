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
 * Inspects every answer before the SDK does.
 *
 * It refuses answers of servers that are not S3: a web console, a captive portal, the error page of a gateway. The SDK takes a `200`
 * with a web page for a stored object, because it does not read the body of PutObject's answer. It classifies network errors while
 * they have their codes, because the SDK wraps errors of another realm (jest, vm) and loses the codes. It also limits the length of
 * all answers that the SDK collects in memory, which are all but the bodies of objects.
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
      // the answer to a HEAD announces the length of the object, but has no body
      const isObject = (commandName === 'GetObjectCommand' && response.statusCode < 300) || fieldOf(args.request, 'method') === 'HEAD';
      if (!isObject && response.body instanceof Readable) response.body = limited(response.body, response);
      return result;
    },
    // it runs below the SDK's own deserializer
    { step: 'deserialize', priority: 'low', name: 's3StorageInspectAnswers', override: true },
  );
}

/** Calls `refused` whenever S3 does not accept the credentials with which a request was signed. */
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
    // it runs above the SDK's own deserializer
    { step: 'finalizeRequest', name: 's3StorageNoticeRefusals', override: true },
  );
}

function fieldOf(request: unknown, field: 'hostname' | 'method'): unknown {
  return typeof request === 'object' && request !== null ? (request as Partial<Record<typeof field, unknown>>)[field] : undefined;
}

/** Throws for redirects that do not come from S3. S3's own redirect to a bucket's region has S3's headers, and the SDK follows it. */
function refuseRedirect({ statusCode, headers, body }: Answer, host: unknown): void {
  const { location } = headers;
  if (!location || !REDIRECTS.includes(statusCode) || headers['x-amz-request-id'] || headers['x-amz-bucket-region']) return;
  destroy(body);
  const to = URL.canParse(location) ? new URL(location) : undefined;
  // the quote does not name another host, because that may be in an internal network
  const quote = to && to.hostname === host ? `to ${to.origin}` : 'to another host';
  throw new StorageError('ENDPOINT_REDIRECTS', { status: statusCode, detail: `to ${to?.origin ?? location}`, quote, refused: true });
}

function destroy(body: unknown): void {
  if (body instanceof Readable) body.destroy();
}

function refusePage({ statusCode, headers, body }: Answer): void {
  const isPage = (headers['content-type'] ?? '').startsWith('text/html');
  // S3 sends these headers with an HTML document that is stored there
  if (!isPage || headers['x-amz-request-id'] || headers['etag']) return;
  destroy(body);
  // a gateway's page with a 5xx status says that S3 behind it is down now; 413 is a proxy's limit for one body
  const code = statusCode >= 500 ? 'SERVER_ERROR' : statusCode === 413 ? 'TOO_LARGE' : 'NOT_S3';
  throw new StorageError(code, { status: statusCode, detail: 'a web page instead of an S3 answer', refused: statusCode < 500 });
}
