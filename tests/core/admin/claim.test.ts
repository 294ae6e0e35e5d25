import { readMarker } from '../../../server/src/core/buckets/owner/marker';
import type { DatabaseIdentity } from '../../../server/src/core/buckets/owner/database-identity';
import { OwnerWatch, type Reachable } from '../../../server/src/core/buckets/owner/owner-watch';
import type { ErrorCode } from '../../../server/src/contracts/errors';
import { ClaimApi } from '../../../server/src/core/admin/claim';
import { StorageError } from '../../../server/src/core/errors';
import { Instance, instanceFacts } from '../../../server/src/core/instance';
import { MemoryLedger } from '../../../server/src/core/memory/ledger';
import { MemoryObjectStore } from '../../../server/src/core/memory/object-store';
import { MemoryOwnerBook } from '../../../server/src/core/memory/owner-book';
import { SettingsService } from '../../../server/src/core/settings/service';
import { Redactor } from '../../../server/src/core/settings/redactor';
import { DAY, Hand, key } from '../../contract/ledger/harness';
import { quietEvents } from '../../support/events';
import { FakeClock } from '../../support/fake-clock';
import { MemorySettingsRepository, recordingLog, toyBox } from '../settings/support';

const STORED = { endpoint: 'http://127.0.0.1:9000', bucket: 'media', prefix: 'site/', accessKeyId: 'KEY', secretAccessKey: 'secret' };
const NONE = { count: 0, bytes: 0 };

let store: MemoryObjectStore;
let failure: ErrorCode | null;
beforeEach(() => {
  store = new MemoryObjectStore();
  failure = null;
});

/** A process with a database of its own, whose settings lead to the one bucket. */
async function server({ name = 'A', book = new MemoryOwnerBook(), ledger, settings = STORED }: Partial<{ name: string; book: MemoryOwnerBook; ledger: MemoryLedger; settings: Record<string, unknown> }> = {}) {
  const clock = new FakeClock();
  const log = recordingLog();
  const rows = ledger ?? new MemoryLedger(clock);
  const service = new SettingsService({ repository: new MemorySettingsRepository(), variables: {}, secrets: toyBox(), configFile: null, clock, log, redactor: new Redactor(), isCron: () => true });
  await service.update(settings);
  const fail = () => (failure ? Promise.reject(new StorageError(failure, { refused: true })) : undefined);
  const target: Reachable = {
    area: { id: 'area', endpoint: STORED.endpoint, bucket: STORED.bucket, prefix: STORED.prefix },
    store: { get: (...of) => fail() ?? store.get(...of), put: (...of) => fail() ?? store.put(...of), delete: (...of) => store.delete(...of) },
    isRightBucket: async () => false,
  };
  const identity: DatabaseIdentity = { kind: 'sqlite', inode: name };
  const owners = new OwnerWatch({ book, claimsFrom: null, clock, identify: async () => identity, mayWrite: () => true, beforeClaim: () => rows.sendKept(), log, onChange: () => undefined });
  const instance = new Instance(service, instanceFacts({}, true), quietEvents(), () => owners.of('area'));
  const hasBucket = 'bucket' in settings;
  const claim = new ClaimApi({ service, instance, owners, ledger: rows, connections: { owned: hasBucket ? target : undefined }, applied: async () => undefined });
  if (hasBucket) await owners.look(target);
  return { book, claim, clock, instance, ledger: rows, owners, target, hand: new Hand(() => ({ ledger: rows, advance: (ms) => clock.advance(ms) })) };
}

/** A server that owns the bucket, and one on a copy of its database. */
async function production() {
  const original = await server();
  const copy = await server({ name: 'B', book: original.book.copy() });
  return { original, copy };
}

const ownerInBucket = async () => {
  const seen = await readMarker(store, STORED.prefix);
  return seen.kind === 'marker' ? seen.marker.owner : null;
};
const refusal = (work: Promise<unknown>) => work.then(() => null, (error: unknown) => (error as { code: string }).code);

describe('the answer', () => {
  it('says on a copy why it is read-only, whose the bucket is, and what a claim would do', async () => {
    const { original, copy } = await production();
    await copy.hand.fallBack('kept.png', 'read-only');
    await copy.hand.fallBack('waits.png');
    await copy.hand.put('deleted.png');
    await copy.ledger.bury(key('deleted.png'), { purgeAfterMs: DAY });
    const { keptByCopy, pendingUploads, trash } = await copy.ledger.tallies();

    expect(await copy.claim.answer()).toEqual({
      reason: { code: 'DATABASE_COPY', message: expect.any(String), hint: expect.any(String) },
      area: { endpoint: STORED.endpoint, bucket: 'media', prefix: 'site/' },
      owner: { id: await ownerInBucket(), server: expect.any(String), seenAt: expect.stringMatching(/^\d{4}-.*Z$/) },
      uploads: { count: 2, bytes: keptByCopy.bytes + pendingUploads.bytes },
      deletes: { count: 1, bytes: trash.bytes },
    });
    expect(original.instance.mode).toBe('read-write');
  });

  it('changes nothing: neither the owner in the bucket nor the kept files', async () => {
    const { copy } = await production();
    await copy.hand.fallBack('kept.png', 'read-only');
    const owner = await ownerInBucket();
    await copy.claim.answer();
    expect(await ownerInBucket()).toBe(owner);
    expect((await copy.ledger.tallies()).keptByCopy.count).toBe(1);
  });

  it('names the owner who took the bucket since the last look', async () => {
    const { copy } = await production();
    const second = await server({ name: 'C', book: copy.book.copy() });
    await second.claim.claim({});
    expect((await copy.claim.answer()).owner.id).toBe(await ownerInBucket());
  });

  it('has no reason on the owner, and none without a bucket', async () => {
    expect(await (await server()).claim.answer()).toMatchObject({ reason: null, uploads: NONE, deletes: NONE });
    expect(await (await server({ settings: {} })).claim.answer()).toMatchObject({ reason: null, owner: { id: null, server: null, seenAt: null } });
  });
});

