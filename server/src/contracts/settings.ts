import { DEFAULT_SCHEDULE } from './cron';
import type { ErrorCode } from './errors';
import type { Setting, ValueOf } from './setting-kinds';

/** The providers that `strapi-plugin.json` has a preset for. */
export const PROVIDERS = ['aws', 'digitalocean', 'minio', 'backblaze', 'cloudflare', 'other'] as const;
export type ProviderPreset = (typeof PROVIDERS)[number];

/** What becomes of an upload that S3 does not take: `local` keeps it on this server's disk, `reject` refuses it. */
const ON_OUTAGE = ['local', 'reject'] as const;
export type OnOutage = (typeof ON_OUTAGE)[number];

/**
 * Every setting, once. The types below, the schemas, the sources and their order, the API's answer, the panel's form and the table in
 * README.md derive from these entries. A new setting is an entry here and, in each language of the panel, `field.<name>.label` and
 * `field.<name>.hint`. `setting-kinds.ts` says what each word means. Sections keep the order of the entries, and so does README.md.
 */
export const SETTINGS = {
  provider: {
    kind: 'choice', options: PROVIDERS, default: { follows: 'the endpoint' },
    variable: 'S3_STORAGE_PROVIDER', badValue: 'nextSource', public: true, section: 'storage',
    meaning: PROVIDERS.map((provider) => `\`${provider}\``).join(', '),
  },
  bucket: {
    kind: 'text', maxLength: 255, default: null,
    rules: [
      // wider than Amazon's rule (old buckets, tenants of Ceph), but nothing that could end the path or host it becomes part of
      { allow: /^[A-Za-z0-9][A-Za-z0-9._:-]*$/, message: 'must be a bucket name: letters, digits, dots, dashes and underscores' },
      { refuse: /\.\./, message: 'must not contain two dots in a row' },
    ],
    variable: 'S3_STORAGE_BUCKET', badValue: 'stopsS3', public: true, section: 'storage', example: 'my-media',
    meaning: 'must exist already',
  },
  /** Null: `us-east-1` is signed with, which every store that has no regions accepts. */
  region: {
    kind: 'text', maxLength: 63, default: null, defaultInWords: 'from the endpoint',
    // becomes a part of Amazon's host name
    rules: [{ allow: /^[A-Za-z0-9][A-Za-z0-9_-]*$/, message: 'must be a region name such as eu-central-1' }],
    variable: 'S3_STORAGE_REGION', badValue: 'nextSource', public: true, section: 'storage',
    meaning: 'where the bucket was created; `AWS_REGION` counts for Amazon',
  },
  /** Null: Amazon S3. Only held to be a text here: `core/store/s3/endpoint.ts` decides where requests may go. */
  endpoint: {
    kind: 'text', maxLength: 2048, rules: [], default: null, defaultInWords: 'Amazon S3',
    variable: 'S3_STORAGE_ENDPOINT', badValue: 'stopsS3', public: true, section: 'storage',
    meaning: '`https://…`, without the bucket; link-local and metadata addresses are refused',
  },
  /** Put before each key in the bucket; empty, or ends with a slash. Its rules are those of a key: see `core/keys.ts`. */
  prefix: {
    // half of S3's 1024 bytes for a name: the other half is the key's
    kind: 'folder', maxBytes: 512, default: '', defaultInWords: 'empty',
    rules: [
      // \p{Cs}: half of a pair of surrogates, which no UTF-8 can carry
      { refuse: /[\p{Cc}\p{Cs}\\]/u, message: 'must not contain control characters or backslashes' },
      { refuse: /%(2f|5c|2e|00)/i, message: 'must not contain encoded slashes or dots' },
      { refuse: /^\//, message: 'must not start with a slash' },
      { refuse: /\/\//, message: 'must not contain empty segments' },
      { refuse: /(^|\/)\./, message: 'must not contain segments that start with a dot' },
    ],
    variable: 'S3_STORAGE_PREFIX', badValue: 'stopsS3', public: true, section: 'storage', example: 'uploads/',
    meaning: 'put before every new object’s name',
  },
  /** While true, only an instance that is production changes the bucket. */
  productionOnly: {
    kind: 'flag', default: false,
    variable: 'S3_STORAGE_PRODUCTION_ONLY', badValue: 'stopsS3', public: true, section: 'storage',
    meaning: 'only a production server changes the bucket, see above',
  },
  accessKeyId: {
    kind: 'text', maxLength: 256, default: null,
    // a slash or a comma would end the field of the Authorization header that it is written to
    rules: [{ allow: /^[\x21-\x2b\x2d\x2e\x30-\x7e]+$/, message: 'must not contain spaces, commas or slashes' }],
    variable: 'S3_STORAGE_ACCESS_KEY_ID', badValue: 'nextSource', public: true, section: 'credentials',
    meaning: 'counts only together with `secretAccessKey`, from one source',
  },
  secretAccessKey: {
    kind: 'secret', maxLength: 1024, default: null,
    rules: [
      { refuse: /^$/, message: 'must not be empty; null removes the stored secret' },
      { refuse: /\p{Cc}/u, message: 'must not contain control characters' },
    ],
    variable: 'S3_STORAGE_SECRET_ACCESS_KEY', badValue: 'nextSource', public: false, section: 'credentials',
    meaning: 'stored encrypted and never shown again',
  },
  /** Attempts for one request to S3, the first included. */
  maxAttempts: {
    kind: 'wholeNumber', min: 1, max: 10, default: 3,
    variable: 'S3_STORAGE_MAX_ATTEMPTS', badValue: 'nextSource', public: true, section: 'advanced',
    meaning: 'attempts for one request, the first included',
  },
  /** Longest wait for an answer, and longest pause within a body, in milliseconds. */
  timeoutMs: {
    kind: 'wholeNumber', min: 500, max: 120_000, default: 3000, unit: 'ms',
    variable: 'S3_STORAGE_TIMEOUT_MS', badValue: 'nextSource', public: true, section: 'advanced',
    meaning: 'longest wait for an answer, and longest pause within a body',
  },
  connectTimeoutMs: {
    kind: 'wholeNumber', min: 100, max: 10_000, default: 1000, unit: 'ms',
    variable: 'S3_STORAGE_CONNECT_TIMEOUT_MS', badValue: 'nextSource', public: true, section: 'advanced',
    meaning: 'longest wait for a connection',
  },
  /** Objects moved at once by a background job. */
  concurrency: {
    kind: 'wholeNumber', min: 1, max: 64, default: 4,
    variable: 'S3_STORAGE_CONCURRENCY', badValue: 'nextSource', public: true, section: 'advanced',
    meaning: 'files moved at once by a background job',
  },
  /** Files a migration job takes up at once; its progress is stored after each such batch. */
  batchSize: {
    kind: 'wholeNumber', min: 1, max: 1_000, default: 100,
    variable: 'S3_STORAGE_BATCH_SIZE', badValue: 'nextSource', public: true, section: 'advanced',
    meaning: 'files that a migration job takes up at once; progress is stored after each batch',
  },
  /** Days that a file stays on disk after the cleanup has proven it in S3. */
  cleanupGraceDays: {
    kind: 'wholeNumber', min: 0, max: 365, default: 0, unit: 'days',
    variable: 'S3_STORAGE_CLEANUP_GRACE_DAYS', badValue: 'nextSource', public: true, section: 'advanced',
    meaning: 'days a file stays on disk after the cleanup has proven it in S3',
  },
  /** Cache-Control stored with each object; null: none. */
  cacheControl: {
    kind: 'text', maxLength: 256, default: null, defaultInWords: 'none',
    rules: [{ allow: /^[\x20-\x7e]*$/, message: 'must be a Cache-Control header such as max-age=31536000' }],
    variable: 'S3_STORAGE_CACHE_CONTROL', badValue: 'nextSource', public: true, section: 'advanced',
    example: 'public, max-age=31536000, immutable',
    meaning: 'stored with every new object',
  },
  /** Counts in mode `read-write` only: an instance that may not change S3 keeps its files on its disk in any case. */
  onOutage: {
    kind: 'choice', options: ON_OUTAGE, default: 'local',
    variable: 'S3_STORAGE_ON_OUTAGE', badValue: 'nextSource', public: true, section: 'advanced',
    meaning: 'uploads that S3 does not take: `local` keeps them on this disk, `reject` refuses them',
  },
  forcePathStyle: {
    kind: 'flag', default: { follows: 'the preset' },
    variable: 'S3_STORAGE_FORCE_PATH_STYLE', badValue: 'nextSource', public: true, section: 'advanced',
    meaning: 'the bucket in the path instead of the host name',
  },
  /** The migration of the existing library takes files up to this id of the media library only; null: all. */
  migrationMaxId: {
    kind: 'wholeNumber', min: 1, max: Number.MAX_SAFE_INTEGER, default: null, defaultInWords: 'all',
    variable: 'S3_STORAGE_MIGRATION_MAX_ID', badValue: 'stopsS3', public: true, section: 'migration',
    meaning: 'phase 1 takes files of the media library up to this id only',
  },
  /** When phase 1 begins by itself, in the server's time, and whether that counts. Phase 2 has the same pair. */
  uploadSchedule: {
    kind: 'schedule', default: DEFAULT_SCHEDULE,
    variable: 'S3_STORAGE_UPLOAD_SCHEDULE', badValue: 'nextSource', public: true, section: 'migration', switchesJobs: true,
    meaning: 'when phase 1 begins by itself',
  },
  uploadScheduleEnabled: {
    kind: 'flag', default: false,
    variable: 'S3_STORAGE_UPLOAD_SCHEDULE_ENABLED', badValue: 'nextSource', public: true, section: 'migration', switchesJobs: true,
    meaning: 'whether phase 1 begins by itself',
  },
  cleanupSchedule: {
    kind: 'schedule', default: DEFAULT_SCHEDULE,
    variable: 'S3_STORAGE_CLEANUP_SCHEDULE', badValue: 'nextSource', public: true, section: 'migration', switchesJobs: true,
    meaning: 'when phase 2 begins by itself',
  },
  cleanupScheduleEnabled: {
    kind: 'flag', default: false,
    variable: 'S3_STORAGE_CLEANUP_SCHEDULE_ENABLED', badValue: 'nextSource', public: true, section: 'migration', switchesJobs: true,
    meaning: 'whether phase 2 begins by itself',
  },
  /** S3 is on its way out: it is read, nothing in it changes, and what is written goes to the disk. */
  leaving: {
    kind: 'flag', default: false,
    variable: 'S3_STORAGE_LEAVING', badValue: 'stopsS3', public: true, section: 'migration', switchesJobs: true,
    meaning: '“Stop using S3”',
  },
} as const satisfies Record<string, Setting>;

type Table = typeof SETTINGS;
export type SettingName = keyof Table;
export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

/** The names of the settings whose entries have all of `Shape`. */
export type NamesWith<Shape> = { [K in SettingName]: Table[K] extends Shape ? K : never }[SettingName];

/** The settings whose entries have all of `shape`, in the table's order. */
export function settingsWith<const Shape extends Partial<Setting>>(shape: Shape): NamesWith<Shape>[] {
  const wanted = Object.entries(shape);
  const matches = (entry: Setting) => wanted.every(([key, value]) => entry[key as keyof Setting] === value);
  return SETTING_NAMES.filter((name) => matches(SETTINGS[name])) as NamesWith<Shape>[];
}

/** A value of one setting, as a source has it. */
export type SettingValue<K extends SettingName> = ValueOf<Table[K]>;
/** What is in force of one setting: null where it is empty by default and no source has a value. */
export type ValueInForce<K extends SettingName> = Table[K]['default'] extends null ? SettingValue<K> | null : SettingValue<K>;

/** What an administrator can set, as the API shows it; the secret is never among it. */
export type PublicSettings = { -readonly [K in keyof Table as K extends NamesWith<{ public: true }> ? K : never]: ValueInForce<K> } & {
  /** True when a secret is known from any source; the secret itself never leaves the server. */
  secretAccessKeySet: boolean;
};

export type SettingSource = 'database' | 'config' | 'environment' | 'default';

/** Where each value comes from. The credentials come as one group from one source. */
export type SettingSources = Record<SettingName, SettingSource>;

/** Body of `PUT /settings`: what is absent stays; null removes the stored value, so that the next source counts. */
export type SettingsPatch = { -readonly [K in keyof Table]?: SettingValue<K> | null };

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

/** One field of a refused body. */
export interface FieldError {
  path: string;
  /** In English. */
  message: string;
  /** It is wrong in that nothing is set. */
  missing?: true;
}
