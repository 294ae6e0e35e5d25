import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sweepFiles } from '../../../../server/src/core/sweep/sweep';
import type { LocalStore } from '../../../../server/src/core/store/local/local-store';
import { StorageError } from '../../../../server/src/core/errors';
import { isOwnLocalName, type LocalName, type VolumeId } from '../../../../server/src/core/keys';
import { localOf } from '../../../../server/src/core/ledger/state';
import { bodyOf, md5Of } from '../../../support/bodies';
import { auditWorld, DAY, type AuditWorld } from './support';
import { commitCleanup, commitRestore } from '../../../support/ledger-steps';

let world: AuditWorld;
beforeEach(async () => {
  world = await auditWorld();
  // this file proves the bucket
  await world.remote('proof.png');
});
afterEach(() => world.close());

const at = (name: string) => path.join(world.folder, name);
const localNameOf = async (key: string) => localOf(await world.row(key))!.localName;
/** Makes a file whose upload was proven, as phase 1 leaves it, and which has an own name on disk. */
const ownBoth = async (key: string) => {
  const content = `bytes of ${key}`;
  const { ledger, jobs, bucket, s3 } = world;
  const file = await ledger.begin({ kind: 'file', key: world.key(key), volume: jobs.volume.id, plainFree: false });
  await jobs.disk.put(file.name, bodyOf(content));
  await ledger.publish([{ intent: file, size: content.length, md5: md5Of(content), mime: null, origin: 'fallback' }], { condemnObjects: true });
  const object = await ledger.begin({ kind: 'object', key: world.key(key), locationId: bucket.locationId, prefix: '', plainFree: true });
  const { etag } = await s3.put(object.name, bodyOf(content));
  await ledger.commitUploads([{ row: await world.row(key), intent: object, etag, md5: md5Of(content) }]);
  world.listed.add(world.key(key));
};
/** Condemns the copy on disk as phase 2 does, and then removes the object. @returns the condemned name */
const cleanThenLose = async (key: string, graceMs = DAY): Promise<LocalName> => {
  const name = await localNameOf(key);
  await commitCleanup(world.ledger, await world.row(key), { graceMs });
  await world.s3.delete(await world.objectNameOf(key));
  return name;
};
const sweep = async () => {
  world.state.now += 2 * DAY;
  await sweepFiles(world.jobs, new AbortController().signal);
};
/** Runs an audit with a disk that behaves in another way. @returns its findings */
const applied = async (disk: Partial<LocalStore>) => {
  const changed = Object.assign(Object.create(world.jobs.disk) as LocalStore, disk);
  const { findings } = await world.audit({ apply: true }, { deps: { disk: changed } });
  return findings.map(({ kind, key, action, applied: done }) => `${kind} ${key} ${action}${done ? ' applied' : ''}`).sort();
};

