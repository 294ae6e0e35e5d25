import { DEFAULT_SCHEDULE } from '../../contracts/jobs';
import { presetOf, PRESETS, type Preset } from '../../contracts/presets';
import type { SettingName, SettingValue } from '../../contracts/schemas';
import type { ProviderPreset, PublicSettings, SettingSource } from '../../contracts/settings';
import { isAmazon, isSameEndpoint } from './place';
import { amazonRegion, readConfigFile, readDatabase, readEnvironment, type IsCron, type SourceReading, type Variables } from './sources';
import { strayed } from './strayed';
import type { Credentials, Resolution, SecretPlace, SettingProblem, StoredSettings } from './types';

export const DEFAULTS = { prefix: '', productionOnly: false, maxAttempts: 3, timeoutMs: 3000, connectTimeoutMs: 1000, concurrency: 4, onOutage: 'local',
  batchSize: 100, cleanupGraceDays: 0, uploadSchedule: DEFAULT_SCHEDULE, cleanupSchedule: DEFAULT_SCHEDULE } as const;

/** What Amazon, and every store without regions, is signed for when nothing says otherwise. */
const PLAIN_REGION = 'us-east-1';

/** A bad value of these must not be passed over: see {@link Resolution.blocked}. */
const DECIDE_THE_PLACE: ReadonlySet<SettingName> = new Set<SettingName>(['bucket', 'endpoint', 'prefix', 'productionOnly', 'leaving', 'migrationMaxId']);

export interface ResolveInput {
  database: StoredSettings;
  /** The plugin's `config` in `config/plugins`, unchecked. */
  configFile: unknown;
  variables: Variables;
  /** Whether a schedule can be kept; left out, each one that looks like a schedule can. */
  isCron?: IsCron;
}

/** `https://s3.{region}.backblazeb2.com` as a matcher of endpoints. */
function matcher(pattern: string): RegExp {
  const literal = pattern.replace(/[.*+?^$()|[\]\\/]/g, '\\$&');
  return new RegExp(`^${literal.replace('{region}', '(?<region>[a-z0-9-]+)').replace('{account}', '[a-z0-9.-]+')}$`, 'i');
}

function presetOfEndpoint(endpoint: string): Preset | undefined {
  return PRESETS.find((preset) => preset.id !== 'other' && preset.endpointPattern && matcher(preset.endpointPattern).test(endpoint));
}

function signingRegion(region: string | null, preset: Preset, endpoint: string | null): string {
  if (region) return region;
  const fromEndpoint = endpoint && preset.endpointPattern ? matcher(preset.endpointPattern).exec(endpoint)?.groups?.region : undefined;
  return fromEndpoint ?? preset.region.fallback ?? PLAIN_REGION;
}

type Place = Pick<SecretPlace, 'endpoint' | 'bucket'> & { readonly region: string };

/** Whether the stored secret was entered for another place: the row, the environment or the config file may have changed since. */
function isElsewhere(entered: SecretPlace | null, accessKeyId: string, { endpoint, bucket, region }: Place): boolean {
  if (!entered) return false;
  if (!isSameEndpoint(endpoint, entered.endpoint, region)) return true;
  if (entered.accessKeyId !== null && accessKeyId !== entered.accessKeyId) return true;
  return entered.bucket !== null && bucket !== null && bucket !== entered.bucket;
}

/**
 * Whether the pair of the config file or the environment is for another place. It is for the endpoint that its own source names, or
 * else the other of the two, which both are the operator's; and for Amazon where neither does. The same goes for the bucket, if one
 * of them names it. Whoever may change the settings in the panel must not be able to send the pair anywhere else.
 */
function belongsElsewhere(own: SourceReading, operators: readonly SourceReading[], { endpoint, bucket, region }: Place): boolean {
  const named = (field: 'endpoint' | 'bucket') => [own, ...operators].find(({ values, faults }) => faults.has(field) || values[field] !== undefined);
  const [ofEndpoint, ofBucket] = [named('endpoint'), named('bucket')];
  if (ofEndpoint?.faults.has('endpoint') || ofBucket?.faults.has('bucket')) return true;
  const expected = ofEndpoint?.values.endpoint;
  if (expected === undefined ? !isAmazon(endpoint) : !isSameEndpoint(endpoint, expected, region)) return true;
  const expectedBucket = ofBucket?.values.bucket;
  return expectedBucket !== undefined && bucket !== null && bucket !== expectedBucket;
}

/** Both halves from one source, or neither: half of one pair and half of another never meet. */
function credentialsOf(readings: readonly SourceReading[], database: StoredSettings, place: Place, problems: SettingProblem[]): Credentials {
  let second: Credentials = isAmazon(place.endpoint) ? { kind: 'chain' } : { kind: 'elsewhere', accessKeyId: null, source: 'default' };
  const operators = readings.filter(({ source }) => source !== 'database');
  let isTold = false;
  const instead = (credentials: Credentials) => {
    if (!isTold) second = credentials;
    isTold = true;
  };
  for (const reading of readings) {
    const { source, values, faults } = reading;
    const { accessKeyId, secretAccessKey } = values;
    if (accessKeyId !== undefined && secretAccessKey !== undefined) {
      const isAstray = source === 'database' ? isElsewhere(database.secretFor, accessKeyId, place) : belongsElsewhere(reading, operators, place);
      if (!isAstray) return { kind: 'static', accessKeyId, secretAccessKey, source };
      problems.push({ source, field: 'secretAccessKey', message: strayed(source) });
      instead({ kind: 'elsewhere', accessKeyId, source });
      continue;
    }
    if (source === 'database' && accessKeyId !== undefined && database.secret.kind === 'unreadable') {
      problems.push({ source, field: 'secretAccessKey', message: 'cannot be decrypted with this server’s encryption key' });
      instead({ kind: 'unreadable', accessKeyId });
      continue;
    }
    if (accessKeyId === undefined && secretAccessKey === undefined && !faults.has('accessKeyId') && !faults.has('secretAccessKey')) continue;
    problems.push({ source, field: accessKeyId === undefined ? 'accessKeyId' : 'secretAccessKey', message: 'is missing: a key and its secret count together' });
    instead({ kind: 'incomplete', accessKeyId: accessKeyId ?? null, source });
  }
  return second;
}

