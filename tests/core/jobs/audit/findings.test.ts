import { bucketsWith } from '../../../support/buckets';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { layer } from '../../../../server/src/core/store/resilience/layer';
import { StorageError } from '../../../../server/src/core/errors';
import type { VolumeId } from '../../../../server/src/core/keys';
import { bodyOf, md5Of } from '../../../support/bodies';
import { auditWorld, DAY, type AuditWorld } from './support';

describe.each(['', 'media/'])('with the prefix "%s"', (prefix) => {
  let world: AuditWorld;
  beforeEach(async () => {
    world = await auditWorld({ prefix });
    // this file proves the bucket
    await world.remote('proof.png');
  });
  afterEach(() => world.close());
  const unlink = (name: string) => rm(path.join(world.folder, name));
  const states = async (...keys: string[]) => Promise.all(keys.map(async (key) => (await world.row(key)).placement.state));

  test('an audit finds nothing where all is in order, and sends no HEAD for objects that it has listed', async () => {
    await world.remote('a.png');
    await world.remote('a.png', 'replaced');
    await world.both('b.png');
    await world.local('c.png');
    await world.file('.gitkeep', '');
    await world.s3.put(`${prefix}.s3-storage-owner.json`, bodyOf('{}'));
    world.list('a.png', 'b.png', 'c.png');
    expect(await world.found({ apply: true })).toEqual([]);
    const { outcome, progress } = await world.audit();
    expect(outcome).toEqual({ status: 'complete' });
    // the audit does not ask again for objects that it has listed
    expect(progress).toMatchObject({ done: 4, total: 4, requests: { list: 1, head: 0 } });
  });

  test('object-missing: a proven copy on this disk is uploaded again', async () => {
    await world.both('a.png');
    const name = await world.objectNameOf('a.png');
    await world.s3.delete(name);
    expect(await world.found()).toEqual(['object-missing a.png upload-again']);
    expect(await states('a.png')).toEqual(['both']);
    expect(await world.found({ apply: true })).toEqual(['object-missing a.png upload-again applied']);
    expect(await world.row('a.png')).toMatchObject({ origin: 'library', placement: { state: 'local', content: { md5: md5Of('bytes of a.png') } } });
  });

  test('object-missing: a file that was put back at the plain path is uploaded again only with the right bytes', async () => {
    world.otherDisk('other', false);
    await world.remote('a.png');
    await world.remote('b.png');
    for (const key of ['a.png', 'b.png']) await world.s3.delete(await world.objectNameOf(key));
    await writeFile(path.join(world.folder, 'a.png'), 'bytes of a.png');
    await writeFile(path.join(world.folder, 'b.png'), 'bytes of B.png');
    expect(await world.found({ apply: true })).toEqual(['object-missing a.png upload-again applied', 'object-missing b.png none']);
    expect(await states('a.png', 'b.png')).toEqual(['local', 'remote']);
  });

  test('lost: the object is missing, and the copy on disk has other bytes', async () => {
    await world.both('a.png');
    await world.s3.delete(await world.objectNameOf('a.png'));
    await writeFile(path.join(world.folder, 'a.png'), 'BYTES of a.png');
    expect(await world.found()).toEqual(['lost a.png mark-lost']);
  });

  test('object-changed: the object is not removed, and a proven copy on this disk is uploaded again', async () => {
    await world.both('a.png');
    await world.remote('b.png');
    const [a, b] = [await world.objectNameOf('a.png'), await world.objectNameOf('b.png')];
    // the other bytes have the same size
    for (const [name, key] of [[a, 'a.png'], [b, 'b.png']] as const) await world.s3.put(name, bodyOf(`BYTES of ${key}`));
    expect(await world.found({ apply: true })).toEqual(['object-changed a.png upload-again applied', 'object-changed b.png none']);
    expect(await states('a.png', 'b.png')).toEqual(['local', 'remote']);
    // from now on the object is an orphan
    expect(await world.found({ apply: true })).toEqual(['object-changed b.png none', `orphan-object ${a} none`]);
    expect(await world.object(a)).toBe('BYTES of a.png');
  });

  test('file-missing: the ledger forgets a copy that is gone after a HEAD has found the object', async () => {
    await world.both('a.png');
    await unlink('a.png');
    world.requests.length = 0;
    expect(await world.found({ apply: true })).toEqual(['file-missing a.png drop-file-copy applied']);
    expect(world.requests).toEqual([`list ${prefix}`, `head ${world.name('a.png')}`]);
    expect(await states('a.png')).toEqual(['remote']);
    expect(await world.found()).toEqual([]);
  });

  test('file-missing: the ledger keeps the copy when S3 refuses the HEAD of the object', async () => {
    await world.both('a.png');
    await unlink('a.png');
    world.fault = (operation) => (operation === 'head' ? Promise.reject(new StorageError('ACCESS_DENIED', { refused: true })) : undefined);
    expect(await world.found({ apply: true })).toEqual(['file-missing a.png none']);
    expect(await states('a.png')).toEqual(['both']);
  });

  test('object-archived: a HEAD decides where the listing leaves it open', async () => {
    await world.both('a.png');
    await world.remote('b.png');
    await world.remote('c.png');
    const [a, b] = [await world.objectNameOf('a.png'), await world.objectNameOf('b.png')];
    // b.png has a class that archives by itself, and has not done so
    const { store } = world.bucket;
    const vague = layer(store, {
      list: async (...request) => {
        const page = await store.list(...request);
        return { ...page, objects: page.objects.map((object) => (object.name === a || object.name === b ? { ...object, mayBeArchived: true } : object)) };
      },
    });
    world.fault = (operation, name, real) => (operation === 'head' && name === a ? real.head(name).then((facts) => ({ ...facts, archived: true })) : undefined);
    world.requests.length = 0;
    const { findings } = await world.audit({ apply: true }, { deps: { buckets: bucketsWith(world.deps.buckets, { storeAt: () => vague }) } });
    expect(findings).toMatchObject([{ kind: 'object-archived', key: 'a.png', name: a, code: 'OBJECT_ARCHIVED', action: 'none', applied: false }]);
    expect(world.requests.sort()).toEqual([`head ${a}`, `head ${b}`, `list ${prefix}`].sort());
    expect(await states('a.png', 'b.png')).toEqual(['both', 'remote']);
  });

  test('file-changed: the audit reports the file, and leaves its row as it is', async () => {
    await world.both('a.png');
    await world.local('b.png');
    for (const key of ['a.png', 'b.png']) await writeFile(path.join(world.folder, key), 'other');
    expect(await world.found({ apply: true })).toEqual(['file-changed a.png none', 'file-changed b.png none']);
    expect(await states('a.png', 'b.png')).toEqual(['both', 'local']);
  });

  test('lost: the file is neither in a proven bucket nor on a disk, and its row is marked', async () => {
    await world.remote('a.png');
    await world.s3.delete(await world.objectNameOf('a.png'));
    await world.local('b.png');
    await unlink('b.png');
    expect(await world.found()).toEqual(['lost a.png mark-lost', 'lost b.png mark-lost']);
    expect((await world.row('a.png')).lastError).toBeNull();
    expect(await world.found({ apply: true })).toEqual(['lost a.png mark-lost applied', 'lost b.png mark-lost applied']);
    expect([await world.row('a.png'), await world.row('b.png')]).toMatchObject([{ lastError: 'LOST' }, { lastError: 'LOST' }]);
  });

  const nearlyLost: [string, (world: AuditWorld) => unknown, string[]][] = [
    ['the bucket was not proven', async () => world.s3.delete(await world.objectNameOf('proof.png')), ['object-missing proof.png none']],
    ['another disk may have it', () => world.otherDisk('other', false), []],
    ['an object lies under its plain name', async () => {
      for (const key of ['a.png', 'b.png']) await world.s3.put(world.name(key), bodyOf('found by somebody'));
    }, []],
  ];
  test.each(nearlyLost)('lost: the audit does not call a file lost while %s', async (_why, arrange, more) => {
    // the first write takes the plain name and the second an own name, so that the plain name in S3 is free below
    await world.put('a.png', 'first');
    await world.remote('a.png');
    await world.s3.delete(await world.objectNameOf('a.png'));
    await world.s3.delete(world.name('a.png'));
    await world.local('b.png');
    await unlink('b.png');
    await arrange(world);
    const found = (await world.found({ apply: true })).filter((line) => !line.startsWith('orphan-object'));
    expect(found).toEqual(['file-missing b.png none', 'object-missing a.png none', ...more].sort());
  });

  test('an audit judges no file by an uploads folder whose volume id is missing', async () => {
    await world.local('a.png');
    await world.both('b.png');
    for (const name of ['a.png', 'b.png', '.s3-storage/volume']) await unlink(name);
    expect(await world.found({ apply: true })).toEqual([]);
  });

  test('stranded: the only copy is on a volume that has vanished or that nobody has heard of', async () => {
    world.otherDisk('gone', true);
    world.otherDisk('alive', false);
    for (const volume of ['gone', 'alive', 'unheard'] as VolumeId[]) {
      await world.ledger.record([{ key: world.key(`${volume}.png`), local: { volume, localName: 'x.png' as never }, size: 3 }]);
      world.list(`${volume}.png`);
    }
    expect(await world.found({ apply: true })).toEqual(['stranded gone.png none', 'stranded unheard.png none']);
  });

  test('orphan-object: an unknown object is reported and not removed, and a recorded name is no orphan', async () => {
    await world.s3.put(world.name('stranger.png'), bodyOf('x'));
    await world.s3.put(world.name('folder/odd'), bodyOf('y'));
    const pending = await world.ledger.begin({ kind: 'object', key: world.key('p.png'), locationId: world.bucket.locationId, prefix, plainFree: true });
    await world.s3.put(pending.name, bodyOf('z'));
    expect(await world.found({ apply: true })).toEqual([`orphan-object ${world.name('folder/odd')} none`, `orphan-object ${world.name('stranger.png')} none`]);
    expect(world.s3.names()).toHaveLength(4);
  });

  test('unlisted: a file that the library does not list is buried after a day, and its purge is due a week later', async () => {
    await world.remote('a.png');
    await world.remote('b.png');
    world.listed.delete(world.key('a.png'));
    expect(await world.found({ apply: true })).toEqual([]);
    world.state.now += DAY;
    expect(await world.found({ apply: true })).toEqual(['unlisted a.png bury applied']);
    expect((await world.row('a.png')).tombstone).not.toBeNull();
    expect(await world.ledger.duePurges(10)).toEqual([]);
    world.state.now += 7 * DAY;
    expect((await world.ledger.duePurges(10)).map(({ key }) => key)).toEqual(['a.png']);
  });

  test('a format with an unusual name counts as listed: it is not buried, and its bytes are no orphans', async () => {
    for (const key of ['photo_1a2b_xs.png', 'cover.png']) {
      await world.remote(key);
      world.listed.delete(world.key(key));
      world.unusual.add(world.key(key));
    }
    for (const key of ['disk_1a2b_xs.png', 'bucket_1a2b_xs.png', 'nowhere_1a2b_xs.png']) {
      world.unusual.add(world.key(key));
      world.library.push(key);
    }
    await world.file('disk_1a2b_xs.png', 'x', 30 * DAY);
    await world.s3.put(world.name('bucket_1a2b_xs.png'), bodyOf('x'));
    world.state.now += 2 * DAY;
    expect(await world.found({ apply: true })).toEqual(['lost nowhere_1a2b_xs.png mark-lost applied']);
    expect([await world.row('photo_1a2b_xs.png'), await world.row('cover.png')]).toMatchObject([{ tombstone: null }, { tombstone: null }]);
  });

  test('failed: the finding has the error of the last attempt', async () => {
    await world.local('a.png');
    await world.ledger.recordFailure(await world.row('a.png'), 'DISK_ERROR', 0);
    const { findings } = await world.audit();
    expect(findings).toMatchObject([{ kind: 'failed', key: 'a.png', code: 'DISK_ERROR', action: 'none' }]);
  });

  test('orphan-file: a plain file that the library does not list is only reported', async () => {
    await world.file('stranger.png', 'x', 30 * DAY);
    await world.file('listed.png', 'y');
    await world.file('folder/deep.png', 'z');
    world.list('listed.png');
    expect(await world.found({ apply: true })).toEqual(['orphan-file folder/deep.png none', 'orphan-file stranger.png none']);
    expect(await world.ledger.dueNames({ kind: 'file', volume: world.jobs.volume.id }, 10)).toEqual([]);
  });

  test('orphan-file: an own name is swept when it is old, and other files in its folder are only reported', async () => {
    const intent = await world.ledger.begin({ kind: 'file', key: world.key('a.png'), volume: world.jobs.volume.id, plainFree: false });
    // the name of this file is too long to show its key
    const long = `${'x'.repeat(200)}.png`;
    const fallback = await world.ledger.begin({ kind: 'file', key: world.key(long), volume: world.jobs.volume.id, plainFree: false });
    for (const name of [intent.name, fallback.name]) await world.file(name, 'bytes', 30 * DAY);
    await world.ledger.publish([{ intent: fallback, size: 5, md5: md5Of('bytes'), mime: null, origin: 'fallback' }], { condemnObjects: true });
    world.list(long);
    await world.file('.s3-storage/old.11123456789.png', 'x', 8 * DAY);
    await world.file('.s3-storage/young.11123456789.png', 'x', 6 * DAY);
    await world.file('.s3-storage/notes.txt', 'x', 30 * DAY);
    await world.file('.s3-storage/aside/a.png', 'x', 30 * DAY);
    await world.file('.s3-storage/tmp/draft', 'x', 30 * DAY);
    expect(await world.found({ apply: true })).toEqual([
      'orphan-file .s3-storage/aside/a.png none',
      'orphan-file .s3-storage/notes.txt none',
      'orphan-file .s3-storage/old.11123456789.png sweep applied',
    ]);
    const due = await world.ledger.dueNames({ kind: 'file', volume: world.jobs.volume.id }, 10);
    expect(due.map(({ name }) => name)).toEqual(['.s3-storage/old.11123456789.png']);
  });

  test('missing: a listed file is nowhere to be found, and it is lost when no other disk can have it', async () => {
    world.list('disk.png', 'bucket.png', 'nowhere.png');
    world.library.push('no/../key');
    await world.file('disk.png', 'x');
    await world.s3.put(world.name('bucket.png'), bodyOf('x'));
    expect(await world.found({ apply: true })).toEqual(['lost nowhere.png mark-lost applied']);
    expect(world.missing).toEqual([['nowhere.png', 'LOST']]);
    world.otherDisk('other', false);
    expect(await world.found({ apply: true })).toEqual(['missing nowhere.png none']);
  });
});
