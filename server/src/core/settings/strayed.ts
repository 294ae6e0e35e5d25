import type { SettingSource } from '../../contracts/settings';

const PAIRS: Record<SettingSource, string> = {
  database: 'was entered for another endpoint, bucket or access key, and is not used here unasked: enter it again in Settings → S3 Storage',
  config:
    'is for the endpoint and bucket that the config file or the environment names (Amazon S3 where neither names an endpoint), and is not used elsewhere: enter a pair of keys in Settings → S3 Storage, or name endpoint and bucket in the config file too',
  environment:
    'is for the endpoint and bucket that the environment or the config file names (Amazon S3 where neither names an endpoint), and is not used elsewhere: enter a pair of keys in Settings → S3 Storage, or set S3_STORAGE_ENDPOINT and S3_STORAGE_BUCKET beside it',
  default: 'of this server’s role or profile is for Amazon S3 alone: enter a pair of keys in Settings → S3 Storage, or set one beside S3_STORAGE_ENDPOINT',
};

/** Says why the secret of a source is not used at the present target, and what to do, as the end of a sentence. */
export function strayed(source: SettingSource): string {
  return PAIRS[source];
}
