import { randomUUID } from 'node:crypto';
import { link, open, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OWN_FOLDER, type VolumeId } from '../keys';
import { diskError, errnoOf } from './disk-errors';
import { makeFolder, syncFolder } from './disk-write';

/** What tells one uploads folder from another, whatever host it is mounted on. */
export interface Volume {
  readonly root: string;
  readonly id: VolumeId;
  /** The folder had no id when this process opened it: it is a new one, or was emptied. */
  readonly founded: boolean;
  /**
   * Makes sure that the folder still carries its id. `strapi import` moves the uploads folder away and makes a new one:
   * the disk is the same, and so the id that this process knows is written again. Should another process have
   * written one first, that one counts, and is answered.
   * @throws StorageError DISK_ERROR, DISK_FULL
   */
  refresh(): Promise<VolumeId>;
}

/** Opens, or founds, the volume of an uploads folder. @throws StorageError DISK_ERROR, DISK_FULL */
export async function openVolume(root: string): Promise<Volume> {
  const proposal = randomUUID() as string as VolumeId;
  let id = await readOrFound(root, proposal);
  return {
    root,
    founded: id === proposal,
    get id() {
      return id;
    },
    refresh: async () => {
      id = await readOrFound(root, id);
      return id;
    },
  };
}

/** The id in the folder, or else `proposal`, which then is in the folder. Two processes at once agree on one. */
async function readOrFound(root: string, proposal: VolumeId): Promise<VolumeId> {
  const folder = join(root, OWN_FOLDER);
  const path = join(folder, 'volume');
  try {
    return (await readId(path)) ?? (await found(folder, path, proposal));
  } catch (error) {
    throw diskError(error, { operation: 'open volume', subject: root });
  }
}

async function readId(path: string): Promise<VolumeId | null> {
  try {
    const text = (await readFile(path, 'utf8')).trim();
    return text.length > 0 ? (text as VolumeId) : null;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Writes the id whole and durable beside its place, then puts it there unless another process was first. */
async function found(folder: string, path: string, proposal: VolumeId): Promise<VolumeId> {
  await makeFolder(folder, 0o700);
  const draft = `${path}.${randomUUID()}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(`${proposal}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(draft, path);
  } catch (error) {
    const errno = errnoOf(error);
    // no hard links here (FAT, some network mounts): exclusive creation, a reader may see it empty for a moment
    if (errno === 'EPERM' || errno === 'ENOTSUP' || errno === 'EOPNOTSUPP') {
      await writeFile(path, `${proposal}\n`, { flag: 'wx', mode: 0o600, flush: true }).catch(ignoreExisting);
    } else {
      ignoreExisting(error);
    }
  } finally {
    await unlink(draft);
  }
  await syncFolder(folder);
  const winner = await readId(path);
  if (winner === null) throw new Error(`${path} is empty`);
  return winner;
}

function ignoreExisting(error: unknown): void {
  if (errnoOf(error) !== 'EEXIST') throw error;
}
