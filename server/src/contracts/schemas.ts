import { z } from 'zod';

import { cronFault, MAX_CRON_LENGTH } from './cron';
import type { FieldError, SettingsPatch } from './settings';

export const PROVIDERS = ['aws', 'digitalocean', 'minio', 'backblaze', 'cloudflare', 'other'] as const;
export const ON_OUTAGE = ['local', 'reject'] as const;

/** Half of S3's 1024 bytes for a name: the other half is the key's. */
const MAX_PREFIX_BYTES = 512;

/** An empty field of a form means: no value. */
const emptyIsNull = (value: unknown) => (typeof value === 'string' && value.trim() === '' ? null : value);

const text = (maximum: number) =>
  z
    .string({ error: 'must be a text' })
    .trim()
    .max(maximum, { error: `must not be longer than ${maximum} characters` });

const count = (minimum: number, maximum: number) => {
  const error = `must be a whole number from ${minimum} to ${maximum}`;
  return z.int({ error }).min(minimum, { error }).max(maximum, { error });
};

/** Bounds each field; whether the days that it names exist is for the library to say: see `core/settings/patch.ts`. */
const cron = () =>
  text(MAX_CRON_LENGTH).superRefine((value, context) => {
    const fault = cronFault(value);
    if (fault) context.addIssue({ code: 'custom', message: fault });
  });

const flag = () => z.boolean({ error: 'must be true or false' });

/** Why a text cannot be put before keys; null when it can. The rules are those of a key: see `core/keys.ts`. */
function prefixFault(prefix: string): string | null {
  if (prefix === '') return null;
  if (/[\p{Cc}\\]/u.test(prefix) || !prefix.isWellFormed()) return 'must not contain control characters or backslashes';
  if (/%(2f|5c|2e|00)/i.test(prefix)) return 'must not contain encoded slashes or dots';
  if (prefix.startsWith('/')) return 'must not start with a slash';
  const segments = prefix.replace(/\/$/, '').split('/');
  if (segments.includes('')) return 'must not contain empty segments';
  if (segments.some((segment) => segment.startsWith('.'))) return 'must not contain segments that start with a dot';
  if (new TextEncoder().encode(prefix).length >= MAX_PREFIX_BYTES) return `must be shorter than ${MAX_PREFIX_BYTES} bytes`;
  return null;
}

const prefix = text(MAX_PREFIX_BYTES)
  .superRefine((value, context) => {
    const fault = prefixFault(value);
    if (fault) context.addIssue({ code: 'custom', message: fault });
  })
  .transform((value) => (value === '' || value.endsWith('/') ? value : `${value}/`));

/**
 * What each setting may be, one by one: the API checks whole bodies with them, the other sources single values.
 * The endpoint is only held to be a text here; `core/store/s3/endpoint.ts` decides where requests may go.
 */
export const settingSchemas = {
  provider: z.enum(PROVIDERS, { error: `must be one of ${PROVIDERS.join(', ')}` }),
  // wider than Amazon's rule (old buckets, tenants of Ceph), but nothing that could end the path or host it becomes part of
  bucket: text(255)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]*$/, { error: 'must be a bucket name: letters, digits, dots, dashes and underscores' })
    .refine((value) => !value.includes('..'), { error: 'must not contain two dots in a row' }),
  // becomes a part of Amazon's host name
  region: text(63).regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, { error: 'must be a region name such as eu-central-1' }),
  endpoint: text(2048),
  forcePathStyle: flag(),
  // a slash or a comma would end the field of the Authorization header that it is written to
  accessKeyId: text(256).regex(/^[\x21-\x2b\x2d\x2e\x30-\x7e]+$/, { error: 'must not contain spaces, commas or slashes' }),
  secretAccessKey: text(1024)
    .min(1, { error: 'must not be empty; null removes the stored secret' })
    .regex(/^\P{Cc}*$/u, { error: 'must not contain control characters' }),
  prefix,
  productionOnly: flag(),
  maxAttempts: count(1, 10),
  timeoutMs: count(500, 120_000),
  connectTimeoutMs: count(100, 10_000),
  cacheControl: text(256).regex(/^[\x20-\x7e]*$/, { error: 'must be a Cache-Control header such as max-age=31536000' }),
  concurrency: count(1, 64),
  onOutage: z.enum(ON_OUTAGE, { error: `must be one of ${ON_OUTAGE.join(', ')}` }),
  batchSize: count(1, 1_000),
  migrationMaxId: count(1, Number.MAX_SAFE_INTEGER),
  cleanupGraceDays: count(0, 365),
  uploadSchedule: cron(),
  uploadScheduleEnabled: flag(),
  cleanupSchedule: cron(),
  cleanupScheduleEnabled: flag(),
  leaving: flag(),
} as const;

