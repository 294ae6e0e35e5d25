/** Checks what must hold after every step, and looks it up in the database, in the bucket and on the disks themselves. */
import type { ObjectKey } from '../../server/src/core/keys';
import type { LedgerRow } from '../../server/src/core/ledger/state';
import { localOf, remoteOf } from '../../server/src/core/ledger/state';
import { md5Of } from './sim-s3';
import { bytesFor, keysOf, type World } from './world';

const OVERWRITING_PROBE = '.s3-storage-probe-overwriting';

/** Checks every listed key. @throws Violation */
export async function checkPromises(world: World): Promise<void> {
  // nothing is committed yet inside the host's transaction
  if (world.scheduler.transaction) return;
  for (const [file, keys] of world.database.files) {
    const shown = new Map<ObjectKey, number>();
    for (const key of world.certain(file, keys)) {
      const row = await world.database.ledger.find(key);
      const id = row && row.placement.state !== 'new' ? await ofRow(world, key, row) : ofUnseen(world, key);
      // an owner of the bucket has taken it from this database
      if (id === undefined) continue;
      const write = world.writes.get(id);
      if (!write || !world.writes.mayBeSeen(write, null, world.now, world.now)) {
        const expected = world.writes.visible(file, null, world.now, world.now).map((visible) => visible.id);
        world.violated(`the library lists ${key}, whose bytes are now those of write ${id} instead of ${expected.join(' or ')}`);
      }
      shown.set(key, id);
    }
    const [main, thumbnail] = keysOf(file);
    const [mainId, thumbnailId] = [shown.get(main), shown.get(thumbnail)];
    if (mainId !== undefined && thumbnailId !== undefined && mainId !== thumbnailId && !world.writes.underWay(file)) {
      world.violated(`${file} is mixed up: main file of write ${mainId}, thumbnail of write ${thumbnailId}`);
    }
  }
}

/** The write to whose bytes the ledger leads, after a look at all copies. Undefined where only others answer for them. */
async function ofRow(world: World, key: ObjectKey, row: LedgerRow): Promise<number | undefined> {
  if (!('content' in row.placement)) return world.violated(`the library lists ${key}, of which the ledger says: ${row.placement.state}`);
  const { content } = row.placement;
  const ids: number[] = [];
  const remote = remoteOf(row);
  if (remote && world.answersFor(remote.object)) {
    const object = world.s3.objects.get(remote.object);
    if (!object) world.violated(`${key}: the ledger leads to the object "${remote.object}", which is not there`);
    else if (object.md5 !== content.md5) world.violated(`${key}: the object "${remote.object}" has other bytes than the ledger says`);
    else ids.push(idOf(world, key, object.bytes));
  }
  const local = localOf(row);
  if (local) {
    world.onceLive.add(`${local.volume} ${local.localName}`);
    const file = world.disks.find(({ volume }) => volume === local.volume)?.files.get(local.localName);
    if (!file) world.violated(`${key}: the ledger leads to the file "${local.localName}" on ${local.volume}, which is not there`);
    else if (file.bytes.length !== content.size || (content.md5 !== null && md5Of(file.bytes) !== content.md5)) {
      world.violated(`${key}: the file "${local.localName}" has other bytes than the ledger says`);
    } else ids.push(idOf(world, key, file.bytes));
  }
  if (remote && world.damagedOnceFreed.has(remote.object)) ids.push(...(await condemnedCopies(world, row)).map((bytes) => idOf(world, key, bytes)));
  if (ids.length === 0 && remote && !world.damaged.has(remote.object)) return undefined;
  if (ids.length === 0) return world.violated(`${key}: its only copy is an object that somebody damaged`);
  return ids[0];
}

/**
 * The row's bytes on disks that a cleanup has condemned and no sweeper has removed yet. The remains of a failed restore do not count:
 * nobody ever relied on that copy.
 */
export async function condemnedCopies(world: World, row: LedgerRow): Promise<Buffer[]> {
  const md5 = 'content' in row.placement ? row.placement.content.md5 : null;
  const copies: Buffer[] = [];
  for (const { volume, files } of world.disks) {
    const names = (await world.database.ledger.condemnedFiles(volume, [row.key])).get(row.key) ?? [];
    copies.push(...names.filter((name) => world.onceLive.has(`${volume} ${name}`)).flatMap((name) => files.get(name)?.bytes ?? []).filter((bytes) => md5Of(bytes) === md5));
  }
  return copies;
}

