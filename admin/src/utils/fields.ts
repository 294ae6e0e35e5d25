import type { OnOutage, ProviderPreset, PublicSettings } from '../../../server/src/contracts/settings';

/** A setting with an input of its own; the secret is apart, as its value is never known. */
export type FieldName = Exclude<keyof PublicSettings, 'secretAccessKeySet' | MigrationPageName>;
/** Settings that the migration page shows, each with what it starts or ends. */
export type MigrationPageName = 'migrationMaxId' | 'uploadSchedule' | 'uploadScheduleEnabled' | 'cleanupSchedule' | 'cleanupScheduleEnabled' | 'leaving';
/** Every path an error can be shown at. */
export type ErrorPath = FieldName | 'secretAccessKey';

export type FlagName = 'forcePathStyle' | 'productionOnly';
export type NumberName = 'maxAttempts' | 'timeoutMs' | 'connectTimeoutMs' | 'concurrency' | 'batchSize' | 'cleanupGraceDays';
export type TextName = Exclude<FieldName, FlagName | NumberName | 'provider' | 'onOutage'>;

/** What the inputs hold: text as typed, numbers too, so that a half-typed one is not lost. */
export type FormValues = { provider: ProviderPreset; onOutage: OnOutage } & Record<FlagName, boolean> & Record<NumberName | TextName, string>;

export const TEXTS: readonly TextName[] = ['bucket', 'region', 'endpoint', 'prefix', 'accessKeyId', 'cacheControl'];
export const NUMBERS: readonly NumberName[] = [
  'maxAttempts', 'timeoutMs', 'connectTimeoutMs', 'concurrency', 'batchSize', 'cleanupGraceDays',
];
export const FLAGS: readonly FlagName[] = ['forcePathStyle', 'productionOnly'];
export const FIELDS: readonly FieldName[] = ['provider', ...TEXTS, ...NUMBERS, 'onOutage', ...FLAGS];

/** Fields inside the folded part: it opens by itself when one of them is refused. */
export const ADVANCED: readonly FieldName[] = ['forcePathStyle', ...NUMBERS, 'cacheControl', 'onOutage'];

export const isErrorPath = (path: string): path is ErrorPath =>
  path === 'secretAccessKey' || FIELDS.some((name) => name === path);

export function toValues(settings: PublicSettings): FormValues {
  return {
    provider: settings.provider,
    bucket: settings.bucket ?? '',
    region: settings.region ?? '',
    endpoint: settings.endpoint ?? '',
    prefix: settings.prefix,
    accessKeyId: settings.accessKeyId ?? '',
    cacheControl: settings.cacheControl ?? '',
    forcePathStyle: settings.forcePathStyle,
    productionOnly: settings.productionOnly,
    maxAttempts: String(settings.maxAttempts),
    timeoutMs: String(settings.timeoutMs),
    connectTimeoutMs: String(settings.connectTimeoutMs),
    concurrency: String(settings.concurrency),
    onOutage: settings.onOutage,
    batchSize: String(settings.batchSize),
    cleanupGraceDays: String(settings.cleanupGraceDays),
  };
}

const orNull = (text: string) => text.trim() || null;

/** Empty, or without a leading and with a trailing slash: what people type in front of a key is a folder. */
const folder = (text: string) => {
  const path = text.trim().replace(/^\/+|\/+$/g, '');
  return path === '' ? '' : `${path}/`;
};

export function toSettings(values: FormValues): Pick<PublicSettings, FieldName> {
  return {
    provider: values.provider,
    bucket: orNull(values.bucket),
    region: orNull(values.region),
    endpoint: orNull(values.endpoint),
    prefix: folder(values.prefix),
    accessKeyId: orNull(values.accessKeyId),
    cacheControl: orNull(values.cacheControl),
    forcePathStyle: values.forcePathStyle,
    productionOnly: values.productionOnly,
    maxAttempts: Number(values.maxAttempts),
    timeoutMs: Number(values.timeoutMs),
    connectTimeoutMs: Number(values.connectTimeoutMs),
    concurrency: Number(values.concurrency),
    batchSize: Number(values.batchSize),
    cleanupGraceDays: Number(values.cleanupGraceDays),
    onOutage: values.onOutage,
  };
}
