import { Readable } from 'node:stream';

import { ERRORS, type ErrorCode } from '../../../../server/src/contracts/errors';
import { systemClock, type Clock } from '../../../../server/src/core/clock';
import { markerName, type Marker } from '../../../../server/src/core/buckets/owner/marker';
import { OwnerWatch } from '../../../../server/src/core/buckets/owner/owner-watch';
import { OWN } from '../../../../server/src/core/ownership';
import { MemoryOwnerBook } from '../../../../server/src/core/memory/owner-book';
import { StorageError } from '../../../../server/src/core/errors';
import { testConnection } from '../../../../server/src/core/buckets/probe/connection-test';
import { layer } from '../../../../server/src/core/store/resilience/layer';
import { bodyOf } from '../../../support/bodies';
import { effective, FULL, memoryProbe, story } from './support';

const ALL = ['endpoint', 'credentials', 'read', 'write', 'verify', 'delete'];
const ownerOf = async () => OWN;
const run = (probe: ReturnType<typeof memoryProbe>, settings: Record<string, unknown> = FULL, production = true, clock: Clock = systemClock) =>
  testConnection(effective(settings, { production }), { open: probe.open, clock, ownerOf });

test('a working bucket passes six steps, shows its capabilities, and keeps no object of the test', async () => {
  const probe = memoryProbe();
  const answer = await run(probe);
  expect(story(answer)).toEqual(ALL);
  expect(answer).toMatchObject({ ok: true, capabilities: { etagIsMd5: true, conditionalPut: true } });
  expect(probe.written).toEqual([expect.stringMatching(/^p\/\.s3-storage-probe-[0-9a-f]{16}$/)]);
  expect(probe.store.names()).toEqual([]);
  expect([probe.opened(), probe.closed()]).toEqual([1, 1]);
  for (const step of answer.steps) expect(step).toMatchObject({ code: null, hint: null, message: expect.stringMatching(/\.$/) });
});

test('the policy snippet names the bucket, the prefix and every right that the plugin uses', async () => {
  const [policy, cors] = (await run(memoryProbe())).snippets;
  const { Statement } = JSON.parse(policy?.text ?? '') as { Statement: { Action: string[]; Resource: string[] }[] };
  expect(Statement.flatMap(({ Resource }) => Resource)).toEqual(['arn:aws:s3:::media', 'arn:aws:s3:::media/p/*']);
  expect(Statement.map(({ Action }) => Action)).toEqual([
    ['s3:ListBucket', 's3:ListBucketMultipartUploads'],
    ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
  ]);
  expect(JSON.parse(cors?.text ?? '')).toMatchObject([{ AllowedMethods: ['GET', 'HEAD'] }]);
});

test.each([
  [{ list: 'UNREACHABLE' }, ['endpoint:UNREACHABLE']],
  [{ list: 'NOT_S3' }, ['endpoint:NOT_S3']],
  [{ list: 'TIMEOUT' }, ['endpoint:TIMEOUT']],
  [{ list: 'INVALID_ACCESS_KEY' }, ['endpoint', 'credentials:INVALID_ACCESS_KEY']],
  [{ list: 'SIGNATURE_MISMATCH' }, ['endpoint', 'credentials:SIGNATURE_MISMATCH']],
  [{ list: 'CLOCK_SKEW' }, ['endpoint', 'credentials:CLOCK_SKEW']],
  [{ list: 'WRONG_REGION' }, ['endpoint', 'credentials:WRONG_REGION']],
  [{ list: 'BUCKET_NOT_FOUND' }, ['endpoint', 'credentials', 'read:BUCKET_NOT_FOUND']],
  [{ list: 'ACCESS_DENIED' }, ['endpoint', 'credentials', 'read:ACCESS_DENIED']],
  [{ head: 'ACCESS_DENIED' }, ['endpoint', 'credentials', 'read:ACCESS_DENIED']],
  [{ put: 'ACCESS_DENIED' }, ['endpoint', 'credentials', 'read', 'write:ACCESS_DENIED']],
  [{ get: 'ACCESS_DENIED' }, ['endpoint', 'credentials', 'read', 'write', 'verify:ACCESS_DENIED']],
  [{ delete: 'ACCESS_DENIED' }, ['endpoint', 'credentials', 'read', 'write', 'verify', 'delete:ACCESS_DENIED']],
] as const)('the fault %p ends the connection test at the step that it fails', async (faults, expected) => {
  const probe = memoryProbe(faults);
  const answer = await run(probe);
  expect(story(answer)).toEqual(expected);
  expect(answer.ok).toBe(false);
  expect(answer.steps.at(-1)).toMatchObject({ ok: false, hint: expect.stringMatching(/./) });
  expect(JSON.stringify(answer)).not.toContain('hunter2');
  expect(probe.closed()).toBe(probe.opened());
  if (!('delete' in faults)) expect(probe.store.names()).toEqual([]);
});

