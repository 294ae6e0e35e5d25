import { layer } from '../../../../server/src/core/store/resilience/layer';
import type { Buckets } from '../../../../server/src/core/buckets/buckets';
import { bucketsWith } from '../../../support/buckets';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { StorageError } from '../../../../server/src/core/errors';
import { auditJob } from '../../../../server/src/core/jobs/audit/job';
import type { ObjectKey } from '../../../../server/src/core/keys';
import type { ListRequest, ObjectPage } from '../../../../server/src/core/store/object-store';
import { bodyOf, md5Of } from '../../../support/bodies';
import { auditWorld, DAY, type AuditWorld } from './support';

let world: AuditWorld;
beforeEach(async () => {
  world = await auditWorld();
  await world.remote('proof.png');
});
afterEach(() => world.close());

/** Replaces some of the audit's buckets, as `listing` does with a listing of its own. */
const withBuckets = (given: Partial<Buckets>) => ({ deps: { buckets: bucketsWith(world.deps.buckets, given) } });
const listing = (list: (request: ListRequest) => Promise<ObjectPage>) => withBuckets({ storeAt: () => layer(world.bucket.store, { list: (_prefix, request) => list(request) }) });
const lose = async (key: string) => {
  await world.remote(key);
  await world.s3.delete(await world.objectNameOf(key));
};

test('an audit in read-only mode reports, changes nothing, and refuses to apply', async () => {
  await world.both('a.png');
  await world.s3.delete(await world.objectNameOf('a.png'));
  await lose('b.png');
  const rows = [await world.row('a.png'), await world.row('b.png')];
  world.state.mode = 'read-only';
  expect(await world.found()).toEqual(['lost b.png mark-lost', 'object-missing a.png upload-again']);
  await expect(world.audit({ apply: true })).rejects.toMatchObject({ code: 'READ_ONLY' });
  expect([await world.row('a.png'), await world.row('b.png')]).toEqual(rows);
  const job = auditJob(world.deps);
  const range = { dryRun: false, maxId: null, apply: true };
  expect(await job.blockedBy(range)).toBe('READ_ONLY');
  expect(await job.blockedBy({ ...range, apply: false })).toBeNull();
});

test('an audit applies nothing in a dry run, or once the instance has become read-only during the run', async () => {
  await lose('a.png');
  expect(await world.found({ apply: true, dryRun: true })).toEqual(['lost a.png mark-lost']);
  world.fault = () => void (world.state.mode = 'read-only');
  expect(await world.found({ apply: true })).toEqual(['lost a.png mark-lost']);
  expect((await world.row('a.png')).lastError).toBeNull();
});

test('an audit pauses with the code while S3 is away, and calls nothing missing', async () => {
  await lose('a.png');
  world.fault = () => Promise.reject(new StorageError('UNREACHABLE', { refused: true }));
  const { outcome, findings } = await world.audit({ apply: true });
  expect(outcome.status).toBe('paused');
  expect(['UNREACHABLE', 'CIRCUIT_OPEN']).toContain('code' in outcome && outcome.code);
  expect(findings).toEqual([]);
  world.fault = undefined;
  expect((await world.audit({}, listing(() => Promise.reject(new StorageError('TIMEOUT'))))).outcome).toEqual({ status: 'paused', code: 'TIMEOUT' });
});

test('an audit goes on while another endpoint than the present one is away alone, and says that it did not see everything', async () => {
  await lose('a.png');
  const silent = listing(() => Promise.reject(new StorageError('TIMEOUT')));
  const elsewhere = { deps: { buckets: bucketsWith(silent.deps.buckets, { isElsewhere: () => true }) } };
  const { outcome, findings, progress } = await world.audit({ apply: true }, elsewhere);
  expect([outcome.status, findings, progress.audit]).toEqual(['complete', [expect.objectContaining({ kind: 'failed', code: 'TIMEOUT' })], expect.objectContaining({ bucket: 'unchecked', lost: 0 })]);
  expect((await world.row('a.png')).lastError).toBeNull();
});

