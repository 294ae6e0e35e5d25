import type { ErrorCode } from '../../contracts/errors';
import type { OutageOf } from '../events';

/** Codes with which no request to S3 works. */
const OF_ALL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'TLS_FAILED', 'NOT_S3', 'INVALID_ACCESS_KEY', 'SIGNATURE_MISMATCH', 'NO_CREDENTIALS', 'CLOCK_SKEW', 'BUCKET_NOT_FOUND', 'WRONG_REGION',
]);

/** Returns the part of S3 that does not work if an upload fails with `code`, as far as the code tells. */
export function outageOfUpload(code: ErrorCode): OutageOf {
  return OF_ALL.has(code) ? 'all' : 'writes';
}