test('an error’s detail is never shown, and its quote is shown without the secret', async () => {
  expect(JSON.stringify((await run(memoryProbe({ list: 'NOT_S3' }))).steps)).not.toContain('detail of');
  expect(JSON.stringify((await run(memoryProbe({ list: 'REJECTED' }))).steps)).not.toContain('detail of');
  expect(JSON.stringify((await run(memoryProbe({ list: 'ACCESS_DENIED' }))).steps)).not.toContain('detail of');
  expect(JSON.stringify((await run(memoryProbe({ list: 'ACCESS_DENIED' }))).steps)).toContain('quote of list [redacted]');
});

test('the object of a PUT with an unknown outcome is deleted', async () => {
  const probe = memoryProbe();
  const { open, store } = probe;
  const failing: typeof open = (settings, variant) => {
    const connection = open(settings, variant);
    return { ...connection, store: layer(connection.store, { put: async (...args) => store.put(...args).then(() => Promise.reject(new Error('lost'))) }) };
  };
  expect(story(await run({ ...probe, open: failing }))).toEqual(['endpoint', 'credentials', 'read', 'write:INTERNAL']);
  expect(store.names()).toEqual([]);
});

test('an object that reads back with other bytes fails the step "verify" with INTEGRITY', async () => {
  const probe = memoryProbe({}, { get: async () => ({ facts: { size: 3, etag: null, md5: null }, body: Readable.from([Buffer.from('not')]) }) });
  expect(story(await run(probe)).at(-1)).toBe('verify:INTEGRITY');
  expect(probe.store.names()).toEqual([]);
});

test.each([
  ['UNSUPPORTED', false],
  ['REJECTED', false],
  ['TIMEOUT', null],
] as const)('a conditional PUT that answers %s makes the capability conditionalPut %p, and the test passes', async (code, conditionalPut) => {
  expect(await run(memoryProbe({ putIfAbsent: code }))).toMatchObject({ ok: true, capabilities: { conditionalPut } });
});

describe('the request without a signature', () => {
  test.each([
    ['that the endpoint is S3 when S3 answers it', {}, ['endpoint', 'credentials:NO_CREDENTIALS']],
    ['that the endpoint is S3 when S3 refuses it', { reach: 'ACCESS_DENIED', status: 403 }, ['endpoint', 'credentials:NO_CREDENTIALS']],
    ['that the endpoint is unreachable when nobody is there', { reach: 'UNREACHABLE' }, ['endpoint:UNREACHABLE']],
    ['that the endpoint is not S3 when another server answers', { reach: 'NOT_S3' }, ['endpoint:NOT_S3']],
    ['nothing about the endpoint when it could not be sent either', { reach: 'REJECTED' }, ['credentials:NO_CREDENTIALS']],
  ] as const)('shows %s', async (_what, { reach, status }: { reach?: ErrorCode; status?: number }, expected) => {
    const probe = memoryProbe({ list: 'NO_CREDENTIALS' });
    const open: typeof probe.open = (settings, variant) => {
      const connection = probe.open(settings, variant);
      if (!variant?.unsigned || !reach) return connection;
      return { ...connection, store: layer(connection.store, { list: () => Promise.reject(new StorageError(reach, { status })) }) };
    };
    expect(story(await run({ ...probe, open }))).toEqual(expected);
  });

  test('does not count when S3 has answered a signed request', async () => {
    const probe = memoryProbe({ reach: 'UNREACHABLE' });
    const open: typeof probe.open = (settings, variant) => {
      const connection = probe.open(settings, variant);
      if (variant?.unsigned) return connection;
      return { ...connection, store: layer(connection.store, { list: () => Promise.reject(new StorageError('INVALID_ACCESS_KEY', { status: 403 })) }) };
    };
    expect(story(await run({ ...probe, open }))).toEqual(['endpoint', 'credentials:INVALID_ACCESS_KEY']);
  });
});

