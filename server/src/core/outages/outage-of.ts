import type { ErrorCode } from '../../contracts/errors';
import type { OutageOf } from '../events';

/** With these nothing works, whatever was tried. */
const OF_ALL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'TLS_FAILED', 'NOT_S3', 'INVALID_ACCESS_KEY', 'SIGNATURE_MISMATCH', 'NO_CREDENTIALS', 'CLOCK_SKEW', 'BUCKET_NOT_FOUND', 'WRONG_REGION',
]);

/** What is out of order when an upload fails with `code`, as far as that tells. */
export function outageOfUpload(code: ErrorCode): OutageOf {
  return OF_ALL.has(code) ? 'all' : 'writes';
}
