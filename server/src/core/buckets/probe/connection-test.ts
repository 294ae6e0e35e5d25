// This file is longer than others, so that the whole test can be read step by step in one place.
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import type { Capabilities, TestAnswer } from '../../../contracts/api';
import type { ErrorCode } from '../../../contracts/errors';
import { abandonable } from '../../abandonable';
import type { Clock } from '../../clock';
import { isStorageError, StorageError } from '../../errors';
import { assertResolvesToAllowed } from '../../store/s3/endpoint';
import type { PermittedSettings } from '../../instance';
import type { ResolvedSettings } from '../../settings/types';
import { isOwnerCode, type Ownership } from '../../ownership';
import type { Body, ObjectStore } from '../../store/object-store';
import type { Encryption } from '../../store/s3/store';
import type { OpenProbe, ProbeConnection } from './connection';
import { isInternal } from './internal-host';
import { proxyVariable } from './proxy';
import { snippetsFor } from './snippets';
import { failedStep, StepRecorder } from './steps';

/** Credentials that sign nothing. The test uses them only for requests without a signature. */
const NOBODY: ResolvedSettings['credentials'] = { kind: 'static', accessKeyId: 'nobody', secretAccessKey: 'nobody', source: 'default' };

/** Encryptions that bucket policies demand. */
const ENCRYPTIONS: readonly Encryption[] = ['AES256', 'aws:kms'];

/** Longest time for all steps together, in milliseconds. */
export const TEST_BUDGET_MS = 12_000;
/** Longest time for the removal of the test's object after the steps, in milliseconds. */
const CLEAN_UP_BUDGET_MS = 3000;

/** Failures that say nothing about the credentials, because the test did not reach S3. */
const OF_THE_ENDPOINT: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'UNREACHABLE', 'TIMEOUT', 'TLS_FAILED', 'NOT_S3', 'ENDPOINT_REDIRECTS', 'ENDPOINT_FORBIDDEN', 'INVALID_SETTINGS', 'SERVER_ERROR', 'THROTTLED', 'INTERNAL',
]);
/** Failures that S3 reports only to credentials that it knows. */
const OF_THE_BUCKET: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['ACCESS_DENIED', 'BUCKET_NOT_FOUND', 'OBJECT_NOT_FOUND']);

export interface ConnectionTestDeps {
  open: OpenProbe;
  clock: Clock;
  /** Returns whether this database owns, or may take, the area of settings. It looks at the marker through the store, and changes nothing. */
  ownerOf(settings: ResolvedSettings, store: Pick<ObjectStore, 'get'>): Promise<Ownership>;
  /** Environment variables. They show a proxy that is set, and that the S3 client does not use. */
  variables?: Readonly<Record<string, string | undefined>>;
}

function probeBody(): { bytes: Buffer; body: Body } {
  const bytes = Buffer.concat([Buffer.from('S3 Storage connection test. May be deleted.\n'), randomBytes(64)]);
  const md5 = createHash('md5').update(bytes).digest('hex');
  return { bytes, body: { size: bytes.length, md5, open: () => Readable.from([bytes]) } };
}

/**
 * Tries settings against the real endpoint: it reaches the endpoint, signs in, reads, writes, reads back and deletes. It stops at the
 * first step that fails, and never throws. It writes one small object of its own, only where the mode would be `read-write` and no other
 * database owns the area, and deletes it whatever happens. It takes at most about 15 seconds.
 */
export async function testConnection(effective: PermittedSettings, deps: ConnectionTestDeps): Promise<TestAnswer> {
  const { settings } = effective;
  const secrets = settings.credentials.kind === 'static' ? [settings.credentials.secretAccessKey] : [];
  const stop = new AbortController();
  const timer = new AbortController();
  deps.clock.sleep(TEST_BUDGET_MS, timer.signal).then(
    () => stop.abort(new StorageError('TIMEOUT', { operation: 'test', refused: false })),
    () => undefined,
  );
  const recorder = new StepRecorder(deps.clock, secrets, stop.signal);
  const proxy = proxyVariable(deps.variables ?? {}, settings.endpoint);
  if (proxy) recorder.note('PROXY_NOT_USED', proxy);
  const { delivery, publicEndpoint, endpoint } = settings;
  if (delivery === 'redirect' && publicEndpoint === null && endpoint !== null && isInternal(endpoint)) recorder.note('PUBLIC_ENDPOINT_NEEDED', new URL(endpoint).host);
  const capabilities: Capabilities = { etagIsMd5: null, conditionalPut: null };
  try {
    await runSteps(effective, deps, recorder, capabilities, stop.signal);
  } finally {
    timer.abort();
  }
  const snippets = settings.bucket ? snippetsFor({ bucket: settings.bucket, prefix: settings.prefix }) : [];
  return { ok: !recorder.failed, steps: recorder.steps, notes: recorder.notes, capabilities, snippets };
}

