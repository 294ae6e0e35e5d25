import type { ErrorCode } from '../../../server/src/contracts/errors';
import { Events } from '../../../server/src/core/events';
import { codeOf, StorageError } from '../../../server/src/core/errors';
import { MemoryLedger } from '../../../server/src/core/memory/ledger';
import type { Location } from '../../../server/src/core/ledger/words';
import { Connections } from '../../../server/src/core/buckets/connections';
import { Outage } from '../../../server/src/core/outages/outage';
import { resolve } from '../../../server/src/core/settings/resolve';
import type { PermittedSettings } from '../../../server/src/core/instance';
import { NOTHING_STORED, type KeptKey } from '../../../server/src/core/settings/types';
import { MemoryObjectStore } from '../../../server/src/core/memory/object-store';
import { OWN, type Ownership } from '../../../server/src/core/ownership';
import { OWNS_ALL } from '../../support/owners';

const clock = { now: () => 0, elapsed: () => 0, random: () => 0.5, sleep: async () => undefined };

function setup() {
  const lines: string[] = [];
  const ownership: { now: Ownership } = { now: OWN };
  const line = (text: string) => void lines.push(text);
  const log = { debug: line, info: line, warn: line, error: line };
  const nothing = async () => undefined;
  const incidents = { begin: nothing, note: nothing, endUnseen: nothing, list: async () => [] };
  const events = new Events(log);
  events.on('recovered', () => void state.recovered++);
  const outage = new Outage(incidents, clock, events);
  const state = { failure: undefined as ErrorCode | undefined, refuseToOpen: false, recovered: 0 };
  const opened: Location[] = [];
  const used: PermittedSettings['settings'][] = [];
  const instance: { mode: PermittedSettings['mode'] } = { mode: 'read-write' };
  const connections = new Connections({
    ledger: new MemoryLedger(clock),
    clock,
    log,
    outage,
    openBucket: (location, by) => {
      if (state.refuseToOpen) throw new StorageError('NO_CREDENTIALS');
      opened.push(location);
      used.push(by);
      const store = new MemoryObjectStore();
      const head = store.head.bind(store);
      store.head = (name) => (state.failure ? Promise.reject(new StorageError(state.failure, { refused: true, status: state.failure === 'ACCESS_DENIED' ? 403 : undefined })) : head(name));
      return store;
    },
    events,
    instance,
    owners: { ...OWNS_ALL, of: () => ownership.now },
  });
  return { connections, outage, state, opened, used, instance, ownership };
}

function settings(patch: Partial<PermittedSettings['settings']> = {}, mode: PermittedSettings['mode'] = 'read-write'): PermittedSettings {
  const resolution = resolve({ database: NOTHING_STORED, configFile: { bucket: 'media', endpoint: 'https://s3.example.com' }, variables: {} });
  return { ...resolution, settings: { ...resolution.settings, ...patch }, mode, reason: null, revision: 1 };
}

test.each([
  ['foreign', 'DATABASE_COPY'],
  ['unknown', 'OWNER_UNKNOWN'],
] as const)('a bucket whose owner is %s is readable, and not writable', async (state, code) => {
  const { connections, ownership } = setup();
  await connections.apply(settings());
  ownership.now = { state, code } as Ownership;
  expect([connections.readable?.prefix, connections.writable === undefined]).toEqual(['', true]);
  ownership.now = OWN;
  expect(connections.writable).toBeDefined();
});

test('a bucket is writable only if its own settings allowed it and the instance may write now', async () => {
  const { connections, instance } = setup();
  await connections.apply(settings());
  instance.mode = 'read-only';
  expect([connections.writable, connections.readable]).toEqual([undefined, expect.anything()]);
  // the new settings are in force and have not led to their bucket yet; the former ones allowed no writes to this one
  await connections.apply(settings({}, 'read-only'));
  instance.mode = 'read-write';
  expect([connections.writable, connections.readable]).toEqual([undefined, expect.anything()]);
  await connections.apply(settings());
  expect(connections.writable).toBe(connections.readable);
});

