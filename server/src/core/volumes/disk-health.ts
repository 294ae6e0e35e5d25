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

/** Shortest interval at which a folder in trouble is tried again because somebody asks for its health, in milliseconds. */
const ASKED_AGAIN_AFTER_MS = 5_000;
/** Size of the file that the trial writes, in bytes. It is not 0, because a full disk still takes empty files. */
const SAMPLE_BYTES = 4096;

/** The common causes in words for people. */
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

/** Knows whether the uploads folder can be written, and if not, why. It writes to find out, because rights and flags say nothing about quotas and mounts. */
export class DiskHealth {
  #trouble: DiskTrouble | null = null;
  #lookedAt = -Infinity;
  #looking: Promise<DiskTrouble | null> | undefined;

  constructor(private readonly deps: { volume: Volume; clock: Pick<Clock, 'elapsed'>; log: Logger }) {}

  /** The trouble at the last look; null: the folder can be written. */
  get trouble(): DiskTrouble | null {
    return this.#trouble;
  }

  /** Returns the present trouble for the panel. While there is trouble, it looks again. */
  async current(): Promise<DiskTrouble | null> {
    const isOld = this.deps.clock.elapsed() - this.#lookedAt >= ASKED_AGAIN_AFTER_MS;
    return this.#trouble && isOld ? this.check() : this.#trouble;
  }

  /** Looks now, and logs what has changed. It also gives the folder its id if that was not possible before. Never rejects. */
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

/** Describes the trouble for the log, and says what to do. */
export function troubleText({ folder, errno, cause }: DiskTrouble): string {
  return (
    `The uploads folder (${folder}) cannot be written: ${cause}${errno ? ` (${errno})` : ''}. Files that lie in it are served, and uploads go on as long as ` +
    'S3 takes them. Make the folder writable for the user that Strapi runs as; the plugin then uses it again without a restart.'
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

/** Says in words why an attempt to write to a folder failed. */
export function troubleBy(error: unknown, folder: string): DiskTrouble {
  const failure = isStorageError(error) ? error : folderError(error, 'write', folder);
  const errno = errnoOf(failure.cause) ?? null;
  const cause = (errno && CAUSES[errno]) ?? failure.detail ?? failure.message;
  return { code: failure.code === 'DISK_FULL' ? 'DISK_FULL' : 'FOLDER_NOT_WRITABLE', folder, errno, cause };
}

/**
 * Writes a file where the plugin writes each file first, and checks that it could be moved to its place. If the file stays behind, another
 * part of the plugin removes it when it is old enough.
 */
async function tryToWrite(root: string): Promise<void> {
  const folder = join(root, OWN_FOLDER, 'tmp');
  // this check comes first, so that an empty mount point does not get the plugin's folder and look like an uploads folder
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