describe('the notes of a connection test', () => {
  test('are empty when there is nothing to note', async () => {
    expect((await run(memoryProbe())).notes).toEqual([]);
  });

  test('name the variable of a proxy that is set and not used, and not the proxy’s address', async () => {
    const variables = { http_proxy: 'http://user:password@proxy.internal:3128' };
    const answer = await testConnection(effective(FULL), { open: memoryProbe().open, clock: systemClock, ownerOf, variables });
    expect(answer).toMatchObject({ ok: true, notes: [{ code: 'PROXY_NOT_USED', message: expect.stringMatching(/\(http_proxy\)$/) }] });
    expect(JSON.stringify(answer)).not.toContain('proxy.internal');
  });

  test.each([
    ['http://minio:9000', 'minio:9000'], ['http://localhost:9000', 'localhost:9000'], ['http://10.1.2.3', '10.1.2.3'], ['http://[::1]:9000', '[::1]:9000'], ['http://minio.storage.svc', 'minio.storage.svc'],
  ])('say that browsers need another endpoint than %s, if S3 is to send the files', async (endpoint, host) => {
    const notes = async (more: object) => (await testConnection(effective({ ...FULL, endpoint, ...more }), { open: memoryProbe().open, clock: systemClock, ownerOf })).notes?.map(({ code, message }) => [code, message]);
    expect(await notes({ delivery: 'redirect' })).toEqual([['PUBLIC_ENDPOINT_NEEDED', expect.stringContaining(`(${host})`)]]);
    expect(await notes({ delivery: 'redirect', publicEndpoint: 'https://s3.example.com' })).toEqual([]);
    expect(await notes({})).toEqual([]);
    expect(await notes({ delivery: 'redirect', endpoint: 'https://s3.example.com' })).toEqual([]);
  });

  test('name an unused proxy when the endpoint cannot be reached, too', async () => {
    const answer = await testConnection(effective(FULL), { open: memoryProbe({ list: 'UNREACHABLE' }).open, clock: systemClock, ownerOf, variables: { ALL_PROXY: 'http://proxy' } });
    expect([story(answer), answer.notes?.map(({ code }) => code)]).toEqual([['endpoint:UNREACHABLE'], ['PROXY_NOT_USED']]);
  });
});

describe('the setting productionOnly', () => {
  test('keeps the connection test from writing outside production', async () => {
    const probe = memoryProbe();
    const answer = await run(probe, { ...FULL, productionOnly: true }, false);
    expect(story(answer)).toEqual(['endpoint', 'credentials', 'read']);
    expect(answer).toMatchObject({ ok: true, capabilities: { etagIsMd5: null, conditionalPut: null } });
    expect(probe.written).toEqual([]);
  });

  test('lets the connection test write in production', async () => {
    expect(story(await run(memoryProbe(), { ...FULL, productionOnly: true }))).toEqual(ALL);
  });
});

test.each([
  [{ ...FULL, bucket: undefined }, ['endpoint:NOT_CONFIGURED'], 0],
  [{ ...FULL, endpoint: 'http://169.254.169.254' }, ['endpoint:ENDPOINT_FORBIDDEN'], 0],
  // the test asks the endpoint with a request without a signature
  [{ ...FULL, secretAccessKey: null }, ['endpoint', 'credentials:SECRET_UNREADABLE'], 1],
  [{ ...FULL, secretAccessKey: undefined }, ['endpoint', 'credentials:NO_CREDENTIALS'], 1],
] as const)('incomplete or forbidden settings end the connection test at the first failed step: case %#', async (settings, expected, closed) => {
  const probe = memoryProbe();
  expect(story(await run(probe, settings))).toEqual(expected);
  expect(probe.closed()).toBe(closed);
});