test('a former bucket is still read after a change of the bucket, but not after a change of the endpoint', async () => {
  const { connections, opened } = setup();
  await connections.apply(settings({ bucket: 'first' }));
  const first = connections.readable!.locationId;
  await connections.apply(settings({ bucket: 'second' }));
  expect(connections.readable!.locationId).not.toBe(first);
  expect(connections.storeAt(first)).toBeDefined();
  opened.length = 0;
  await connections.apply(settings({ endpoint: 'https://elsewhere.example.com' }));
  // the plugin never sends the new credentials to the old place
  expect(opened.map(({ endpoint }) => endpoint)).toEqual(['https://elsewhere.example.com']);
  expect(connections.storeAt(first)).toBeUndefined();
});

describe('the key that was kept for a former bucket', () => {
  const KEPT: KeptKey = { endpoint: 'https://s3.example.com', bucket: 'media', region: 'us-east-1', accessKeyId: 'OLD', secretAccessKey: 'old-secret', forcePathStyle: true, sealed: 's' };
  const elsewhere = { endpoint: 'https://elsewhere.example.com', credentials: { kind: 'static', accessKeyId: 'NEW', secretAccessKey: 'new-secret', source: 'database' } } as const;
  const ways = (used: readonly PermittedSettings['settings'][]) =>
    used.map(({ endpoint, bucket, credentials }) => [endpoint, bucket, credentials.kind === 'static' ? credentials.secretAccessKey : null]);

  test('opens it, and no other bucket', async () => {
    const { connections, used } = setup();
    await connections.apply(settings({ bucket: 'other' }));
    const other = connections.readable!.locationId;
    await connections.apply(settings());
    const media = connections.readable!.locationId;
    used.length = 0;
    await connections.apply(settings({ ...elsewhere, kept: [KEPT] }));
    expect(ways(used)).toEqual([['https://elsewhere.example.com', 'media', 'new-secret'], ['https://s3.example.com', 'media', 'old-secret']]);
    expect([connections.storeAt(media), connections.storeAt(other)]).toEqual([expect.anything(), undefined]);
    expect([media, other, connections.readable!.locationId].map((id) => connections.isElsewhere(id))).toEqual([true, false, false]);
    expect(connections.storeAt(media)).not.toBe(connections.readable!.store);
  });

  test.each([
    ['another endpoint', { endpoint: 'https://third.example.com' }],
    ['another bucket', { bucket: 'theirs' }],
    ['a secret that cannot be opened', { secretAccessKey: null }],
  ])('opens nothing where it is for %s', async (_, patch) => {
    const { connections } = setup();
    await connections.apply(settings());
    const media = connections.readable!.locationId;
    await connections.apply(settings({ ...elsewhere, kept: [{ ...KEPT, ...patch }] }));
    expect(connections.storeAt(media)).toBeUndefined();
  });

  test('is the second choice at the present endpoint, and not used for the present bucket', async () => {
    const { connections, used } = setup();
    await connections.apply(settings());
    used.length = 0;
    const present = { endpoint: 'https://s3.example.com', credentials: elsewhere.credentials, kept: [KEPT] };
    await connections.apply(settings({ ...present, bucket: 'other' }));
    expect(ways(used)).toEqual([['https://s3.example.com', 'other', 'new-secret'], ['https://s3.example.com', 'other', 'new-secret'], ['https://s3.example.com', 'media', 'old-secret']]);
    used.length = 0;
    await connections.apply(settings(present));
    expect(ways(used)).toEqual([['https://s3.example.com', 'media', 'new-secret'], ['https://s3.example.com', 'media', 'new-secret']]);
  });

  test('meets an endpoint that is away alone: the breaker of the present one stays closed', async () => {
    const { connections, state } = setup();
    await connections.apply(settings());
    const media = connections.readable!.locationId;
    await connections.apply(settings({ ...elsewhere, kept: [KEPT] }));
    state.failure = 'UNREACHABLE';
    const codes: string[] = [];
    for (let i = 0; i < 8; i++) codes.push(await connections.storeAt(media)!.head(`${i}.txt`).then(() => 'there', (error: unknown) => codeOf(error)));
    expect(codes.at(-1)).toBe('CIRCUIT_OPEN');
    expect(connections.breaker!.state.kind).toBe('closed');
  });
});