/** As the API's own route for schedules checks them. */
export const cronSchema = settingSchemas.uploadSchedule;

export type SettingName = keyof typeof settingSchemas;
export type SettingValue<K extends SettingName> = z.output<(typeof settingSchemas)[K]>;
export const SETTING_NAMES = Object.keys(settingSchemas) as SettingName[];

const optional = <T extends z.ZodType>(schema: T) => schema.nullish();
const optionalText = <T extends z.ZodType>(schema: T) => z.preprocess(emptyIsNull, schema.nullish()).optional();

/** Body of `PUT /settings` and of `POST /settings/test`. Unknown fields are refused. */
export const settingsPatchSchema = z.strictObject(
  {
    provider: optional(settingSchemas.provider),
    bucket: optionalText(settingSchemas.bucket),
    region: optionalText(settingSchemas.region),
    endpoint: optionalText(settingSchemas.endpoint),
    forcePathStyle: optional(settingSchemas.forcePathStyle),
    accessKeyId: optionalText(settingSchemas.accessKeyId),
    secretAccessKey: optional(settingSchemas.secretAccessKey),
    prefix: optional(settingSchemas.prefix),
    productionOnly: optional(settingSchemas.productionOnly),
    maxAttempts: optional(settingSchemas.maxAttempts),
    timeoutMs: optional(settingSchemas.timeoutMs),
    connectTimeoutMs: optional(settingSchemas.connectTimeoutMs),
    cacheControl: optionalText(settingSchemas.cacheControl),
    concurrency: optional(settingSchemas.concurrency),
    onOutage: optional(settingSchemas.onOutage),
    batchSize: optional(settingSchemas.batchSize),
    migrationMaxId: optional(settingSchemas.migrationMaxId),
    cleanupGraceDays: optional(settingSchemas.cleanupGraceDays),
    uploadSchedule: optionalText(settingSchemas.uploadSchedule),
    uploadScheduleEnabled: optional(settingSchemas.uploadScheduleEnabled),
    cleanupSchedule: optionalText(settingSchemas.cleanupSchedule),
    cleanupScheduleEnabled: optional(settingSchemas.cleanupScheduleEnabled),
    leaving: optional(settingSchemas.leaving),
  },
  { error: (issue) => (issue.code === 'invalid_type' ? 'must be a JSON object' : undefined) },
);

export type Checked<T> = { ok: true; value: T } | { ok: false; fields: FieldError[] };

/** The faults of a body or query, one entry a field; an unknown field is named by its own path, the body itself by ''. */
export function fieldErrors(error: z.ZodError, ofUnknown = 'is not a setting'): FieldError[] {
  const messages = new Map<string, string>();
  for (const issue of error.issues) {
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => key.slice(0, 100)) : [];
    for (const key of unknown) messages.set(key, ofUnknown);
    const path = issue.path.join('.');
    if (unknown.length === 0 && !messages.has(path)) messages.set(path, issue.message);
  }
  return [...messages].map(([path, message]) => ({ path, message }));
}

/** Checks and normalises a body; never throws. */
export function parsePatch(body: unknown): Checked<SettingsPatch> {
  const parsed = settingsPatchSchema.safeParse(body ?? {});
  return parsed.success ? { ok: true, value: parsed.data } : { ok: false, fields: fieldErrors(parsed.error) };
}

/** One value of the config file, the environment or the stored row. */
export function parseSetting<K extends SettingName>(name: K, value: unknown): Checked<SettingValue<K>> {
  const parsed = settingSchemas[name].safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data as SettingValue<K> };
  return { ok: false, fields: [{ path: name, message: parsed.error.issues[0]?.message ?? 'is not valid' }] };
}
