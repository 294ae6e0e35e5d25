import { Instance, instanceFacts, type InstanceFacts, type Permit } from '../../server/src/core/instance';
import { resolve } from '../../server/src/core/settings/resolve';
import { quietEvents } from '../support/events';
import { stored } from './settings/support';

const settingsOf = (settings: Record<string, unknown>) => ({ ...resolve({ database: stored(settings), configFile: null, variables: {} }), revision: 1 });
const production: InstanceFacts = { providerIsLocal: true, production: true, override: null };
const modeFor = (settings: Record<string, unknown>, facts: Partial<InstanceFacts> = {}) => {
  const { mode, reason } = new Instance({ current: () => settingsOf(settings) }, { ...production, ...facts }, quietEvents());
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
])('production: %p', (variables, expected) => expect(instanceFacts(variables as Record<string, string>, true).production).toBe(expected));

test.each([
  [undefined, null], ['', null], ['read-write', null], ['off', 'off'], ['OFF', 'off'], ['read-only', 'read-only'], ['READ_ONLY', 'read-only'],
  // somebody meant a restriction
  ['readonly', 'read-only'], ['rw', 'read-only'],
])('S3_STORAGE_MODE=%p', (word, expected) => expect(instanceFacts({ S3_STORAGE_MODE: word }, true).override).toBe(expected));

test('whoever listens is told once what this instance may do, and again only when that has changed', () => {
  const told: Permit[] = [];
  const events = quietEvents();
  events.on('modeChanged', (permit) => void told.push(permit));
  let settings = settingsOf({});
  const instance = new Instance({ current: () => settings }, production, events);
  instance.tell();
  instance.tell();
  settings = settingsOf({ ...full, concurrency: 2 });
  expect(instance.mode).toBe('read-write');
  instance.tell();
  settings = settingsOf({ ...full, leaving: true });
  instance.tell();
  expect(told).toEqual([{ mode: 'off', reason: 'NOT_CONFIGURED' }, { mode: 'read-write', reason: null }, { mode: 'read-only', reason: 'LEAVING' }]);
  expect(instance.leaving).toBe(true);
});

test('settings that are not in force are judged as if they were', () => {
  const instance = new Instance({ current: () => settingsOf({}) }, production, quietEvents());
  expect(instance.under(settingsOf(full))).toMatchObject({ mode: 'read-write', revision: 1 });
  expect(instance.mode).toBe('off');
});
