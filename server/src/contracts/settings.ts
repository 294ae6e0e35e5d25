// This file is longer than others, because it is one table of all settings.
import { DEFAULT_SCHEDULE } from './cron';
import type { ErrorCode } from './errors';
import type { Setting, TextRule, ValueOf } from './setting-kinds';

/** The providers for which `strapi-plugin.json` has a preset. */
export const PROVIDERS = ['aws', 'digitalocean', 'minio', 'backblaze', 'cloudflare', 'other'] as const;
export type ProviderPreset = (typeof PROVIDERS)[number];

/** The treatment of an upload that S3 does not take: `local` keeps it on this server's disk, `reject` refuses it. */
const ON_OUTAGE = ['local', 'reject'] as const;
export type OnOutage = (typeof ON_OUTAGE)[number];

/** Where visitors get files. */
const DELIVERY = ['proxy', 'redirect', 'public'] as const;
export type DeliveryMode = (typeof DELIVERY)[number];

/** The `Cache-Control` of answers where nobody has set another one: everybody may keep the file, and asks before each use. */
export const DEFAULT_VISITOR_CACHE = 'public, max-age=0, must-revalidate';

/** The rules of an address that browsers are sent to. */
const WEB_ADDRESS: readonly TextRule[] = [
  { allow: /^https?:\/\/[a-z0-9.-]+(?::\d{1,5})?(?:\/[\w.~%/-]*)?$/i, message: 'must be an address such as https://cdn.example.com' },
];

