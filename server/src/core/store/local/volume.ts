import { randomUUID } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isStorageError } from '../../errors';
import { OWN_FOLDER, type VolumeId } from '../../keys';
import { errnoOf, folderError } from './disk-errors';
import { linkOrCopy, makeFolder, syncFile, syncFolder, unlinkIfThere } from './disk-write';

/** One uploads folder. Its id tells it from others, on whatever host it is mounted. */
export interface Volume {
  readonly root: string;
  /** The id of the folder. Until the volume is {@link established}, it is a random one, under which nothing may be recorded. */
  readonly id: VolumeId;
  /** Whether the id was read from the folder. Until then the folder can be neither read nor written, and nobody knows which volume it is. */
  readonly established: boolean;
  /** Whether another folder is in use under the same id, so that the files here and the ledger may disagree. See `TwinWatch`. */
  hasTwin: boolean;
  /** Whether the folder had no id when this process opened it: it is new, or somebody has emptied it. */
  readonly founded: boolean;
  /**
   * Makes sure that the folder still carries its id, and returns the id. `strapi import` moves the uploads folder away and makes a new
   * one. The disk is the same, so this method writes the id again that this process knows. If another process has written an id
   * first, that id counts.
   * @throws StorageError DISK_ERROR, DISK_FULL
   */
  refresh(): Promise<VolumeId>;
}

/**
 * Opens the volume of an uploads folder, or founds it. Strapi starts even with a folder that can be neither read nor written: the
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

/** Returns the id in the folder, or writes `proposal` there and returns that. Two processes at the same time agree on one id. */
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

/** Returns null for a part of an id. Where there are no hard links, the id is written in its place, and a reader may see a part of it. */
function idIn(text: string): VolumeId | null {
  const [, line, bare] = WHOLE_ID.exec(text) ?? [];
  return (line ?? bare ?? null) as VolumeId | null;
}

/** Writes the whole id durably beside its place, and then links it into its place unless another process was first. */
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