/** Returns the answer for settings with which no request is sent. Its first step gives the reason. */
export function refusedEndpoint(error: StorageError): TestAnswer {
  return {
    ok: false,
    steps: [failedStep('endpoint', error, 0, [])],
    capabilities: { etagIsMd5: null, conditionalPut: null },
    snippets: [],
  };
}

async function runSteps(
  effective: PermittedSettings,
  deps: ConnectionTestDeps,
  recorder: StepRecorder,
  capabilities: Capabilities,
  signal: AbortSignal,
): Promise<void> {
  const { settings, blocked } = effective;
  const unusable = blocked ?? (settings.bucket === null ? 'NOT_CONFIGURED' : null);
  if (unusable) return recorder.fail('endpoint', new StorageError(unusable), 0);
  const unsigned = withoutKey(settings.credentials);
  if (unsigned) {
    await reachUnsigned(settings, deps, recorder, signal);
    if (!recorder.failed) recorder.fail('credentials', new StorageError(unsigned), 0);
    return;
  }
  let connection: ProbeConnection | undefined;
  try {
    await reach(settings, deps, recorder, signal, (opened) => (connection = opened));
    if (!connection || recorder.failed) return;
    const name = `${settings.prefix}.s3-storage-probe-${randomBytes(8).toString('hex')}`;
    await read(connection, name, recorder, signal);
    // an instance that only another owner keeps from writing asks anew: somebody may have claimed the bucket
    if (effective.mode === 'read-write' || isOwnerCode(effective.reason)) {
      if (!(await mayWrite(connection, settings, deps, recorder))) return;
      const openEncrypted = (encryption: Encryption) => deps.open(settings, { encryption });
      await write(connection, name, { recorder, capabilities, clock: deps.clock, signal, openEncrypted });
    }
  } finally {
    connection?.close();
  }
}

/** Returns the reason why nothing can be signed; null where requests can be signed. */
function withoutKey(credentials: ResolvedSettings['credentials']): ErrorCode | null {
  switch (credentials.kind) {
    case 'unreadable':
      return 'SECRET_UNREADABLE';
    case 'incomplete':
      return 'NO_CREDENTIALS';
    case 'elsewhere':
      // the keys of a role work only at Amazon: for another endpoint nobody has entered a key
      return credentials.source === 'default' ? 'NO_CREDENTIALS' : 'SECRET_REQUIRED';
    case 'static':
    case 'chain':
      return null;
  }
}

/** Runs the step `endpoint` without a key to sign with, so that the test reports a wrong endpoint all the same. */
async function reachUnsigned(settings: ResolvedSettings, deps: ConnectionTestDeps, recorder: StepRecorder, signal: AbortSignal): Promise<void> {
  await recorder.run('endpoint', async () => {
    if (settings.endpoint !== null) await assertResolvesToAllowed(settings.endpoint);
    return (await isThere({ ...settings, credentials: NOBODY }, deps, signal)) ? undefined : 'not tried';
  });
}

/** Runs the steps `endpoint` and `credentials` with one listing. Its failure shows which of them, or the step `read`, has failed. */
async function reach(
  settings: ResolvedSettings,
  deps: ConnectionTestDeps,
  recorder: StepRecorder,
  signal: AbortSignal,
  opened: (connection: ProbeConnection) => void,
): Promise<void> {
  let refusal: unknown;
  let ms = 0;
  const reached = await recorder.run('endpoint', async () => {
    if (settings.endpoint !== null) await assertResolvesToAllowed(settings.endpoint);
    const connection = deps.open(settings);
    opened(connection);
    const begin = deps.clock.elapsed();
    try {
      await list(connection.store, settings.prefix, signal);
    } catch (error) {
      if (!isStorageError(error) || OF_THE_ENDPOINT.has(error.code)) throw error;
      refusal = error;
      if (error.status === undefined && !(await isThere(settings, deps, signal))) return 'not tried';
    }
    ms = deps.clock.elapsed() - begin;
    return undefined;
  });
  if (!reached) return;
  if (isStorageError(refusal) && !OF_THE_BUCKET.has(refusal.code)) return recorder.fail('credentials', refusal, ms);
  recorder.passed('credentials', ms);
  if (refusal) recorder.fail('read', refusal, ms);
}

/**
 * Whether S3 answers a request without a signature, where the signed one was not even sent (because there is no key, for example). It
 * returns false where the request without a signature could not be sent either.
 * @throws StorageError the failure of the endpoint
 */
async function isThere(settings: ResolvedSettings, deps: ConnectionTestDeps, signal: AbortSignal): Promise<boolean> {
  const connection = deps.open(settings, { unsigned: true });
  try {
    await list(connection.store, '', signal);
    return true;
  } catch (error) {
    if (!isStorageError(error) || OF_THE_ENDPOINT.has(error.code)) throw error;
    return error.status !== undefined;
  } finally {
    connection.close();
  }
}