/** The write whose bytes lie where the plugin has not been: on the disk on which the library began, else in the bucket. */
function ofUnseen(world: World, key: ObjectKey): number | undefined {
  const bytes = world.disks[0]?.files.get(key)?.bytes ?? (world.answersFor(key) ? world.s3.objects.get(key)?.bytes : undefined);
  if (!bytes && !world.answersFor(key)) return undefined;
  return bytes ? idOf(world, key, bytes) : world.violated(`the library lists ${key}, of which there are no bytes anywhere`);
}

function idOf(world: World, key: ObjectKey, bytes: Buffer): number {
  const id = Number.parseInt(bytes.toString(), 10);
  const write = world.writes.get(id);
  if (!write || !bytes.equals(bytesFor(write, key))) world.violated(`${key}: bytes of nobody: "${bytes.toString()}"`);
  return id;
}

/** Checks, when leaving is done, that every file that S3 or a disk has lies where Strapi looks for it. @throws Violation */
export async function checkAllInPlace(world: World): Promise<void> {
  for (const [file, keys] of world.database.files) {
    for (const key of world.certain(file, keys)) {
      const row = await world.database.ledger.find(key);
      // nobody has told the ledger of it
      if (!row || row.placement.state === 'new') continue;
      const remote = remoteOf(row);
      const local = localOf(row);
      const isDamaged = remote !== undefined && world.damaged.has(remote.object);
      // a restore reports what it could not do: it cannot fetch a damaged object. With a disk for each process it also cannot lay a file
      // where the other disk's process has replaced an older one, or settle a file that the other disk's process could not fetch
      if (isDamaged && !local) continue;
      if (!world.history.setting.sharedDisk && (isDamaged || row.lastError === 'PLAIN_PATH_TAKEN')) continue;
      const bytes = local && world.disks.find(({ volume }) => volume === local.volume)?.files.get(key)?.bytes;
      if (!bytes) world.violated(`${key} is not at its plain path: ${JSON.stringify(row.placement)}`);
      const write = world.writes.get(idOf(world, key, bytes));
      if (!write || !world.writes.mayBeSeen(write, null, world.now, world.now)) world.violated(`${key} has at its plain path the bytes of write ${write?.id}`);
    }
  }
}

/** Checks at rest, when everything has healed and every grace is over, that nothing is left that nobody needs. @throws Violation */
export async function checkNothingLeft(world: World): Promise<void> {
  const objects = new Set<string>();
  const files = new Set<string>();
  // the probe for whether S3 refuses to overwrite may leave one object of a few bytes
  for (const [name] of world.s3.objects) if (name !== OVERWRITING_PROBE) objects.add(name);
  for (const disk of new Set(world.disks)) for (const name of disk.files.keys()) files.add(`${disk.volume} ${name}`);
  for (const keys of world.database.files.values()) {
    for (const key of keys) {
      const row = await world.database.ledger.find(key);
      objects.delete((row && remoteOf(row)?.object) ?? key);
      const local = row && localOf(row);
      files.delete(local ? `${local.volume} ${local.localName}` : `${world.disks[0]?.volume} ${key}`);
    }
  }
  for (const [name, { foreign }] of world.s3.objects) if (foreign) objects.delete(name);
  // the plugin forgets a damaged object when it gives the file back, because its bytes are not the stored ones: the audit reports it
  for (const name of world.damaged) objects.delete(name);
  const unclear = new Set(world.leftToAudit());
  for (const key of world.everWritten()) {
    const row = await world.database.ledger.find(key);
    // a library file may have been recorded while it was deleted, so that the delete did not know it when it looked
    if (!unclear.has(key) && row?.origin !== 'library') continue;
    objects.delete((row && remoteOf(row)?.object) ?? '');
    const local = row && localOf(row);
    files.delete(local ? `${local.volume} ${local.localName}` : `${world.disks[0]?.volume} ${key}`);
  }
  // an object that somebody else put into the bucket and that nobody has read is not ours to remove when a replace supersedes it
  for (const name of world.unread) objects.delete(name);
  // a process does not know either what lies on a disk that it does not have
  if (!world.history.setting.sharedDisk) for (const name of world.onDiskOnly) files.delete(`${world.disks[0]?.volume} ${name}`);
  if (objects.size > 0 && !world.wasLeft) world.violated(`left in the bucket for ever: ${[...objects].join(', ')}`);
  if (files.size > 0) world.violated(`left on disk for ever: ${[...files].join(', ')}`);
}
