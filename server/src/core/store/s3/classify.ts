import type { ErrorCode } from '../../../contracts/errors';
import { isStorageError, StorageError, type StorageErrorFacts } from '../../errors';

/** The meaning of an error: its code, and whether S3 surely did not apply the request. */
interface Meaning {
  code: ErrorCode;
  refused: boolean;
}

const refusal = (code: ErrorCode): Meaning => ({ code, refused: true });
const unknownOutcome = (code: ErrorCode): Meaning => ({ code, refused: false });

/** S3's own error codes that say more than the status does. Each of them means that S3 did not apply the request. */
const BY_NAME: Readonly<Record<string, ErrorCode>> = {
  NoSuchBucket: 'BUCKET_NOT_FOUND',
  NoSuchKey: 'OBJECT_NOT_FOUND',
  NoSuchUpload: 'REJECTED',
  InvalidAccessKeyId: 'INVALID_ACCESS_KEY',
  SignatureDoesNotMatch: 'SIGNATURE_MISMATCH',
  // these concern session tokens, for example those of a role
  ExpiredToken: 'CREDENTIALS_EXPIRED',
  ExpiredTokenException: 'CREDENTIALS_EXPIRED',
  TokenRefreshRequired: 'CREDENTIALS_EXPIRED',
  InvalidToken: 'CREDENTIALS_EXPIRED',
  RequestTimeTooSkewed: 'CLOCK_SKEW',
  AuthorizationHeaderMalformed: 'WRONG_REGION',
  PermanentRedirect: 'WRONG_REGION',
  IllegalLocationConstraintException: 'WRONG_REGION',
  InvalidObjectState: 'OBJECT_ARCHIVED',
  NotImplemented: 'UNSUPPORTED',
  BadDigest: 'INTEGRITY',
  InvalidDigest: 'INTEGRITY',
  EntityTooLarge: 'TOO_LARGE',
  IncompleteBody: 'INTEGRITY',
  XAmzContentSHA256Mismatch: 'INTEGRITY',
  // S3 waited in vain for bytes of the request; the status is 400
  RequestTimeout: 'TIMEOUT',
  // these are names of one class of error at Amazon, MinIO, SeaweedFS and Wasabi (with a 403)
  SlowDown: 'THROTTLED',
  SlowDownRead: 'THROTTLED',
  SlowDownWrite: 'THROTTLED',
  ErrTooManyRequest: 'THROTTLED',
  TooManyRequests: 'THROTTLED',
  TooManyRequestsException: 'THROTTLED',
  RequestLimitExceeded: 'THROTTLED',
  RequestRateLimitExceeded: 'THROTTLED',
  Throttling: 'THROTTLED',
  ThrottlingException: 'THROTTLED',
};