/** Lists at most one object. Unlike the refusals of a HEAD, those of a listing have a body, which tells one from another. */
async function list(store: ObjectStore, prefix: string, signal: AbortSignal): Promise<void> {
  try {
    await store.list(prefix, { limit: 1, signal });
  } catch (error) {
    // this S3 lists, but without pages or prefixes, and uploads need neither
    if (!isStorageError(error, 'UNSUPPORTED') || error.status !== 200) throw error;
  }
}

/** Runs the step `read`. It needs no object: for a missing one S3 answers 404 with the right to read, and 403 without it. */
async function read({ store }: ProbeConnection, name: string, recorder: StepRecorder, signal: AbortSignal): Promise<void> {
  await recorder.run('read', async () => {
    try {
      await store.head(name, { signal });
    } catch (error) {
      if (!isStorageError(error, 'OBJECT_NOT_FOUND')) throw error;
    }
  });
}

/** Whether this database may write to the area. If not, the step `write` fails with the reason, and nothing was written. */
async function mayWrite({ store }: ProbeConnection, settings: ResolvedSettings, deps: ConnectionTestDeps, recorder: StepRecorder): Promise<boolean> {
  // guard: connection-test-respects-the-owner
  return recorder.run('write', async () => {
    const ownership = await deps.ownerOf(settings, store);
    if (ownership.state !== 'own') throw new StorageError(ownership.code, { operation: 'put', refused: true });
    return 'not tried';
  });
}

interface WriteContext {
  recorder: StepRecorder;
  capabilities: Capabilities;
  clock: Clock;
  signal: AbortSignal;
  openEncrypted(encryption: Encryption): ProbeConnection;
}

async function write(connection: ProbeConnection, name: string, context: WriteContext): Promise<void> {
  const { recorder, capabilities, signal } = context;
  if (recorder.failed) return;
  const { store } = connection;
  const { bytes, body } = probeBody();
  let deleted = false;
  try {
    await recorder.run('write', async () => {
      const facts = await store.put(name, body, { contentType: 'text/plain', signal }).catch(async (error: unknown) => {
        if (isStorageError(error, 'ACCESS_DENIED') && (await takesEncrypted(context, name, body))) {
          throw new StorageError('ENCRYPTION_DEMANDED', { operation: 'put', status: error.status, cause: error });
        }
        throw error;
      });
      if (facts.etag !== null) capabilities.etagIsMd5 = facts.etag === body.md5;
    });
    await recorder.run('verify', async () => {
      const { body: stream } = await store.get(name, { signal });
      const readBack = await buffer(stream);
      if (!readBack.equals(bytes)) throw new StorageError('INTEGRITY', { operation: 'verify' });
      const facts = await store.head(name, { signal });
      if (facts.sizeByOpening || facts.size !== bytes.length) recorder.note('HEAD_WITHOUT_LENGTH');
      capabilities.conditionalPut = await honoursCondition(store, name, body, signal);
    });
    deleted = await recorder.run('delete', () => store.delete(name, { signal }));
  } finally {
    if (!deleted) await cleanUp(connection, name, context.clock);
  }
}

/** Whether S3 refuses the same PUT only because it lacks a header that requests encryption. */
async function takesEncrypted({ openEncrypted, signal }: WriteContext, name: string, body: Body): Promise<boolean> {
  for (const encryption of ENCRYPTIONS) {
    const connection = openEncrypted(encryption);
    try {
      await connection.store.put(name, body, { signal });
      return true;
    } catch (error) {
      // where this error shows nothing about encryption, the test reports the refusal of the plain PUT
      if (!isStorageError(error, 'ACCESS_DENIED', 'REJECTED', 'UNSUPPORTED')) return false;
    } finally {
      connection.close();
    }
  }
  return false;
}

/**
 * Whether a store refuses to overwrite the test's object on request. A store without this condition says so, or overwrites; null means unknown.
 */
async function honoursCondition(store: ObjectStore, name: string, body: Body, signal: AbortSignal): Promise<boolean | null> {
  try {
    await store.put(name, body, { onlyIfAbsent: true, signal });
    return false;
  } catch (error) {
    if (isStorageError(error, 'NAME_TAKEN')) return true;
    return isStorageError(error, 'UNSUPPORTED', 'REJECTED') ? false : null;
  }
}

/** Removes the test's object, even after a PUT that failed, because it may have taken effect. An error here adds nothing to the result. */
async function cleanUp({ store }: ProbeConnection, name: string, clock: Clock): Promise<void> {
  const stop = new AbortController();
  const timer = new AbortController();
  clock.sleep(CLEAN_UP_BUDGET_MS, timer.signal).then(
    () => stop.abort(new StorageError('TIMEOUT', { operation: 'delete' })),
    () => undefined,
  );
  try {
    await abandonable(store.delete(name, { signal: stop.signal }), stop.signal);
  } catch {
    // the step that failed gives the reason
  } finally {
    timer.abort();
  }
}
