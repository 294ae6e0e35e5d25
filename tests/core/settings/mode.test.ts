import { isProduction, modeOf, modeOverride, type InstanceFacts } from '../../../server/src/core/settings/mode';
import { resolve } from '../../../server/src/core/settings/resolve';
import { stored } from './support';

const production: InstanceFacts = { providerIsLocal: true, production: true, override: null };
const modeFor = (settings: Record<string, unknown>, facts: Partial<InstanceFacts> = {}) => {
  const { mode, reason } = modeOf(resolve({ database: stored(settings), configFile: null, variables: {} }), { ...production, ...facts });
  return [mode, reason];
};
const full = { bucket: 'b', accessKeyId: 'k', secretAccessKey: 's' };

test.each([
  ['complete', full, {}, ['read-write', null]],
  ['roles', { bucket: 'b' }, {}, ['read-write', null]],
  ['no bucket', {}, {}, ['off', 'NOT_CONFIGURED']],
  ['another provider', full, { providerIsLocal: false }, ['off', 'PROVIDER_NOT_LOCAL']],
  ['another provider beats the rest', {}, { providerIsLocal: false, override: 'off' }, ['off', 'PROVIDER_NOT_LOCAL']],
  ['switched off', full, { override: 'off' }, ['off', 'MODE_OVERRIDE']],
  ['restricted', full, { override: 'read-only' }, ['read-only', 'MODE_OVERRIDE']],
  ['restricted, nothing to restrict', {}, { override: 'read-only' }, ['off', 'NOT_CONFIGURED']],
  ['unreadable secret', { ...full, secretAccessKey: null }, {}, ['off', 'SECRET_UNREADABLE']],
  ['half a pair', { bucket: 'b', accessKeyId: 'k' }, {}, ['off', 'NO_CREDENTIALS']],
  ['a stored endpoint that is not allowed', { ...full, endpoint: 'http://169.254.169.254' }, {}, ['off', 'ENDPOINT_FORBIDDEN']],
  ['production only, on production', { ...full, productionOnly: true }, {}, ['read-write', null]],
  ['production only, elsewhere', { ...full, productionOnly: true }, { production: false }, ['read-only', 'PRODUCTION_ONLY']],
  ['elsewhere, without the flag', full, { production: false }, ['read-write', null]],
] as const)('%s', (_title, settings, facts, expected) => expect(modeFor(settings, facts as Partial<InstanceFacts>)).toEqual(expected));

test.each([
  [{}, false],
  [{ NODE_ENV: 'production' }, true],
  [{ NODE_ENV: 'development' }, false],
  [{ NODE_ENV: 'production', S3_STORAGE_ENV: 'staging' }, false],
  [{ NODE_ENV: 'staging', S3_STORAGE_ENV: 'production' }, true],
  [{ NODE_ENV: 'production', S3_STORAGE_ENV: ' ' }, true],
  [{ NODE_ENV: 'Production' }, false],
])('production: %p', (variables, expected) => expect(isProduction(variables as Record<string, string>)).toBe(expected));

test.each([
  [undefined, null], ['', null], ['read-write', null], ['off', 'off'], ['OFF', 'off'], ['read-only', 'read-only'], ['READ_ONLY', 'read-only'],
  // a restriction was meant
  ['readonly', 'read-only'], ['rw', 'read-only'],
])('S3_STORAGE_MODE=%p', (word, expected) => expect(modeOverride({ S3_STORAGE_MODE: word })).toBe(expected));