describe.each([
  ['its plain path', (key: string) => world.both(key)],
  ['an own name', ownBoth],
])('a condemned copy under %s whose object is gone', (_where, arrange) => {
  beforeEach(() => arrange('a.png'));

  test('is copied for another upload before the sweeper removes it; without "apply" an audit only reports it', async () => {
    const condemned = await cleanThenLose('a.png');
    const before = await world.row('a.png');
    for (const request of [{}, { apply: true, dryRun: true }]) expect(await world.found(request)).toEqual(['object-missing a.png upload-again']);
    expect(await world.row('a.png')).toEqual(before);
    expect(await world.found({ apply: true })).toEqual(['object-missing a.png upload-again applied']);
    const row = await world.row('a.png');
    expect(row).toMatchObject({ origin: 'library', ticket: before.ticket, rev: before.rev + 1, plainUsed: true, lastError: null });
    expect(row.placement).toMatchObject({ state: 'local', content: { md5: md5Of('bytes of a.png') }, local: { volume: world.jobs.volume.id } });
    await sweep();
    expect(existsSync(at(condemned))).toBe(false);
    expect(isOwnLocalName(await localNameOf('a.png'))).toBe(true);
    expect(await world.read('a.png')).toBe('bytes of a.png');
    expect(await world.ledger.pendingWork({ work: 'upload', volume: world.jobs.volume.id, origin: 'library' })).toBe(true);
    expect(await world.found({ apply: true })).toEqual([]);
  });

  test('is left by the sweeper where the bucket proves nothing, and is rescued by the next audit', async () => {
    await cleanThenLose('a.png', 0);
    await world.s3.delete(await world.objectNameOf('proof.png'));
    await sweep();
    expect(await world.found({ apply: true })).toContain('object-missing a.png upload-again applied');
  });

  test('is rescued for a row that is marked as lost, and the mark goes', async () => {
    await cleanThenLose('a.png');
    await world.ledger.markLost(await world.row('a.png'));
    expect(await world.found({ apply: true })).toEqual(['object-missing a.png upload-again applied']);
    expect((await world.row('a.png')).lastError).toBeNull();
  });

  test('is not rescued with other bytes: its row is marked as lost', async () => {
    await writeFile(at(await cleanThenLose('a.png')), 'BYTES of a.png');
    expect(await world.found({ apply: true })).toEqual(['lost a.png mark-lost applied']);
  });

  test('is not rescued for another key', async () => {
    await arrange('b.png');
    const name = await cleanThenLose('b.png');
    await cleanThenLose('a.png');
    await rm(at(name));
    expect(await world.found({ apply: true })).toEqual(['lost b.png mark-lost applied', 'object-missing a.png upload-again applied']);
  });

  test('gives the row only a failure when the disk is full, or when it is swept while it is copied', async () => {
    const condemned = await cleanThenLose('a.png');
    const { placement } = await world.row('a.png');
    const full = async () => Promise.reject(new StorageError('DISK_FULL', { refused: true }));
    expect(await applied({ put: full })).toEqual(['object-missing a.png upload-again']);
    expect(await world.row('a.png')).toMatchObject({ placement, lastError: 'DISK_FULL' });
    const { put } = world.jobs.disk;
    const late: LocalStore['put'] = async (...to) => {
      await rm(at(condemned));
      return put.apply(world.jobs.disk, to);
    };
    expect(await applied({ put: late })).toEqual(['failed a.png none', 'object-missing a.png upload-again']);
    expect((await world.row('a.png')).placement).toEqual(placement);
    const unfinished = await world.ledger.dueNames({ kind: 'file', volume: world.jobs.volume.id }, 10);
    expect(unfinished.map(({ unfinished: begun }) => begun)).toEqual([true, true]);
  });

  test('gives way to a write that comes first, and what was copied is due for the sweeper', async () => {
    await cleanThenLose('a.png');
    const { put } = world.jobs.disk;
    const late: LocalStore['put'] = async (...to) => {
      await world.put('a.png', 'new');
      return put.apply(world.jobs.disk, to);
    };
    expect(await applied({ put: late })).toEqual(['object-missing a.png upload-again']);
    expect(await world.read('a.png')).toBe('new');
    expect(await world.ledger.dueNames({ kind: 'file', volume: world.jobs.volume.id }, 10)).toHaveLength(1);
  });

  test('is rescued only once the other disk that may have the row’s copy has vanished', async () => {
    const name = await localNameOf('a.png');
    await commitCleanup(world.ledger, await world.row('a.png'), { graceMs: DAY });
    const other = await world.ledger.begin({ kind: 'file', key: world.key('a.png'), volume: 'other' as VolumeId, plainFree: false });
    await commitRestore(world.ledger, await world.row('a.png'), other);
    await world.s3.delete(await world.objectNameOf('a.png'));
    world.otherDisk('other', false);
    expect(await world.found({ apply: true })).toEqual(['object-missing a.png none']);
    world.volumes.length = 0;
    world.otherDisk('other', true);
    expect(await world.found({ apply: true })).toEqual(['object-missing a.png upload-again applied']);
    expect(existsSync(at(name))).toBe(true);
  });
});

test.each([
  ['in S3 and on this disk', 'object-missing', ownBoth],
  ['on this disk alone', 'file-missing', async (key: string) => {
    await ownBoth(key);
    await world.ledger.demote(await world.row(key), { volume: world.jobs.volume.id, localName: await localNameOf(key) });
  }],
] as const)('a settled file %s whose plain path and object are gone is rescued from its former name', async (_where, kind, arrange) => {
  await arrange('a.png');
  const row = await world.row('a.png');
  const intent = (await world.ledger.beginSettle(row))!;
  await world.jobs.disk.giveName(await localNameOf('a.png'), intent.name);
  await world.ledger.commitSettle(row, intent);
  await rm(at(intent.name));
  for (const object of world.s3.names()) if (object !== 'proof.png') await world.s3.delete(object);
  expect(await world.found({ apply: true })).toEqual([`${kind} a.png upload-again applied`]);
  await sweep();
  expect(await world.read('a.png')).toBe('bytes of a.png');
});

test('an audit asks the ledger for condemned files once a page, and only if an object of the page is missing', async () => {
  const { condemnedFiles } = world.ledger;
  let asked = 0;
  world.ledger.condemnedFiles = (...of) => {
    asked++;
    return condemnedFiles(...of);
  };
  for (let n = 0; n < 5; n++) await world.both(`${n}.png`);
  expect(await world.found()).toEqual([]);
  expect(asked).toBe(0);
  for (let n = 0; n < 5; n++) await cleanThenLose(`${n}.png`);
  expect(await world.found({ apply: true })).toHaveLength(5);
  expect(asked).toBe(1);
});
