import { randomUUID } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isStorageError } from '../../errors';
import { OWN_FOLDER, type VolumeId } from '../../keys';
import { errnoOf, folderError } from './disk-errors';
import { linkOrCopy, makeFolder, syncFile, syncFolder, unlinkIfThere } from './disk-write';

/** What tells one uploads folder from another, whatever host it is mounted on. */
export interface Volume {
  readonly root: string;
  /** While the folder is not {@link established} a random one, under which nothing may be recorded. */
  readonly id: VolumeId;
  /** The id was read from the folder. Until it was, nobody knows which volume this is: the folder can be neither read nor written. */
  readonly established: boolean;
  /** Another folder is in use under the same id, so that what lies here and what is recorded need not agree. See `TwinWatch`. */
  hasTwin: boolean;
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

/**
 * Opens, or founds, the volume of an uploads folder. A folder that can be neither read nor written is no reason not to start: the
 * volume is not established then, and each {@link Volume.refresh} tries again.
 */
export async function openVolume(root: string): Promise<Volume> {
  const proposal = randomUUID() as string as VolumeId;
  let id = proposal;
  let established = false;
  const refresh = async () => {
    id = await readOrFound(root, id);
    established = true;
    return id;
  };
  await refresh().catch((error: unknown) => {
    if (!isStorageError(error)) throw error;
  });
  return {
    root,
    hasTwin: false,
    get founded() {
      return established && id === proposal;
    },
    get id() {
      return id;
    },
    get established() {
      return established;
    },
    refresh,
  };
}

/** The id in the folder, or else `proposal`, which then is in the folder. Two processes at once agree on one. */
async function readOrFound(root: string, proposal: VolumeId): Promise<VolumeId> {
  const folder = join(root, OWN_FOLDER);
  const path = join(folder, 'volume');
  try {
    return (await readId(path)) ?? (await found(folder, path, proposal));
  } catch (error) {
    throw folderError(error, 'open volume', root);
  }
}

async function readId(path: string): Promise<VolumeId | null> {
  try {
    return idIn(await readFile(path, 'utf8'));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

const WHOLE_ID = /^([\w-]+)\s*\n$|^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** Null for a part of an id: where there are no hard links it is written in its place, and may be read meanwhile. */
function idIn(text: string): VolumeId | null {
  const [, line, bare] = WHOLE_ID.exec(text) ?? [];
  return (line ?? bare ?? null) as VolumeId | null;
}

/** Writes the id whole and durable beside its place, then puts it there unless another process was first. */
async function found(folder: string, path: string, proposal: VolumeId): Promise<VolumeId> {
  await makeFolder(folder, 0o700);
  const draft = `${path}.${randomUUID()}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    try {
      await file.writeFile(`${proposal}\n`);
      await syncFile(file);
    } finally {
      await file.close();
    }
    await linkOrCopy(draft, path);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  } finally {
    await unlinkIfThere(draft);
  }
  await syncFolder(folder);
  const winner = await readId(path);
  if (winner === null) throw new Error(`${path} holds no id; remove it if no other process is just starting`);
  return winner;
}