describe('the result of an audit', () => {
  const result = async (...of: Parameters<AuditWorld['audit']>) => (await world.audit(...of)).progress.audit;
  const nothing = { findings: 0, applied: 0, lost: 0 };

  test('says that bucket and disk were checked, and that nothing was found', async () => {
    await world.both('a.png');
    expect(await result()).toEqual({ bucket: 'checked', disk: true, ...nothing });
  });

  test('counts the findings, the applied ones and the lost files', async () => {
    await lose('a.png');
    await world.both('b.png');
    await world.s3.delete(await world.objectNameOf('b.png'));
    expect(await result()).toEqual({ bucket: 'checked', disk: true, findings: 2, applied: 0, lost: 1 });
    expect(await result({ apply: true })).toEqual({ bucket: 'checked', disk: true, findings: 2, applied: 2, lost: 1 });
  });

  test('says that the bucket is unchecked while S3 is off or away', async () => {
    expect(await result({}, listing(() => Promise.reject(new StorageError('UNREACHABLE', { refused: true }))))).toMatchObject({ bucket: 'unchecked', findings: 0 });
    world.state.mode = 'off';
    expect((await world.audit()).outcome).toEqual({ status: 'complete' });
    expect(await result()).toMatchObject({ bucket: 'unchecked' });
  });

  test('says that the bucket is partly checked when S3 refuses a listing or a HEAD, or goes away midway', async () => {
    expect(await result({}, listing(() => Promise.reject(new StorageError('ACCESS_DENIED', { refused: true }))))).toMatchObject({ bucket: 'partly' });
    await lose('a.png');
    world.fault = (operation) => (operation === 'head' ? Promise.reject(new StorageError('ACCESS_DENIED', { status: 403, refused: true })) : undefined);
    expect(await result()).toMatchObject({ bucket: 'partly', lost: 0 });
    // S3 goes away before the audit has looked at every object
    world.fault = (operation) => (operation === 'head' ? Promise.reject(new StorageError('UNREACHABLE', { refused: true })) : undefined);
    expect(await result()).toMatchObject({ bucket: 'partly' });
  });

  test('says that the disk was not checked when the uploads folder has no volume id', async () => {
    await rm(path.join(world.folder, '.s3-storage/volume'));
    expect(await result()).toMatchObject({ bucket: 'checked', disk: false });
  });
});

test('an audit that is stopped pauses without a code', async () => {
  expect((await world.audit({}, { signal: AbortSignal.abort() })).outcome).toEqual({ status: 'paused', code: null });
});

test('an audit without the right to list reports that, and sends a HEAD for each object', async () => {
  await lose('a.png');
  const { outcome, findings, progress } = await world.audit({}, listing(() => Promise.reject(new StorageError('ACCESS_DENIED', { refused: true }))));
  expect(outcome).toEqual({ status: 'complete' });
  expect(findings).toContainEqual(expect.objectContaining({ kind: 'failed', key: null, name: 's3/media', code: 'ACCESS_DENIED' }));
  expect(findings.map(({ key }) => key).sort()).toEqual([null, 'a.png'].sort());
  expect(progress.requests.head).toBeGreaterThanOrEqual(2);
});

test.each(['NOT_S3', 'BUCKET_NOT_FOUND'] as const)('an audit of a bucket that answers %s reports only that, and calls no object missing', async (code) => {
  await lose('a.png');
  await world.both('b.png');
  await world.s3.delete(await world.objectNameOf('b.png'));
  const { findings } = await world.audit({ apply: true }, listing(() => Promise.reject(new StorageError(code, { refused: true }))));
  expect(findings).toMatchObject([{ kind: 'failed', name: 's3/media', code }]);
});

test('an audit reports a location that the settings do not reach, and calls no object there missing', async () => {
  await lose('a.png');
  const { findings } = await world.audit({ apply: true }, withBuckets({ storeAt: () => undefined }));
  expect(findings).toMatchObject([{ kind: 'failed', key: null, name: 's3/media', code: 'UNAVAILABLE', applied: false }]);
});

test('an audit drops a suspect whose row has changed before the other look', async () => {
  await lose('a.png');
  await world.both('b.png');
  await rm(path.join(world.folder, 'b.png'));
  // the replace happens between the suspicion and its confirmation
  const replaced = new Set<string>();
  world.fault = (operation, name) => {
    const key = name.replace(/\.\d+/, '');
    if (operation !== 'head' || !['a.png', 'b.png'].includes(key) || replaced.has(key)) return undefined;
    replaced.add(key);
    return (async () => {
      await world.put(key, 'new');
      throw new StorageError('OBJECT_NOT_FOUND', { refused: true });
    })();
  };
  expect(await world.found({ apply: true })).toEqual([]);
  expect([...replaced].sort()).toEqual(['a.png', 'b.png']);
  expect(await world.read('a.png')).toBe('new');
});

test('an audit makes the library rescan once, and asks it in one question for all that seems to be missing', async () => {
  const questions: { count: number; rescan: boolean }[] = [];
  const listedAnywhere: typeof world.jobs.catalog.listedAnywhere = async (keys, options) => {
    questions.push({ count: keys.length, rescan: options?.rescan ?? false });
    return new Set(keys);
  };
  const PAGES = 3;
  const page: typeof world.deps.library.page = async ({ after, limit }) => {
    const left = PAGES * limit - after;
    return Array.from({ length: Math.min(limit, left) }, (_, n) => ({ id: after + n + 1, provider: 'local', names: (after + n) % 50 === 0 ? [`lost-${after + n}.png`] : [] }));
  };
  const { findings } = await world.audit({}, { deps: { catalog: { ...world.jobs.catalog, listedAnywhere }, library: { page, logos: async () => ['lost-logo.png'] } } });
  expect(findings).toHaveLength(13);
  expect(questions.at(-1)?.count).toBe(13);
  expect(questions.map(({ rescan }) => rescan)).toEqual([true, ...questions.slice(1).map(() => false)]);
});

