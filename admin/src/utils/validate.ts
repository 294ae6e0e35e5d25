import { textFault } from '../../../server/src/contracts/setting-kinds';
import type { WholeNumber } from '../../../server/src/contracts/setting-kinds';
import { SETTINGS } from '../../../server/src/contracts/settings';
import type { SettingSources } from '../../../server/src/contracts/settings';
import type { TranslationKey } from '../translations';
import { FIELDS, isOfKind, toSettings } from './fields';
import type { ErrorPath, FieldName, TextName } from './fields';
import type { FormState } from './formState';
import { isChanged, isReset } from './patch';
import { presetOf } from './presets';

export interface Problem {
  key: Extract<TranslationKey, `invalid.${string}`>;
  values?: Record<string, string | number>;
}

export type Problems = Partial<Record<ErrorPath, Problem>>;

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

/** The panel's own words for what breaks the rules of a text; for others the table's English sentence is shown. */
const OWN_WORDS: Partial<Record<TextName, Problem['key']>> = {
  bucket: 'invalid.bucket.format',
  region: 'invalid.region.format',
  prefix: 'invalid.prefix.format',
  accessKeyId: 'invalid.accessKeyId.format',
  cacheControl: 'invalid.cacheControl.format',
};

/** @param text not empty, and as it would be sent */
function textProblem(name: TextName, text: string): Problem | null {
  const problem = name === 'endpoint' ? endpointProblem(text) : null;
  if (problem) return problem;
  const message = textFault(SETTINGS[name], text);
  const key = OWN_WORDS[name];
  if (message === null) return null;
  return key ? { key } : { key: 'invalid.refused', values: { message } };
}

function numberProblem({ min, max, default: fallback }: WholeNumber, text: string): Problem | null {
  if (text.trim() === '' && fallback === null) return null;
  const value = Number(text);
  const fine = /^\d+$/.test(text.trim()) && value >= min && value <= max;
  return fine ? null : { key: 'invalid.number', values: { min, max } };
}

/** A text is judged when it was changed: a value from config or environment is the server's to judge. */
function formatProblem(state: FormState, name: FieldName): Problem | null {
  if (isReset(state, name)) return null;
  if (isOfKind(name, 'wholeNumber')) return numberProblem(SETTINGS[name], state.values[name]);
  if (isOfKind(name, 'flag') || isOfKind(name, 'choice') || !isChanged(state, name)) return null;
  const text = toSettings(state.values)[name] ?? '';
  return text === '' ? null : textProblem(name, text);
}

function formats(state: FormState): Problems {
  const problems: Problems = {};
  for (const name of FIELDS) {
    const problem = formatProblem(state, name);
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
  if (secret !== '' && textFault(SETTINGS.secretAccessKey, secret) !== null) return { secretAccessKey: { key: 'invalid.secret.format' } };
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