/** Database over config file over environment over default, value by value. Pure, and never throws. */
export function resolve({ database, configFile, variables, isCron = () => true }: ResolveInput): Resolution {
  const readings = [readDatabase(database, isCron), readConfigFile(configFile, isCron), readEnvironment(variables, isCron)];
  const problems = readings.flatMap((reading) => [...reading.problems]);
  const sources = {} as Record<SettingName, SettingSource>;
  let blocked: Resolution['blocked'] = null;

  const pick = <K extends SettingName>(name: K): SettingValue<K> | undefined => {
    sources[name] = 'default';
    for (const { source, values, faults } of readings) {
      const fault = faults.get(name);
      if (fault && DECIDE_THE_PLACE.has(name)) {
        blocked ??= fault;
        sources[name] = source;
        return undefined;
      }
      const value = values[name];
      if (value !== undefined) {
        sources[name] = source;
        return value;
      }
    }
    return undefined;
  };

  const endpoint = pick('endpoint') ?? null;
  const chosen: ProviderPreset | undefined = pick('provider');
  const preset = chosen ? presetOf(chosen) : endpoint ? (presetOfEndpoint(endpoint) ?? presetOf('other')) : presetOf('aws');
  let region = pick('region') ?? null;
  if (region === null && endpoint === null) {
    region = amazonRegion(variables) ?? null;
    if (region !== null) sources.region = 'environment';
  }
  if (preset.id !== 'aws' && endpoint === null && blocked === null) {
    problems.push({ source: sources.provider, field: 'endpoint', message: `is missing: ${preset.label} has its own, without it Amazon is asked` });
  }

  const bucket = pick('bucket') ?? null;
  const signedFor = signingRegion(region, preset, endpoint);
  const credentials = credentialsOf(readings, database, { endpoint, bucket, region: signedFor }, problems);
  const source = credentials.kind === 'chain' ? 'default' : 'source' in credentials ? credentials.source : 'database';
  sources.accessKeyId = source;
  sources.secretAccessKey = source;

  const settings = {
    provider: preset.id,
    bucket,
    region,
    endpoint,
    forcePathStyle: pick('forcePathStyle') ?? preset.forcePathStyle,
    prefix: pick('prefix') ?? DEFAULTS.prefix,
    productionOnly: pick('productionOnly') ?? DEFAULTS.productionOnly,
    maxAttempts: pick('maxAttempts') ?? DEFAULTS.maxAttempts,
    timeoutMs: pick('timeoutMs') ?? DEFAULTS.timeoutMs,
    connectTimeoutMs: pick('connectTimeoutMs') ?? DEFAULTS.connectTimeoutMs,
    cacheControl: pick('cacheControl') ?? null,
    concurrency: pick('concurrency') ?? DEFAULTS.concurrency,
    onOutage: pick('onOutage') ?? DEFAULTS.onOutage,
    batchSize: pick('batchSize') ?? DEFAULTS.batchSize,
    migrationMaxId: pick('migrationMaxId') ?? null,
    cleanupGraceDays: pick('cleanupGraceDays') ?? DEFAULTS.cleanupGraceDays,
    uploadSchedule: pick('uploadSchedule') ?? DEFAULTS.uploadSchedule,
    uploadScheduleEnabled: pick('uploadScheduleEnabled') ?? false,
    cleanupSchedule: pick('cleanupSchedule') ?? DEFAULTS.cleanupSchedule,
    cleanupScheduleEnabled: pick('cleanupScheduleEnabled') ?? false,
    leaving: pick('leaving') ?? false,
    signingRegion: signedFor,
    credentials,
  };
  return { settings, sources, problems, blocked };
}

/** What may leave the server, listed one by one: a field added to the resolved settings does not slip out. */
export function publicSettings(settings: Resolution['settings']): PublicSettings {
  const { credentials } = settings;
  return {
    provider: settings.provider,
    bucket: settings.bucket,
    region: settings.region,
    endpoint: settings.endpoint,
    forcePathStyle: settings.forcePathStyle,
    accessKeyId: credentials.kind === 'chain' ? null : credentials.accessKeyId,
    secretAccessKeySet: credentials.kind === 'static',
    prefix: settings.prefix,
    productionOnly: settings.productionOnly,
    maxAttempts: settings.maxAttempts,
    timeoutMs: settings.timeoutMs,
    connectTimeoutMs: settings.connectTimeoutMs,
    cacheControl: settings.cacheControl,
    concurrency: settings.concurrency,
    onOutage: settings.onOutage,
    batchSize: settings.batchSize,
    migrationMaxId: settings.migrationMaxId,
    cleanupGraceDays: settings.cleanupGraceDays,
    uploadSchedule: settings.uploadSchedule,
    uploadScheduleEnabled: settings.uploadScheduleEnabled,
    cleanupSchedule: settings.cleanupSchedule,
    cleanupScheduleEnabled: settings.cleanupScheduleEnabled,
    leaving: settings.leaving,
  };
}