test('an audit reports a library file at a URL of its own as OTHER_URL, and not as missing', async () => {
  const page: typeof world.deps.library.page = async ({ after }) => (after > 0 ? [] : [{ id: 1, provider: 'local', names: [], otherUrls: ['/uploads/2023/x.png'] }]);
  const { findings } = await world.audit({}, { deps: { library: { page, logos: async () => [] } } });
  expect(findings).toEqual([{ kind: 'elsewhere', key: null, name: '/uploads/2023/x.png', size: null, code: 'OTHER_URL', action: 'none', applied: false }]);
});

test('an audit does not bury a file that is replaced while the library is asked about it', async () => {
  await world.remote('b.png');
  world.state.now += 2 * DAY;
  const asked: ObjectKey[][] = [];
  const listedAnywhere = async (keys: readonly ObjectKey[]) => {
    if (keys.length > 0) asked.push([...keys].sort());
    await world.put('b.png', 'new');
    return new Set([world.key('proof.png')]);
  };
  const { findings } = await world.audit({ apply: true }, { deps: { catalog: { ...world.jobs.catalog, listedAnywhere } } });
  expect(findings).toEqual([]);
  // the audit asks one question for all keys
  expect(asked).toEqual([['b.png', 'proof.png']]);
});

test('an audit takes an object that is published after the listing for no orphan', async () => {
  const intent = await world.ledger.begin({ kind: 'object', key: world.key('a.png'), locationId: world.bucket.locationId, prefix: '', plainFree: true });
  const { etag } = await world.s3.put(intent.name, bodyOf('x'));
  world.listed.add(world.key('a.png'));
  const { recordedNames } = world.ledger;
  world.ledger.recordedNames = async (names) => {
    world.ledger.recordedNames = recordedNames;
    await world.ledger.publish([{ intent, size: 1, md5: md5Of('x'), etag, mime: null }], { condemnObjects: true });
    return recordedNames(names);
  };
  const listedAnywhere = async () => new Set<ObjectKey>();
  const { findings } = await world.audit({}, { deps: { catalog: { ...world.jobs.catalog, listedAnywhere } } });
  expect(findings.filter(({ kind }) => kind === 'orphan-object')).toEqual([]);
});

test('audits during uploads, replaces and deletes find only the one file that is really lost', async () => {
  await lose('lost.png');
  for (let n = 0; n < 20; n++) await world.both(`b${n}.png`);
  let audits = 0;
  let writing = true;
  const findings = new Set<string>();
  const audit = async () => {
    while (writing || audits < 3) {
      for (const line of await world.found()) findings.add(line);
      audits++;
    }
  };
  const write = async () => {
    for (let n = 0; n < 200; n++) {
      const key = world.key(`${n % 3 === 0 ? 'b' : 'w'}${n % 20}.png`);
      world.listed.add(key);
      await world.put(key, `content ${n}`);
      if (n % 5 === 4) await world.storage.remove(key);
      await new Promise((resolve) => setImmediate(resolve));
    }
    writing = false;
  };
  await Promise.all([write(), audit()]);
  expect([...findings]).toEqual(['lost lost.png mark-lost']);
  expect(audits).toBeGreaterThan(2);
});

test('an audit of 20,000 objects reads 50 pages, asks for at most 2,000 rows at once, and names none twice', async () => {
  const TOTAL = 20_000;
  const name = (n: number) => `${String(n).padStart(6, '0')}.png`;
  const pages: number[] = [];
  let asked = 0;
  const { locationId } = world.bucket;
  for (let n = 0; n < TOTAL; n += 100) {
    await world.ledger.adopt(world.key(name(n)), { locationId, object: name(n) as never, etag: 'e' }, { size: 1, md5: 'e', mime: null });
    world.listed.add(world.key(name(n)));
  }
  const list = async ({ after = '0', limit }: ListRequest): Promise<ObjectPage> => {
    const from = Number(after);
    pages.push(limit);
    const objects = Array.from({ length: Math.min(limit, TOTAL - from) }, (_, n) => ({ name: name(from + n), size: 1, etag: 'e' }));
    return { objects, next: from + limit < TOTAL ? String(from + limit) : null };
  };
  const { rowsOf } = world.ledger;
  world.ledger.rowsOf = (keys) => {
    asked = Math.max(asked, keys.length);
    return rowsOf(keys);
  };
  const { findings, progress } = await world.audit({}, listing(list));
  expect(pages).toEqual(Array(50).fill(400));
  // proof.png is not in this listing
  expect(progress.requests).toMatchObject({ list: 50, head: 1 });
  expect(asked).toBeLessThanOrEqual(2_000);
  expect(findings).toHaveLength(TOTAL - TOTAL / 100);
  expect(new Set(findings.map((finding) => finding.name)).size).toBe(findings.length);
});
