import { Instance, instanceFacts, type InstanceFacts, type Permit } from '../../server/src/core/instance';
import { resolve } from '../../server/src/core/settings/resolve';
import { quietEvents } from '../support/events';
import { OWN, type Ownership } from '../../server/src/core/ownership';
import { owns } from '../support/owners';
import { stored } from './settings/support';

const settingsOf = (settings: Record<string, unknown>) => ({ ...resolve({ database: stored(settings), configFile: null, variables: {} }), revision: 1 });
const production: InstanceFacts = { providerIsLocal: true, production: true, override: null };
const modeFor = (settings: Record<string, unknown>, facts: Partial<InstanceFacts> = {}) => {
  const { mode, reason } = new Instance({ current: () => settingsOf(settings) }, { ...production, ...facts }, quietEvents(), owns);
  return [mode, reason];
};
const full = { bucket: 'b', accessKeyId: 'k', secretAccessKey: 's' };

test.each([
  ['with complete settings is read-write', full, {}, ['read-write', null]],
  ['with a bucket and no keys is read-write, because the machine may have a role', { bucket: 'b' }, {}, ['read-write', null]],
  ['without a bucket is off: NOT_CONFIGURED', {}, {}, ['off', 'NOT_CONFIGURED']],
  ['beside another upload provider is off: PROVIDER_NOT_LOCAL', full, { providerIsLocal: false }, ['off', 'PROVIDER_NOT_LOCAL']],
  ['beside another upload provider is off for that reason, whatever else is wrong', {}, { providerIsLocal: false, override: 'off' }, ['off', 'PROVIDER_NOT_LOCAL']],
  ['with the override "off" is off: MODE_OVERRIDE', full, { override: 'off' }, ['off', 'MODE_OVERRIDE']],
  ['with the override "read-only" is read-only: MODE_OVERRIDE', full, { override: 'read-only' }, ['read-only', 'MODE_OVERRIDE']],
  ['with the override "read-only" and no bucket is off: NOT_CONFIGURED', {}, { override: 'read-only' }, ['off', 'NOT_CONFIGURED']],
  ['whose secret cannot be read is off: SECRET_UNREADABLE', { ...full, secretAccessKey: null }, {}, ['off', 'SECRET_UNREADABLE']],
  ['with an access key and no secret is off: NO_CREDENTIALS', { bucket: 'b', accessKeyId: 'k' }, {}, ['off', 'NO_CREDENTIALS']],
  ['with a stored endpoint that is not allowed is off: ENDPOINT_FORBIDDEN', { ...full, endpoint: 'http://169.254.169.254' }, {}, ['off', 'ENDPOINT_FORBIDDEN']],
  ['in production with productionOnly is read-write', { ...full, productionOnly: true }, {}, ['read-write', null]],
  ['outside production with productionOnly is read-only: PRODUCTION_ONLY', { ...full, productionOnly: true }, { production: false }, ['read-only', 'PRODUCTION_ONLY']],
  ['outside production without productionOnly is read-write', full, { production: false }, ['read-write', null]],
] as const)('an instance %s', (_title, settings, facts, expected) => expect(modeFor(settings, facts as Partial<InstanceFacts>)).toEqual(expected));

test.each([
  [{}, false],
  [{ NODE_ENV: 'production' }, true],
  [{ NODE_ENV: 'development' }, false],
  [{ NODE_ENV: 'production', S3_STORAGE_ENV: 'staging' }, false],
  [{ NODE_ENV: 'staging', S3_STORAGE_ENV: 'production' }, true],
  [{ NODE_ENV: 'production', S3_STORAGE_ENV: ' ' }, true],
  [{ NODE_ENV: 'Production' }, false],
])('with the variables %p the instance is in production: %p', (variables, expected) => expect(instanceFacts(variables as Record<string, string>, true).production).toBe(expected));

test.each([
  [undefined, null], ['', null], ['read-write', null], ['off', 'off'], ['OFF', 'off'], ['read-only', 'read-only'], ['READ_ONLY', 'read-only'],
  // somebody meant a restriction
  ['readonly', 'read-only'], ['rw', 'read-only'],
])('S3_STORAGE_MODE=%p gives the override %p', (word, expected) => expect(instanceFacts({ S3_STORAGE_MODE: word }, true).override).toBe(expected));

test('a listener is told the mode and its reason once, and again only when they have changed', () => {
  const told: Permit[] = [];
  const events = quietEvents();
  events.on('modeChanged', (permit) => void told.push(permit));
  let settings = settingsOf({});
  const instance = new Instance({ current: () => settings }, production, events, owns);
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

test('an instance tells the mode that other settings would give it, and keeps its own', () => {
  const instance = new Instance({ current: () => settingsOf({}) }, production, quietEvents(), owns);
  expect(instance.under(settingsOf(full))).toMatchObject({ mode: 'read-write', revision: 1 });
  expect(instance.mode).toBe('off');
});

describe('the owner of the bucket', () => {
  const under = (ownership: Ownership, settings: Record<string, unknown> = full, facts: Partial<InstanceFacts> = {}) => {
    const { mode, reason, awaitsOwner, isCopy, leaving } = new Instance({ current: () => settingsOf(settings) }, { ...production, ...facts }, quietEvents(), () => ownership);
    return { mode, reason, awaitsOwner, isCopy, leaving };
  };
  const unknown: Ownership = { state: 'unknown', code: 'OWNER_UNKNOWN' };
  const foreign: Ownership = { state: 'foreign', code: 'DATABASE_COPY' };

  test.each<[string, Ownership, Record<string, unknown>, object]>([
    ['a database that owns the bucket may change it', OWN, full, { mode: 'read-write', reason: null, awaitsOwner: false, isCopy: false }],
    ['a copy only reads', foreign, full, { mode: 'read-only', reason: 'DATABASE_COPY', awaitsOwner: false, isCopy: true }],
    ['nobody loses rights before S3 has answered', unknown, full, { mode: 'read-write', reason: null, awaitsOwner: true, isCopy: false }],
    ['a marker that cannot be read takes the rights, and does not make a copy', { state: 'unknown', code: 'MARKER_UNREADABLE' }, full, { mode: 'read-only', reason: 'MARKER_UNREADABLE', awaitsOwner: true, isCopy: false }],
    ['leaving comes before a foreign owner, because it changes nothing in the bucket', foreign, { ...full, leaving: true }, { mode: 'read-only', reason: 'LEAVING', isCopy: false, leaving: true }],
    ['a reader by settings awaits nobody', unknown, { ...full, leaving: true }, { awaitsOwner: false }],
  ])('%s', (_title, ownership, settings, expected) => expect(under(ownership, settings)).toMatchObject(expected));

  test('production-only outside production is the reason that a person sees, and makes a copy', () =>
    expect(under(foreign, { ...full, productionOnly: true }, { production: false })).toMatchObject({ reason: 'PRODUCTION_ONLY', isCopy: true }));
});