describe('a claim', () => {
  it('makes this database the owner and the files kept meanwhile due, and the former owner a reader', async () => {
    const { original, copy } = await production();
    await copy.hand.fallBack('kept.png', 'read-only');
    const { owner } = await copy.claim.answer();

    expect(await copy.claim.claim({ owner: owner.id })).toMatchObject({ reason: null, uploads: { count: 1 } });

    expect(copy.instance.mode).toBe('read-write');
    expect(await ownerInBucket()).not.toBe(owner.id);
    expect(await copy.ledger.tallies()).toMatchObject({ keptByCopy: { count: 0 }, pendingUploads: { count: 1 } });
    await original.owners.look(original.target);
    expect(original.instance).toMatchObject({ mode: 'read-only', reason: 'BUCKET_OWNED' });
  });

  it('is refused without a confirmation while files wait for their deletion, and changes nothing then', async () => {
    const { copy } = await production();
    await copy.hand.fallBack('kept.png', 'read-only');
    await copy.hand.put('deleted.png');
    await copy.ledger.bury(key('deleted.png'), { purgeAfterMs: DAY });
    const owner = await ownerInBucket();

    for (const body of [undefined, {}, { owner }, { owner, confirmDeletes: false }]) {
      expect(await refusal(copy.claim.claim(body))).toBe('CLAIM_DELETES');
    }
    expect(await ownerInBucket()).toBe(owner);
    expect(copy.instance.mode).toBe('read-only');
    expect((await copy.ledger.tallies()).keptByCopy.count).toBe(1);

    expect(await copy.claim.claim({ owner, confirmDeletes: true })).toMatchObject({ reason: null, deletes: { count: 1 } });
  });

  it('is refused where the owner is not the one that the person has seen', async () => {
    const { copy } = await production();
    await copy.hand.fallBack('kept.png', 'read-only');
    const owner = await ownerInBucket();
    for (const seen of ['somebody-else', null]) expect(await refusal(copy.claim.claim({ owner: seen }))).toBe('CLAIM_OUTDATED');
    expect(await ownerInBucket()).toBe(owner);
    expect((await copy.ledger.tallies()).keptByCopy.count).toBe(1);
  });

  it('of two servers at once is given to one of them', async () => {
    const { copy } = await production();
    const second = await server({ name: 'C', book: copy.book.copy() });
    const owner = await ownerInBucket();
    const ends = await Promise.all([copy, second].map((one) => refusal(one.claim.claim({ owner }))));
    expect(ends.sort()).toEqual(['CLAIM_OUTDATED', null]);
  });

  it('takes a bucket whose marker nobody can read, once the person has seen that', async () => {
    const { original } = await production();
    await store.delete(`${STORED.prefix}.s3-storage-owner.json`);
    expect(await original.claim.answer()).toMatchObject({ reason: { code: 'MARKER_MISSING' }, owner: { id: null } });
    expect(await original.claim.claim({ owner: null })).toMatchObject({ reason: null });
    expect(original.instance.mode).toBe('read-write');
  });

  it('is refused where there is nothing to claim: on the owner, without a bucket, and by a setting', async () => {
    const { copy } = await production();
    const meant = await server({ name: 'D', book: copy.book.copy(), settings: { ...STORED, leaving: true } });
    for (const one of [await server({ settings: {} }), meant]) expect(await refusal(one.claim.claim({ confirmDeletes: true }))).toBe('NOTHING_TO_CLAIM');
    store = new MemoryObjectStore();
    expect(await refusal((await server()).claim.claim({}))).toBe('NOTHING_TO_CLAIM');
  });

  it('that S3 does not take changes nothing, and can be repeated', async () => {
    const { copy } = await production();
    await copy.hand.fallBack('kept.png', 'read-only');
    const owner = await ownerInBucket();
    failure = 'ACCESS_DENIED';
    expect(await refusal(copy.claim.claim({ owner }))).not.toBeNull();
    failure = null;
    expect(await ownerInBucket()).toBe(owner);
    expect((await copy.ledger.tallies()).keptByCopy.count).toBe(1);
    expect(await refusal(copy.claim.claim({ owner }))).toBeNull();
  });

  it('names the fields of a body that is none', async () => {
    const { copy } = await production();
    await expect(copy.claim.claim({ owner: 5, confirmDeletes: 'yes', force: true })).rejects.toMatchObject({
      code: 'INVALID_QUERY',
      fields: expect.arrayContaining([expect.objectContaining({ path: 'owner' }), expect.objectContaining({ path: 'confirmDeletes' }), expect.objectContaining({ path: 'force' })]),
    });
  });
});
