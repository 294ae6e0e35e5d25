import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { DiskTrouble } from '../../contracts/api';
import type { Clock } from '../clock';
import { isStorageError } from '../errors';
import { OWN_FOLDER } from '../keys';
import type { Logger } from '../log';
import { errnoOf, folderError } from '../store/local/disk-errors';
import { makeFolder, writeAll } from '../store/local/disk-write';
import type { Volume } from '../store/local/volume';

/** A folder that is in trouble is looked at again when somebody asks for it, but not more often than this, in milliseconds. */
const ASKED_AGAIN_AFTER_MS = 5_000;
/** Room for so many bytes is asked for: a disk that is full still takes empty files. */
const SAMPLE_BYTES = 4096;

/** What the common causes mean, for people. */
const CAUSES: Readonly<Record<string, string>> = {
  EROFS: 'it is mounted read-only',
  EACCES: 'the user that Strapi runs as may not write there',
  EPERM: 'the user that Strapi runs as may not write there, or the folder is protected',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  ENOTDIR: 'something that is no folder lies in its place',
  EEXIST: 'something that is no folder lies in its place',
  ENOENT: 'it does not exist',
  EIO: 'the disk reports an error',
  ESTALE: 'the network mount has gone stale',
};

/** Whether the uploads folder can be written, and if not, why: found out by writing, as neither rights nor flags tell of quotas and mounts. */
export class DiskHealth {
  #trouble: DiskTrouble | null = null;
  #lookedAt = -Infinity;
  #looking: Promise<DiskTrouble | null> | undefined;

  constructor(private readonly deps: { volume: Volume; clock: Pick<Clock, 'elapsed'>; log: Logger }) {}

  /** As last seen; null: it can be written. */
  get trouble(): DiskTrouble | null {
    return this.#trouble;
  }

  /** For whoever is to be shown how it is: looks again while there is trouble. */
  async current(): Promise<DiskTrouble | null> {
    const isOld = this.deps.clock.elapsed() - this.#lookedAt >= ASKED_AGAIN_AFTER_MS;
    return this.#trouble && isOld ? this.check() : this.#trouble;
  }

  /** Looks now, and tells the log what has changed. An id that the folder could not be given before is given now. Never rejects. */
  check(): Promise<DiskTrouble | null> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #look(): Promise<DiskTrouble | null> {
    const { volume, clock, log } = this.deps;
    const before = this.#trouble;
    this.#trouble = await troubleOf(volume);
    this.#lookedAt = clock.elapsed();
    const now = this.#trouble;
    if (now && now.errno !== before?.errno) log.warn(troubleText(now));
    if (!now && before) log.info(`The uploads folder (${volume.root}) can be written again.`);
    return now;
  }
}

/** One sentence for the log, and what to do. */
export function troubleText({ folder, errno, cause }: DiskTrouble): string {
  return (
    `The uploads folder (${folder}) cannot be written: ${cause}${errno ? ` (${errno})` : ''}. Files that lie in it are served, and uploads go on as long as ` +
    'S3 takes them. Make the folder writable for the user that Strapi runs as; it is used again by itself, without a restart.'
  );
}

async function troubleOf(volume: Volume): Promise<DiskTrouble | null> {
  try {
    if (!volume.established) await volume.refresh();
    await tryToWrite(volume.root);
    return null;
  } catch (error) {
    return troubleBy(error, volume.root);
  }
}

/** What an attempt to write to a folder failed with, in words. */
export function troubleBy(error: unknown, folder: string): DiskTrouble {
  const failure = isStorageError(error) ? error : folderError(error, 'write', folder);
  const errno = errnoOf(failure.cause) ?? null;
  const cause = (errno && CAUSES[errno]) ?? failure.detail ?? failure.message;
  return { code: failure.code === 'DISK_FULL' ? 'DISK_FULL' : 'FOLDER_NOT_WRITABLE', folder, errno, cause };
}

/** Where each file is written first, and whether it could be moved to its place. A file that is left there is removed by its age. */
async function tryToWrite(root: string): Promise<void> {
  const folder = join(root, OWN_FOLDER, 'tmp');
  // an empty mount point shall not look like an uploads folder
  await access(join(root, OWN_FOLDER, 'volume'));
  await access(root, constants.W_OK);
  await makeFolder(folder, 0o700);
  const path = join(folder, randomUUID());
  const file = await open(path, 'wx', 0o600);
  try {
    await writeAll(file, Buffer.alloc(SAMPLE_BYTES));
  } finally {
    await file.close();
    await unlink(path);
  }
}
