import type { ErrorCode } from './errors';

/** The providers that `strapi-plugin.json` has a preset for. */
export type ProviderPreset = 'aws' | 'digitalocean' | 'minio' | 'backblaze' | 'cloudflare' | 'other';

/** What becomes of an upload that S3 does not take: `local` keeps it on this server's disk, `reject` refuses it. */
export type OnOutage = 'local' | 'reject';

/** What an administrator can set, as the API shows it; the secret is never among it. */
export interface PublicSettings {
  provider: ProviderPreset;
  bucket: string | null;
  /** Null: `us-east-1` is signed with, which every store that has no regions accepts. */
  region: string | null;
  /** Null: Amazon S3. */
  endpoint: string | null;
  forcePathStyle: boolean;
  accessKeyId: string | null;
  /** True when a secret is known from any source; the secret itself never leaves the server. */
  secretAccessKeySet: boolean;
  /** Put before each key in the bucket; empty, or ends with a slash. */
  prefix: string;
  /** While true, only an instance that is production changes the bucket. */
  productionOnly: boolean;
  /** Attempts for one request to S3, the first included. */
  maxAttempts: number;
  /** Longest wait for an answer, and longest pause within a body, in milliseconds. */
  timeoutMs: number;
  connectTimeoutMs: number;
  /** Cache-Control stored with each object; null: none. */
  cacheControl: string | null;
  /** Objects moved at once by a background job. */
  concurrency: number;
  /** Counts in mode `read-write` only: an instance that may not change S3 keeps its files on its disk in any case. */
  onOutage: OnOutage;
  /** Files a migration job takes up at once; its progress is stored after each such batch. */
  batchSize: number;
  /** The migration of the existing library takes files up to this id of the media library only; null: all. */
  migrationMaxId: number | null;
  /** Days that a file stays on disk after the cleanup has proven it in S3. */
  cleanupGraceDays: number;
  /** Cron expressions of the two phases, in the server's time, and whether they count. */
  uploadSchedule: string;
  uploadScheduleEnabled: boolean;
  cleanupSchedule: string;
  cleanupScheduleEnabled: boolean;
  /** S3 is on its way out: it is read, nothing in it changes, and what is written goes to the disk. */
  leaving: boolean;
}

export type SettingSource = 'database' | 'config' | 'environment' | 'default';

/** Where each value comes from. The credentials come as one group from one source. */
export type SettingSources = Record<Exclude<keyof PublicSettings, 'secretAccessKeySet'> | 'secretAccessKey', SettingSource>;

/**
 * `read-write`: everything. `read-only`: S3 is read, writes and deletes stay local, nothing in the bucket changes.
 * `off`: S3 is not used.
 */
export type Mode = 'read-write' | 'read-only' | 'off';

export interface SettingsAnswer {
  settings: PublicSettings;
  sources: SettingSources;
  mode: Mode;
  /** Why the mode is not `read-write`; null when it is. */
  reason: { code: ErrorCode; message: string; hint: string } | null;
}

/** Body of `PUT /settings`: what is absent stays; null removes the stored value, so that the next source counts. */
export type SettingsPatch = {
  [K in Exclude<keyof PublicSettings, 'secretAccessKeySet'>]?: PublicSettings[K] | null;
} & {
  secretAccessKey?: string | null;
};

/** One field of a refused body. */
export interface FieldError {
  path: string;
  /** In English. */
  message: string;
  /** It is wrong in that nothing is set. */
  missing?: true;
}
