import { StorageError } from '../../errors';
import type { BucketCors, CorsRule } from '../../store/s3/bucket-cors';
import { CORS_RULES } from './snippets';

/**
 * Adds the plugin's CORS rules to those of the bucket, and keeps all others: S3 replaces the rules as a whole.
 * @returns whether they were added; false where other rules allow the same already
 * @throws StorageError CORS_DENIED, CORS_UNSUPPORTED, or why S3 did not answer. A rule that somebody else adds at the same moment may be lost
 */
export async function installCors(cors: Pick<BucketCors, 'rules' | 'replace'>): Promise<boolean> {
  const before = await cors.rules();
  const missing = missingIn(before);
  if (missing.length === 0) return false;
  await cors.replace([...before, ...missing]);
  if (missingIn(await cors.rules()).length > 0) throw new StorageError('CORS_UNSUPPORTED', { operation: 'cors', detail: 'the rule was not kept' });
  return true;
}

function missingIn(rules: readonly CorsRule[]): CorsRule[] {
  return CORS_RULES.filter((wanted) => !rules.some((rule) => allows(rule, wanted)));
}

function allows(rule: CorsRule, wanted: CorsRule): boolean {
  const has = (key: 'AllowedOrigins' | 'AllowedMethods' | 'AllowedHeaders' | 'ExposeHeaders') => {
    const lower = new Set(rule[key]?.map((value) => value.toLowerCase()));
    return wanted[key]?.every((value) => lower.has(value.toLowerCase())) ?? true;
  };
  return has('AllowedOrigins') && has('AllowedMethods') && has('AllowedHeaders') && has('ExposeHeaders');
}
