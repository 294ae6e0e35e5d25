import { presetOf, PRESETS, type Preset } from '../../contracts/presets';
import {
  SETTING_NAMES, SETTINGS, settingsWith, type PublicSettings, type SettingName, type SettingSource, type SettingValue,
} from '../../contracts/settings';
import { isAmazon, isSameEndpoint } from './endpoint-identity';
import { amazonRegion, readConfigFile, readDatabase, readEnvironment, type IsCron, type SourceReading, type Variables } from './sources';
import { strayed } from './strayed';
import type { Credentials, Resolution, SecretTarget, SettingProblem, SingleName, SingleSettings, StoredSettings } from './types';

/** The region for which requests are signed if nothing says otherwise: that of Amazon, and of each store without regions. */
const PLAIN_REGION = 'us-east-1';

/** Settings that depend on one another, or come in a pair. {@link resolve} works each of them out by name. */
const WORKED_OUT = ['provider', 'endpoint', 'region', 'bucket', 'forcePathStyle', 'accessKeyId', 'secretAccessKey'] as const satisfies readonly SettingName[];
type PlainName = Exclude<SettingName, (typeof WORKED_OUT)[number]>;
const PLAIN_NAMES = SETTING_NAMES.filter((name): name is PlainName => !WORKED_OUT.some((other) => other === name));

export interface ResolveInput {
  database: StoredSettings;
  /** The plugin's `config` in `config/plugins`, unchecked. */
  configFile: unknown;
  variables: Variables;
  /** Whether a schedule can ever be due; if it is left out, each text that looks like a schedule counts. */
  isCron?: IsCron;
}

/** Turns a pattern such as `https://s3.{region}.backblazeb2.com` into a matcher of endpoints. */
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

type Target = Pick<SecretTarget, 'endpoint' | 'bucket'> & { readonly region: string };

/** Whether somebody entered the stored secret for another target: the row, the environment or the config file may have changed since. */
function isElsewhere(entered: SecretTarget | null, accessKeyId: string, { endpoint, bucket, region }: Target): boolean {
  if (!entered) return false;
  if (!isSameEndpoint(endpoint, entered.endpoint, region)) return true;
  if (entered.accessKeyId !== null && accessKeyId !== entered.accessKeyId) return true;
  return entered.bucket !== null && bucket !== null && bucket !== entered.bucket;
}

/**
 * Whether the pair of keys from the config file or the environment is for another target. The operator owns both of these sources. The
 * pair is for the endpoint that its own source names, or else for the one that the other source names, or else for Amazon. It is also
 * for the bucket that one of them names, if any does. Somebody who may change the settings in the panel must not be able to send the
 * pair anywhere else.
 */
function belongsElsewhere(own: SourceReading, operators: readonly SourceReading[], { endpoint, bucket, region }: Target): boolean {
  const named = (field: 'endpoint' | 'bucket') => [own, ...operators].find(({ values, faults }) => faults.has(field) || values[field] !== undefined);
  const [ofEndpoint, ofBucket] = [named('endpoint'), named('bucket')];
  if (ofEndpoint?.faults.has('endpoint') || ofBucket?.faults.has('bucket')) return true;
  const expected = ofEndpoint?.values.endpoint;
  if (expected === undefined ? !isAmazon(endpoint) : !isSameEndpoint(endpoint, expected, region)) return true;
  const expectedBucket = ofBucket?.values.bucket;
  return expectedBucket !== undefined && bucket !== null && bucket !== expectedBucket;
}

/** Chooses the credentials. Both halves of a pair come from one source: half of one pair never meets half of another. */
function credentialsOf(readings: readonly SourceReading[], database: StoredSettings, target: Target, problems: SettingProblem[]): Credentials {
  let second: Credentials = isAmazon(target.endpoint) ? { kind: 'chain' } : { kind: 'elsewhere', accessKeyId: null, source: 'default' };
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
      const isAstray = source === 'database' ? isElsewhere(database.secretFor, accessKeyId, target) : belongsElsewhere(reading, operators, target);
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

/**
 * Works out the settings in force. For each value the database comes before the config file, then the environment, then the default. The
 * function is pure and never throws.
 */
export function resolve({ database, configFile, variables, isCron = () => true }: ResolveInput): Resolution {
  const readings = [readDatabase(database, isCron), readConfigFile(configFile, isCron), readEnvironment(variables, isCron)];
  const problems = readings.flatMap((reading) => [...reading.problems]);
  const sources = {} as Record<SettingName, SettingSource>;
  let blocked: Resolution['blocked'] = null;

  const pick = <K extends SettingName>(name: K): SettingValue<K> | undefined => {
    sources[name] = 'default';
    for (const { source, values, faults } of readings) {
      const fault = faults.get(name);
      if (fault && SETTINGS[name].badValue === 'stopsS3') {
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
  const chosen = pick('provider');
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

  const plain = Object.fromEntries(PLAIN_NAMES.map((name) => [name, pick(name) ?? SETTINGS[name].default])) as Pick<SingleSettings, PlainName>;
  const settings = {
    ...plain,
    provider: preset.id,
    bucket,
    region,
    endpoint,
    forcePathStyle: pick('forcePathStyle') ?? preset.forcePathStyle,
    signingRegion: signedFor,
    credentials,
  };
  return { settings, sources, problems, blocked };
}

const PUBLIC_NAMES = settingsWith({ public: true }).filter((name): name is SingleName & keyof PublicSettings => name !== 'accessKeyId');

/** Returns the settings that may leave the server: only those that the table calls public, so that no new field slips out. */
export function publicSettings(settings: Resolution['settings']): PublicSettings {
  const { credentials } = settings;
  const shown = Object.fromEntries(PUBLIC_NAMES.map((name) => [name, settings[name]])) as Pick<SingleSettings, (typeof PUBLIC_NAMES)[number]>;
  return {
    ...shown,
    accessKeyId: credentials.kind === 'chain' ? null : credentials.accessKeyId,
    secretAccessKeySet: credentials.kind === 'static',
  };
}
