import type { SettingSources } from '../../../server/src/contracts/settings';
import type { TranslationKey } from '../translations';
import { NUMBERS, toSettings } from './fields';
import type { ErrorPath, FieldName, NumberName } from './fields';
import type { FormState } from './formState';
import { isChanged, isReset } from './patch';
import { presetOf } from './presets';

export interface Problem {
  key: Extract<TranslationKey, `invalid.${string}`>;
  values?: Record<string, string | number>;
}

export type Problems = Partial<Record<ErrorPath, Problem>>;

/** The server's own rules, which its schemas hold; a test compares the two. */
export const LIMITS: Record<NumberName, { min: number; max: number }> = {
  maxAttempts: { min: 1, max: 10 },
  timeoutMs: { min: 500, max: 120_000 },
  connectTimeoutMs: { min: 100, max: 10_000 },
  concurrency: { min: 1, max: 64 },
  batchSize: { min: 1, max: 1_000 },
  cleanupGraceDays: { min: 0, max: 365 },
};

const PLACE: readonly FieldName[] = ['provider', 'bucket', 'region', 'endpoint', 'accessKeyId'];

/** Where the bytes go, or with which key: only then are the fields of a connection asked for. */
export const touchesConnection = (state: FormState) =>
  PLACE.some((name) => isChanged(state, name)) || state.secret.kind === 'replace';

const WAY: readonly FieldName[] = [...PLACE, 'prefix', 'forcePathStyle'];

/** Whether saving changes where files are looked for, or with which key: by new values, and by taking stored ones away. */
export const movesFiles = (state: FormState) =>
  WAY.some((name) => isChanged(state, name) || isReset(state, name)) || state.secret.kind !== 'keep';

function endpointProblem(endpoint: string): Problem | null {
  if (/[<>{}]/.test(endpoint)) return { key: 'invalid.endpoint.placeholder' };
  // “localhost:9000” is a URL too, of the scheme “localhost”
  if (!/^https?:\/\/[^/]/i.test(endpoint) || !URL.canParse(endpoint)) return { key: 'invalid.endpoint.url' };
  const url = new URL(endpoint);
  if (url.username || url.password) return { key: 'invalid.endpoint.credentials' };
  if (/[?#\s\\]/.test(endpoint)) return { key: 'invalid.endpoint.query' };
  return null;
}

const CHECKS: Partial<Record<FieldName, (text: string) => Problem | null>> = {
  bucket: (text) =>
    /^[A-Za-z0-9][A-Za-z0-9._:-]{0,254}$/.test(text) && !text.includes('..') ? null : { key: 'invalid.bucket.format' },
  region: (text) => (/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/.test(text) ? null : { key: 'invalid.region.format' }),
  endpoint: endpointProblem,
  prefix: (text) => (/(^|\/)\.|\/\/|[\\\p{Cc}]|%(2f|5c|2e|00)/iu.test(text) || text.length > 500 ? { key: 'invalid.prefix.format' } : null),
  accessKeyId: (text) => (/^[\x21-\x2b\x2d\x2e\x30-\x7e]{1,256}$/.test(text) ? null : { key: 'invalid.accessKeyId.format' }),
  cacheControl: (text) => (/^[\x20-\x7e]{1,256}$/.test(text) ? null : { key: 'invalid.cacheControl.format' }),
};

function numberProblem(name: NumberName, text: string): Problem | null {
  const { min, max } = LIMITS[name];
  const value = Number(text);
  const fine = /^\d+$/.test(text.trim()) && value >= min && value <= max;
  return fine ? null : { key: 'invalid.number', values: { min, max } };
}

/** Findings on what was changed: a value from config or environment is the server's to judge. */
function formats(state: FormState): Problems {
  const problems: Problems = {};
  for (const [name, check] of Object.entries(CHECKS) as [FieldName, NonNullable<(typeof CHECKS)[FieldName]>][]) {
    const text = String(toSettings(state.values)[name] ?? '');
    const problem = text !== '' && isChanged(state, name) ? check(text) : null;
    if (problem) problems[name] = problem;
  }
  for (const name of NUMBERS) {
    const problem = isReset(state, name) ? null : numberProblem(name, state.values[name]);
    if (problem) problems[name] = problem;
  }
  return problems;
}

function missing(state: FormState): Problems {
  const problems: Problems = {};
  const preset = presetOf(state.values.provider);
  const empty = (name: 'bucket' | 'region' | 'endpoint') => !isReset(state, name) && state.values[name].trim() === '';
  if (empty('bucket')) problems.bucket = { key: 'invalid.bucket.required' };
  if (preset.region.required && empty('region')) problems.region = { key: 'invalid.region.required' };
  if (preset.endpointPattern !== null && empty('endpoint')) problems.endpoint = { key: 'invalid.endpoint.required' };
  return problems;
}

function pair(state: FormState, sources: SettingSources): Problems {
  if (state.secret.kind === 'remove') return {};
  const keyId = state.values.accessKeyId.trim();
  const secret = state.secret.kind === 'replace' ? state.secret.value.trim() : '';
  if (/\p{Cc}/u.test(secret) || secret.length > 1024) return { secretAccessKey: { key: 'invalid.secret.format' } };
  if (secret !== '') return keyId === '' ? { accessKeyId: { key: 'invalid.accessKeyId.required' } } : {};
  if (state.secret.kind === 'replace' && state.secretSet) return { secretAccessKey: { key: 'invalid.secret.empty' } };
  if (keyId !== '' && !state.secretSet) return { secretAccessKey: { key: 'invalid.secret.required' } };
  // The server refuses to send a stored secret to another place; said here before the round trip.
  const otherBucket = isChanged(state, 'bucket') && state.initial.bucket !== '' && state.values.bucket.trim() !== '';
  const moved = otherBucket || isChanged(state, 'endpoint');
  const again = isChanged(state, 'accessKeyId') || (moved && sources.secretAccessKey === 'database');
  return state.secretSet && again ? { secretAccessKey: { key: 'invalid.secret.again' } } : {};
}

/** Everything that would be refused; `required` also asks for the fields without which no connection can be. */
export function validate(state: FormState, sources: SettingSources, required: boolean): Problems {
  return {
    ...(required ? missing(state) : {}),
    ...formats(state),
    ...(required ? pair(state, sources) : {}),
  };
}