/** The error codes of Node and undici where no connection was made: nobody knows the server's name, nobody listens, or no route leads there. */
const NO_CONNECTION: ReadonlySet<string> = new Set([
  'ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'EADDRNOTAVAIL', 'UND_ERR_CONNECT_TIMEOUT',
]);
/** The error codes of Node and undici where the connection broke, and nobody knows how far the request came. */
const CONNECTION_LOST: ReadonlySet<string> = new Set([
  'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'ERR_STREAM_PREMATURE_CLOSE', 'UND_ERR_SOCKET', 'UND_ERR_INFO', 'UND_ERR_ABORTED',
]);
const TLS = /^(ERR_TLS_|ERR_SSL_|CERT_|CRL_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/;
/** Largest clock difference that Amazon accepts in a request, in milliseconds. */
const MAX_SKEW_MS = 15 * 60_000;

/**
 * Returns the StorageError for any error that the SDK threw. S3's error code decides, then the status, then Node's error code. The answer
 * to a HEAD has no body, so its failures all have the same name and differ only in the status. `nowMs` is the time of this machine, in
 * milliseconds since the epoch.
 */
export function classify(error: unknown, facts: StorageErrorFacts, nowMs: number): StorageError {
  if (isStorageError(error)) {
    const { status, detail, quote, refused, cause } = error;
    return new StorageError(error.code, { ...facts, status, detail, quote, refused: refused || facts.refused, cause });
  }
  const status = statusOf(error);
  const meaning = (status === undefined ? withoutAnswer(error) : answered(error, status, facts.operation, nowMs)) ?? unknownOutcome('INTERNAL');
  return new StorageError(meaning.code, {
    ...facts,
    status,
    detail: detailOf(error),
    quote: status === undefined ? textOf(error, 'code') : quoteOf(error),
    refused: meaning.refused || facts.refused,
    cause: error,
  });
}

function answered(error: unknown, status: number, operation: string | undefined, nowMs: number): Meaning {
  const name = s3CodeOf(error);
  const code = BY_NAME[name];
  if (code) return refusal(code);
  if (status < 300) {
    // CompleteMultipartUpload may answer 200 and then fail; any other 200 that is an error is not XML of S3
    return unknownOutcome(name === 'InternalError' ? 'SERVER_ERROR' : 'NOT_S3');
  }
  if (status < 400) return refusal(status === 301 ? 'WRONG_REGION' : 'SERVER_ERROR'); // 307 means that the bucket is being made
  if (status === 429) return refusal('THROTTLED');
  if (status === 501) return refusal('UNSUPPORTED');
  if (status >= 500) return unknownOutcome('SERVER_ERROR');
  return refusal(clientError(error, status, operation, nowMs));
}

function clientError(error: unknown, status: number, operation: string | undefined, nowMs: number): ErrorCode {
  if (status === 403 && isSkewed(error, nowMs)) return 'CLOCK_SKEW';
  if (status === 401) return 'INVALID_ACCESS_KEY';
  if (status === 403) return 'ACCESS_DENIED';
  if (status === 413) return 'TOO_LARGE';
  if (status === 400 && headerOf(error, 'x-amz-bucket-region')) return 'WRONG_REGION';
  // a PUT makes the object, so only the bucket can be missing
  if (status === 404) return operation === 'put' ? 'BUCKET_NOT_FOUND' : 'OBJECT_NOT_FOUND';
  return 'REJECTED';
}

function withoutAnswer(error: unknown): Meaning | undefined {
  const name = textOf(error, 'name');
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError') return refusal('NO_CREDENTIALS');
  const errno = textOf(error, 'code') ?? '';
  // The client gives the SDK's handler a timeout for the connection only. The handler also calls a broken connection a TimeoutError. Then
  // the error has a code, and S3 may have applied the request.
  if (name === 'TimeoutError' && errno === '') return refusal('UNREACHABLE');
  if (NO_CONNECTION.has(errno) || (errno === 'ETIMEDOUT' && textOf(error, 'syscall') === 'connect')) return refusal('UNREACHABLE');
  if (CONNECTION_LOST.has(errno)) return unknownOutcome('UNREACHABLE');
  if (TLS.test(errno)) return refusal('TLS_FAILED');
  if (errno.startsWith('HPE_') || errno === 'UND_ERR_HEADERS_OVERFLOW') return unknownOutcome('NOT_S3');
  // no header can carry the value (of credentials, for example), so nothing was sent
  if (errno === 'ERR_INVALID_CHAR') return refusal('REJECTED');
  // the SDK refuses bucket names and endpoints before it sends anything
  if (errno === 'ERR_INVALID_URL' || name === 'EndpointError') return refusal('REJECTED');
  return undefined;
}

/** Whether the clocks differ too much. A 403 to a HEAD gives no reason, but the date of the answer tells whether it is the clock. */
function isSkewed(error: unknown, nowMs: number): boolean {
  return Math.abs(Date.parse(headerOf(error, 'date') ?? '') - nowMs) > MAX_SKEW_MS;
}

function s3CodeOf(error: unknown): string {
  // MinIO sends the code in a header, because the answer to a HEAD has no body
  return headerOf(error, 'x-minio-error-code') ?? textOf(error, 'name') ?? '';
}

function detailOf(error: unknown): string | undefined {
  const name = s3CodeOf(error);
  const message = headerOf(error, 'x-minio-error-desc') ?? textOf(error, 'message');
  return [name === 'Error' || name === 'Unknown' ? '' : name, message === name ? '' : message].filter(Boolean).join(': ') || undefined;
}

const OF_CREDENTIALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['INVALID_ACCESS_KEY', 'SIGNATURE_MISMATCH', 'CREDENTIALS_EXPIRED']);

/** Whether S3's answer says that other credentials are needed. A HEAD cannot say so, except on MinIO. */
export function refusesCredentials(error: unknown): boolean {
  const code = BY_NAME[s3CodeOf(error)];
  return code !== undefined && OF_CREDENTIALS.has(code);
}

/** Returns the server's own words if it identifies itself as S3, its error code if that is one of S3's, and else undefined. */
function quoteOf(error: unknown): string | undefined {
  if (headerOf(error, 'x-amz-request-id')) return detailOf(error);
  const name = s3CodeOf(error);
  return name in BY_NAME || name === 'AccessDenied' ? name : undefined;
}

function statusOf(error: unknown): number | undefined {
  const status = fieldOf(fieldOf(error, '$metadata'), 'httpStatusCode') ?? fieldOf(fieldOf(error, '$response'), 'statusCode');
  return typeof status === 'number' ? status : undefined;
}

function headerOf(error: unknown, header: string): string | undefined {
  return textOf(fieldOf(fieldOf(error, '$response'), 'headers'), header);
}

function textOf(value: unknown, field: string): string | undefined {
  const text = fieldOf(value, field);
  return typeof text === 'string' ? text : undefined;
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[field] : undefined;
}