test('a bucket that hangs ends the connection test with TIMEOUT after at most 15 seconds of waiting', async () => {
  const waits: number[] = [];
  const clock: Clock = {
    ...systemClock,
    sleep: (ms, signal) => {
      waits.push(ms);
      return systemClock.sleep(ms / 200, signal);
    },
  };
  const answer = await run(memoryProbe({ get: 'hang', delete: 'hang' }), FULL, true, clock);
  expect(story(answer).at(-1)).toBe('verify:TIMEOUT');
  expect(waits.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(15_000);
});

describe('a marker at the tested area', () => {
  const AREA = { id: 'area', endpoint: 'http://127.0.0.1:9', bucket: 'media', prefix: 'p/' };
  const MARKER: Marker = { owner: 'a', epoch: 3, token: 't3', heldMs: 0, database: { kind: 'sqlite', inode: '1' }, server: 'prod', writtenAt: '' };
  const quiet = () => undefined;

  /** Runs the test for a database that has this record of the area. The marker lies there as given. */
  async function tested({ marker = { version: 1, ...MARKER } as unknown, record = undefined as 'owner' | 'behind' | undefined, inode = '1', claimsFrom = null as string | null, reads = {} }) {
    const probe = memoryProbe({}, reads);
    const text = typeof marker === 'string' ? marker : JSON.stringify(marker);
    if (marker !== null) await probe.store.put(markerName('p/'), bodyOf(text));
    const book = new MemoryOwnerBook();
    const token = record === 'behind' ? 't1' : 't3';
    if (record) await book.create(AREA, { owner: 'a', epoch: Number(token[1]), token, inMarker: token, identity: { kind: 'sqlite', inode: '1' }, supersededBy: null });
    const watch = new OwnerWatch({
      book, claimsFrom, clock: systemClock, identify: async () => ({ kind: 'sqlite', inode }), mayWrite: () => true, beforeClaim: async () => undefined,
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet }, onChange: quiet,
    });
    const before = await book.find(AREA.id);
    const deps = { open: probe.open, clock: systemClock, ownerOf: (_settings: unknown, store: Parameters<OwnerWatch['foresee']>[0]['store']) => watch.foresee({ area: AREA, store }) };
    const answer = await testConnection(effective(FULL), deps);
    expect(await book.find(AREA.id)).toEqual(before);
    expect(probe.store.names()).toEqual(marker === null ? [] : [markerName('p/')]);
    return { story: story(answer), written: probe.written, last: answer.steps.at(-1) };
  }

  test.each([
    ['is told that another database owns it', {}, 'BUCKET_OWNED'],
    ['is told that it is a copy', { record: 'owner' as const, inode: '2' }, 'DATABASE_COPY'],
    ['is told that it is older than the bucket', { record: 'behind' as const }, 'DATABASE_BEHIND'],
    ['is told that nobody understands it', { marker: '<html>' }, 'MARKER_UNREADABLE'],
    ['is told that S3 does not give it out', { reads: { get: () => Promise.reject(new StorageError('ACCESS_DENIED', { status: 403 })) } }, 'MARKER_UNREADABLE'],
  ])('of another owner, or of nobody: a database %s, and the test writes nothing', async (_title, facts, code) => {
    const { story: steps, written, last } = await tested(facts);
    expect(steps).toEqual(['endpoint', 'credentials', 'read', `write:${code}`]);
    expect(last).toMatchObject({ message: expect.stringContaining(ERRORS[code as ErrorCode].message), hint: ERRORS[code as ErrorCode].hint });
    expect(written).toEqual([]);
  });

  test('that cannot be understood is described', async () => {
    expect((await tested({ marker: '<html>' })).last?.message).toContain('(it is not JSON)');
  });

  test.each([
    ['its own', { record: 'owner' as const }],
    ['missing', { marker: null }],
    ['missing, although it has been the owner', { marker: null, record: 'owner' as const }],
    ['one that S3_STORAGE_CLAIM names', { claimsFrom: 'a' }],
  ])('does not stop a database whose marker is %s', async (_title, facts) => {
    expect((await tested(facts)).story).toEqual(ALL);
  });

  test('is looked at anew by a server that knows itself as a copy', async () => {
    const settings = effective(FULL);
    const probe = memoryProbe();
    const deps = { open: probe.open, clock: systemClock, ownerOf };
    expect(story(await testConnection({ ...settings, mode: 'read-only', reason: 'DATABASE_COPY' }, deps))).toEqual(ALL);
    expect(story(await testConnection({ ...settings, mode: 'read-only', reason: 'PRODUCTION_ONLY' }, deps))).toEqual(['endpoint', 'credentials', 'read']);
  });
});