test.each([
  ['a dot at the end', { endpoint: 'https://s3.example.com.' }],
  ['another region to sign for', { signingRegion: 'eu-central-1' }],
])('a location in another spelling is read through the present bucket, without a stand-in: %s', async (_what, patch) => {
  const { connections } = setup();
  await connections.apply(settings());
  const first = connections.readable!.locationId;
  await connections.apply(settings(patch));
  expect(connections.readable!.locationId).not.toBe(first);
  expect(connections.storeAt(first)).toBe(connections.readable!.store);
  expect(connections.standInFor(first)).toBeUndefined();
});

test('the present bucket stands in for every other location, even one that is reached, and not for itself', async () => {
  const { connections } = setup();
  await connections.apply(settings());
  const first = connections.readable!.locationId;
  expect(connections.standInFor(first)).toBeUndefined();
  await connections.apply(settings({ endpoint: 'http://s3.example.com' }));
  expect([connections.storeAt(first), connections.standInFor(first)]).toEqual([undefined, connections.readable!.store]);
  await connections.apply(settings({ bucket: 'second' }));
  expect(connections.storeAt(first)).not.toBe(connections.standInFor(first));
  expect(connections.standInFor(first)).toBe(connections.readable!.store);
  await connections.apply(settings({}, 'off'));
  expect(connections.standInFor(first)).toBeUndefined();
});

test('the mode read-only leaves the bucket readable and not writable, and the mode off leaves it neither', async () => {
  const { connections } = setup();
  await connections.apply(settings({}, 'read-only'));
  expect(connections.writable).toBeUndefined();
  const { locationId } = connections.readable!;
  expect(connections.storeAt(locationId)).toBeDefined();
  await connections.apply(settings({}, 'off'));
  expect([connections.writable, connections.readable, connections.storeAt(locationId)]).toEqual([undefined, undefined, undefined]);
});

test('settings that cannot be applied leave no bucket writable, not even the former one', async () => {
  const { connections, state } = setup();
  await connections.apply(settings());
  state.refuseToOpen = true;
  await expect(connections.apply(settings({ bucket: 'other' }, 'read-only'))).rejects.toMatchObject({ code: 'NO_CREDENTIALS' });
  expect(connections.writable).toBeUndefined();
});

describe('the check after a change', () => {
  test.each(['NO_CREDENTIALS', 'BUCKET_NOT_FOUND', 'NOT_S3', 'UNREACHABLE'] as const)('reports %s as an outage at once', async (code) => {
    const { connections, outage, state } = setup();
    await connections.apply(settings());
    state.failure = code;
    await connections.check();
    expect(outage.current?.code).toBe(code);
  });

  test('counts a missing object as an answer, and ends the outage that the former settings caused', async () => {
    const { connections, outage } = setup();
    outage.begins('NO_CREDENTIALS');
    await connections.apply(settings());
    await connections.check();
    expect(outage.current).toBeUndefined();
  });

  test('takes a 403 for no outage, because a key without the right to list gets it for a missing object', async () => {
    const { connections, outage, state } = setup();
    await connections.apply(settings());
    state.failure = 'ACCESS_DENIED';
    await connections.check();
    expect(outage.current).toBeUndefined();
  });
});

describe('the end of an outage', () => {
  test('is announced when the probe closes the breaker', async () => {
    const { connections, state } = setup();
    await connections.apply(settings());
    state.failure = 'UNREACHABLE';
    await expect(connections.writable!.store.head('a.txt')).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(connections.breaker!.state.kind).toBe('open');
    // S3 says so with a status; the memory store has none
    state.failure = 'ACCESS_DENIED';
    for (let probe = 0; probe < 3; probe++) await connections.breaker!.forceProbe();
    expect(state.recovered).toBe(1);
  });

  test('is announced when an upload or the check succeeds after refusals, which leave the breaker closed', async () => {
    const { connections, outage, state } = setup();
    await connections.apply(settings());
    outage.begins('SIGNATURE_MISMATCH');
    connections.writable!.onSent();
    connections.writable!.onSent();
    expect([outage.current, state.recovered]).toEqual([undefined, 1]);
    outage.begins('BUCKET_NOT_FOUND');
    await connections.check();
    expect([outage.current, state.recovered]).toEqual([undefined, 2]);
  });
});