/**
 * All settings, each of them once. The types below, the schemas, the sources and their order, the API's answer, the panel's form and the
 * table in docs/settings.md derive from these entries. A new setting is an entry here and, in each language of the panel, `field.<name>.label` and
 * `field.<name>.hint`. `setting-kinds.ts` explains the properties of an entry. Sections keep the order of the entries, and so does
 * docs/settings.md.
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
      // These rules are wider than Amazon's (for old buckets and tenants of Ceph), but they allow nothing that could end the path or host
      // of which the name becomes a part.
      { allow: /^[A-Za-z0-9][A-Za-z0-9._:-]*$/, message: 'must be a bucket name: letters, digits, dots, dashes and underscores' },
      { refuse: /\.\./, message: 'must not contain two dots in a row' },
    ],
    variable: 'S3_STORAGE_BUCKET', badValue: 'stopsS3', public: true, section: 'storage', example: 'my-media',
    meaning: 'must exist already',
  },
  /** Null: requests are signed for `us-east-1`, which every store without regions accepts. */
  region: {
    kind: 'text', maxLength: 63, default: null, defaultInWords: 'from the endpoint',
    // the region becomes a part of Amazon's host name
    rules: [{ allow: /^[A-Za-z0-9][A-Za-z0-9_-]*$/, message: 'must be a region name such as eu-central-1' }],
    variable: 'S3_STORAGE_REGION', badValue: 'nextSource', public: true, section: 'storage',
    meaning: 'where the bucket was created; `AWS_REGION` counts for Amazon',
  },
  /** Null: Amazon S3. The table only checks that the value is a text; `core/store/s3/endpoint.ts` decides where requests may go. */
  endpoint: {
    kind: 'text', maxLength: 2048, rules: [], default: null, defaultInWords: 'Amazon S3',
    variable: 'S3_STORAGE_ENDPOINT', badValue: 'stopsS3', public: true, section: 'storage',
    meaning: '`https://…`, without the bucket; link-local and metadata addresses are refused',
  },
  /** The text before each key in the bucket. It is empty or ends with a slash. Its rules are those of a key: see `core/keys.ts`. */
  prefix: {
    // S3 allows 1024 bytes for a name: one half is for the prefix, the other for the key
    kind: 'folder', maxBytes: 512, default: '', defaultInWords: 'empty',
    rules: [
      // \p{Cs} is one half of a surrogate pair, which UTF-8 cannot encode
      { refuse: /[\p{Cc}\p{Cs}\\]/u, message: 'must not contain control characters or backslashes' },
      { refuse: /%(2f|5c|2e|00)/i, message: 'must not contain encoded slashes or dots' },
      { refuse: /^\//, message: 'must not start with a slash' },
      { refuse: /\/\//, message: 'must not contain empty segments' },
      { refuse: /(^|\/)\./, message: 'must not contain segments that start with a dot' },
    ],
    variable: 'S3_STORAGE_PREFIX', badValue: 'stopsS3', public: true, section: 'storage', example: 'uploads/',
    meaning: 'put before every new object’s name',
  },
  /** While this is true, only a production instance changes the bucket. */
  productionOnly: {
    kind: 'flag', default: false,
    variable: 'S3_STORAGE_PRODUCTION_ONLY', badValue: 'stopsS3', public: true, section: 'storage',
    meaning: 'only a production server changes the bucket, see above',
  },
  accessKeyId: {
    kind: 'text', maxLength: 256, default: null,
    // a slash or a comma would end the field of the Authorization header that contains the id
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
  /** Where visitors get the bytes: from Strapi, from S3 by a signed URL, or from a CDN or public bucket. */
  delivery: {
    kind: 'choice', options: DELIVERY, default: 'proxy',
    variable: 'S3_STORAGE_DELIVERY', badValue: 'nextSource', public: true, section: 'delivery',
    meaning: '`proxy`: Strapi sends the files; `redirect`: S3 does, by a signed URL; `public`: a CDN or public bucket does',
  },
  /** Files of up to this size (2^20 bytes) are sent by Strapi all the same, except for videos and sound; 0: no file is. */
  redirectAboveMb: {
    kind: 'wholeNumber', min: 0, max: 1_000_000, default: 0, unit: 'MB',
    variable: 'S3_STORAGE_REDIRECT_ABOVE_MB', badValue: 'nextSource', public: true, section: 'delivery',
    meaning: 'with `redirect` and `public`, Strapi sends files of up to this size itself, except for videos and sound; 0: none',
  },
  /** Null: browsers reach S3 at the endpoint. The endpoint's rules do not apply, because this server sends no request there. */
  publicEndpoint: {
    kind: 'text', maxLength: 2048, default: null, defaultInWords: 'the endpoint', rules: WEB_ADDRESS,
    variable: 'S3_STORAGE_PUBLIC_ENDPOINT', badValue: 'nextSource', public: true, section: 'delivery', example: 'https://s3.example.com',
    meaning: 'for `redirect`: where browsers reach S3, if the endpoint is an internal address',
  },
  cdnUrl: {
    kind: 'text', maxLength: 2048, default: null, defaultInWords: 'none', rules: WEB_ADDRESS,
    variable: 'S3_STORAGE_CDN_URL', badValue: 'nextSource', public: true, section: 'delivery', example: 'https://cdn.example.com',
    meaning: 'for `public`: the address before each object’s name, of a CDN or of the bucket',
  },
  /** The id that belongs to `S3_STORAGE_CDN_PRIVATE_KEY`. The private key is in the environment only. Null: the CDN asks for no signature. */
  cdnKeyPairId: {
    kind: 'text', maxLength: 128, default: null, defaultInWords: 'none',
    rules: [{ allow: /^[A-Za-z0-9-]+$/, message: 'must be the id of a key pair, such as K2JCJMDEHXQW5F' }],
    variable: 'S3_STORAGE_CDN_KEY_PAIR_ID', badValue: 'nextSource', public: true, section: 'delivery', example: 'K2JCJMDEHXQW5F',
    meaning: 'for `public` with CloudFront: signs the URLs with the private key in `S3_STORAGE_CDN_PRIVATE_KEY`',
  },
  /** Validity of a signed URL in minutes. It stays the same for half of this time, so that browsers keep the file. */
  urlLifetimeMinutes: {
    kind: 'wholeNumber', min: 2, max: 10_080, default: 60, unit: 'minutes',
    variable: 'S3_STORAGE_URL_LIFETIME_MINUTES', badValue: 'nextSource', public: true, section: 'delivery',
    meaning: 'how long a signed URL is valid; it stays the same for half of that',
  },
  /** Null: the header that `localServer.maxage` of the upload plugin asks for, or else {@link DEFAULT_VISITOR_CACHE}. */
  visitorCacheControl: {
    kind: 'text', maxLength: 256, default: null, defaultInWords: '`public, max-age=0, must-revalidate`',
    rules: [{ allow: /^[\x20-\x7e]*$/, message: 'must be a Cache-Control header such as max-age=3600' }],
    variable: 'S3_STORAGE_VISITOR_CACHE_CONTROL', badValue: 'nextSource', public: true, section: 'delivery', example: 'public, max-age=0, must-revalidate',
    meaning: 'the `Cache-Control` of answers to visitors',
  },
  /** Whether browsers and CDNs may keep a file for a year if its URL names a version. */
  cacheVersioned: {
    kind: 'flag', default: false,
    variable: 'S3_STORAGE_CACHE_VERSIONED', badValue: 'nextSource', public: true, section: 'delivery',
    meaning: 'URLs with `?v=`, `?version=` or `?updatedAt=` may be kept for a year',
  },
  /** Whether uploaded pages and scripts may run in a visitor's browser as a part of this site. */
  allowActiveContent: {
    kind: 'flag', default: false,
    variable: 'S3_STORAGE_ALLOW_ACTIVE_CONTENT', badValue: 'nextSource', public: true, section: 'delivery',
    meaning: 'uploaded HTML, SVG, XML and JavaScript may run as a part of this site; otherwise they run nothing',
  },
  /** Attempts for one request to S3, including the first. */
  maxAttempts: {
    kind: 'wholeNumber', min: 1, max: 10, default: 3,
    variable: 'S3_STORAGE_MAX_ATTEMPTS', badValue: 'nextSource', public: true, section: 'advanced',
    meaning: 'attempts for one request, the first included',
  },
  /** Longest wait for an answer, and longest pause within a body (ms). */
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
  /** Largest number of objects that a background job moves at once. A job begins with four, and goes on to more while that is faster. */
  concurrency: {
    kind: 'wholeNumber', min: 1, max: 64, default: 16,
    variable: 'S3_STORAGE_CONCURRENCY', badValue: 'nextSource', public: true, section: 'advanced',
    meaning: 'largest number of files moved at once by a background job, which begins with 4 and takes fewer when S3 asks to slow down',
  },
  /** Number of files that a migration job takes up at once. It stores its progress after each such batch. */
  batchSize: {
    kind: 'wholeNumber', min: 1, max: 1_000, default: 100,
    variable: 'S3_STORAGE_BATCH_SIZE', badValue: 'nextSource', public: true, section: 'advanced',
    meaning: 'files that a migration job takes up at once; progress is stored after each batch',
  },
  /** Number of days that a file stays on disk after the cleanup has proven it in S3. */
  cleanupGraceDays: {
    kind: 'wholeNumber', min: 0, max: 365, default: 0, unit: 'days',
    variable: 'S3_STORAGE_CLEANUP_GRACE_DAYS', badValue: 'nextSource', public: true, section: 'advanced',
    meaning: 'days a file stays on disk after the cleanup has proven it in S3',
  },
  /** Memory of each process for small files that visitors ask for again and again, in megabytes (2^20 bytes); 0: none. */
  memoryCacheMb: {
    kind: 'wholeNumber', min: 0, max: 16_384, default: 64, unit: 'MB',
    variable: 'S3_STORAGE_MEMORY_CACHE_MB', badValue: 'nextSource', public: true, section: 'advanced',
    meaning: 'memory of each process for files of up to 256 KiB that visitors read often; 0 for none',
  },
  /** The `Cache-Control` header that the plugin stores with each object; null for none. */
  cacheControl: {
    kind: 'text', maxLength: 256, default: null, defaultInWords: 'none',
    rules: [{ allow: /^[\x20-\x7e]*$/, message: 'must be a Cache-Control header such as max-age=31536000' }],
    variable: 'S3_STORAGE_CACHE_CONTROL', badValue: 'nextSource', public: true, section: 'advanced',
    example: 'public, max-age=31536000, immutable',
    meaning: 'stored with every new object',
  },
  /** This counts in mode `read-write` only: an instance that may not change S3 keeps its files on its disk in any case. */
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
  /** Phase 1 takes only files of the media library with an id up to this one; null: all files. */
  migrationMaxId: {
    kind: 'wholeNumber', min: 1, max: Number.MAX_SAFE_INTEGER, default: null, defaultInWords: 'all',
    variable: 'S3_STORAGE_MIGRATION_MAX_ID', badValue: 'stopsS3', public: true, section: 'migration',
    meaning: 'phase 1 takes files of the media library up to this id only',
  },
  /** When phase 1 begins by itself, in the server's time zone, and whether it does. Phase 2 has the same pair. */
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
  /** The project is leaving S3: the plugin reads S3, changes nothing in it, and writes files to the disk. */
  leaving: {
    kind: 'flag', default: false,
    variable: 'S3_STORAGE_LEAVING', badValue: 'stopsS3', public: true, section: 'migration', switchesJobs: true,
    meaning: '“Stop using S3”',
  },
} as const satisfies Record<string, Setting>;

type Table = typeof SETTINGS;
export type SettingName = keyof Table;
export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

/** The names of the settings whose entries match all of `Shape`. */
export type NamesWith<Shape> = { [K in SettingName]: Table[K] extends Shape ? K : never }[SettingName];

/** Returns the settings whose entries match all of `shape`, in the table's order. */
export function settingsWith<const Shape extends Partial<Setting>>(shape: Shape): NamesWith<Shape>[] {
  const wanted = Object.entries(shape);
  const matches = (entry: Setting) => wanted.every(([key, value]) => entry[key as keyof Setting] === value);
  return SETTING_NAMES.filter((name) => matches(SETTINGS[name])) as NamesWith<Shape>[];
}

/** The value of one setting in a source. */
export type SettingValue<K extends SettingName> = ValueOf<Table[K]>;
/** The value of a setting that is in force. It is null if the setting is empty by default and no source has a value. */
export type ValueInForce<K extends SettingName> = Table[K]['default'] extends null ? SettingValue<K> | null : SettingValue<K>;

/** The settings as the API shows them. The secret is never among them. */
export type PublicSettings = { -readonly [K in keyof Table as K extends NamesWith<{ public: true }> ? K : never]: ValueInForce<K> } & {
  /** True if any source has a secret. The secret itself never leaves the server. */
  secretAccessKeySet: boolean;
};

export type SettingSource = 'database' | 'config' | 'environment' | 'default';

/** The source of each value. The credentials are one group from one source. */
export type SettingSources = Record<SettingName, SettingSource>;

/** A change of settings. A value that is absent stays; null removes the stored value, so that the next source counts. */
export type SettingsPatch = { -readonly [K in keyof Table]?: SettingValue<K> | null };

/** Body of `PUT /settings`. `confirmMove` allows a change that leads to another area while objects are in the present one. */
export type SettingsUpdate = SettingsPatch & { confirmMove?: boolean };

/**
 * `read-write`: the instance may do everything. `read-only`: it reads S3, keeps writes and deletions local, and changes nothing in the
 * bucket. `off`: it does not use S3.
 */
export type Mode = 'read-write' | 'read-only' | 'off';

export interface SettingsAnswer {
  settings: PublicSettings;
  sources: SettingSources;
  mode: Mode;
  /** Why the mode is not `read-write`; null if it is. */
  reason: { code: ErrorCode; message: string; hint: string } | null;
}

/** One faulty field of a refused body. */
export interface FieldError {
  path: string;
  /** The message, in English. */
  message: string;
  /** True if the fault is that the value is not set. */
  missing?: true;
}
