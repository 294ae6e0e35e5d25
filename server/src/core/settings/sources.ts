import { NO_CRON } from '../../contracts/cron';
import { parseSetting } from '../../contracts/schemas';
import { SETTING_NAMES, SETTINGS, type SettingName, type SettingSource } from '../../contracts/settings';
import { isStorageError } from '../errors';
import { parseEndpoint } from '../store/s3/endpoint';
import type { Resolution, SettingProblem, SettingValues, StoredSettings } from './types';

/** The values of one source. Each is checked on its own, so that a bad value does not take the others with it. */
export interface SourceReading {
  readonly source: SettingSource;
  readonly values: SettingValues;
  /** Settings whose value was refused. */
  readonly faults: ReadonlyMap<SettingName, NonNullable<Resolution['blocked']>>;
  readonly problems: readonly SettingProblem[];
}

const TRUE = new Set(['true', '1', 'yes', 'on']);
const FALSE = new Set(['false', '0', 'no', 'off']);

/** Turns a text into the kind of value that a setting has. Environment variables, and config files that pass them on, contain only texts. */
function fromText(name: SettingName, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const text = value.trim();
  const { kind } = SETTINGS[name];
  if (kind === 'wholeNumber') return /^\d+$/.test(text) ? Number(text) : value;
  if (kind === 'flag') {
    if (TRUE.has(text.toLowerCase())) return true;
    if (FALSE.has(text.toLowerCase())) return false;
  }
  return value;
}

/** Whether a schedule can ever be due, as the library that runs it says. It gets only expressions that passed the schema. */
export type IsCron = (expression: string) => boolean;

const isAbsent = (value: unknown) =>
  value === undefined || value === null || (typeof value === 'string' && value.trim() === '');

function readRecord(source: SettingSource, record: Readonly<Record<string, unknown>>, isCron: IsCron): SourceReading {
  const values: Record<string, unknown> = {};
  const faults = new Map<SettingName, NonNullable<Resolution['blocked']>>();
  const problems: SettingProblem[] = [];
  for (const name of SETTING_NAMES) {
    const raw = Object.hasOwn(record, name) ? record[name] : undefined;
    if (isAbsent(raw)) continue;
    const parsed = parseSetting(name, fromText(name, raw));
    if (!parsed.ok) {
      faults.set(name, 'INVALID_SETTINGS');
      problems.push({ source, field: name, message: parsed.fields[0]?.message ?? 'is not valid' });
      continue;
    }
    // an expression such as the 31st of February can never be due
    if (SETTINGS[name].kind === 'schedule' && !isCron(String(parsed.value))) {
      faults.set(name, 'INVALID_SETTINGS');
      problems.push({ source, field: name, message: NO_CRON });
      continue;
    }
    values[name] = parsed.value;
  }
  if (typeof values.endpoint === 'string') {
    try {
      values.endpoint = parseEndpoint(values.endpoint);
    } catch (error) {
      delete values.endpoint;
      const forbidden = isStorageError(error, 'ENDPOINT_FORBIDDEN');
      faults.set('endpoint', forbidden ? 'ENDPOINT_FORBIDDEN' : 'INVALID_SETTINGS');
      problems.push({ source, field: 'endpoint', message: forbidden ? 'is not allowed' : 'is not a URL such as https://s3.example.com' });
    }
  }
  return { source, values, faults, problems };
}

/** Reads the stored row. Unknown fields come from a newer version: they stay in the row, and are no problem. */
export function readDatabase(stored: StoredSettings, isCron: IsCron): SourceReading {
  const secret = stored.secret.kind === 'readable' ? stored.secret.value : undefined;
  return readRecord('database', { ...stored.settings, secretAccessKey: secret }, isCron);
}

/** Reads the plugin's `config` in `config/plugins`, whatever value it has. */
export function readConfigFile(config: unknown, isCron: IsCron): SourceReading {
  if (isAbsent(config)) return readRecord('config', {}, isCron);
  if (typeof config !== 'object' || Array.isArray(config)) {
    const reading = readRecord('config', {}, isCron);
    return { ...reading, problems: [{ source: 'config', field: 'config', message: 'must be an object of settings' }] };
  }
  const record = config as Record<string, unknown>;
  const reading = readRecord('config', record, isCron);
  const unknown = Object.keys(record)
    .filter((key) => !(SETTING_NAMES as string[]).includes(key))
    .map((field): SettingProblem => ({ source: 'config', field: field.slice(0, 100), message: 'is not a setting' }));
  return { ...reading, problems: [...reading.problems, ...unknown] };
}

export type Variables = Readonly<Record<string, string | undefined>>;

export function readEnvironment(variables: Variables, isCron: IsCron): SourceReading {
  return readRecord('environment', Object.fromEntries(SETTING_NAMES.map((name) => [name, variables[SETTINGS[name].variable]])), isCron);
}

/** Returns the region that the machine's environment names for Amazon's services. It says nothing about another store. */
export function amazonRegion(variables: Variables): string | undefined {
  for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION']) {
    const parsed = parseSetting('region', variables[name]);
    if (parsed.ok) return parsed.value;
  }
  return undefined;
}
