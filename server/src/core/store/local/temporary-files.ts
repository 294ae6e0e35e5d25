import { lstat, readdir, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { OWN_FOLDER } from '../../keys';
import { errnoOf } from './disk-errors';

/**
 * Prefix of the folders for spooled bodies in the system's temporary folder. They do not lie on the volume of the uploads, because that
 * may be a slow network mount, or too small for files that go to S3 alone. The system's folder has just held the same bytes: Strapi
 * puts every upload there.
 */
export const SPOOL_PREFIX = 's3-storage-spool-';

/**
 * Names of the files by which the plugin recognises the web server in front. Each lies in the uploads folder for a moment; see
 * `public-url/marks.ts`.
 */
const MARK_FILE = /^s3-storage-mark-[0-9a-f]{32}-[0-9a-f]{32}\.png$/;

const UUID = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const OWN_TEMPORARY = new RegExp(`^${UUID}$`);
/** A copy for a program has the extension of its file. */
const SPOOLED = new RegExp(`^${UUID}(\\.[^/]*)?$`);
const VOLUME_DRAFT = new RegExp(`^volume\\.${UUID}$`);
const SPOOL_FOLDER = new RegExp(`^${SPOOL_PREFIX}[A-Za-z0-9]{6}$`);

export interface TemporaryPlaces {
  /** The uploads folder. */
  readonly uploads: string;
  /** The system's temporary folder. */
  readonly system: string;
}

/**
 * Removes the temporary files that crashes have left: those whose names have the plugin's own form, and to which nobody has written
 * since `before` (milliseconds since the epoch). It compares `before` with the mtime, which a living writer moves. It reports to
 * `onFailure` each file that it cannot remove.
 * @returns the number of removed files
 */
export async function removeTemporaryFiles(
  { uploads, system }: TemporaryPlaces,
  before: number,
  onFailure: (path: string, error: unknown) => void,
): Promise<number> {
  const own = join(uploads, OWN_FOLDER);
  const remover = new Remover(before, onFailure);
  await remover.removeFiles(join(own, 'tmp'), OWN_TEMPORARY);
  await remover.removeFiles(own, VOLUME_DRAFT);
  await remover.removeFiles(uploads, MARK_FILE);
  await remover.removeSpools(system);
  return remover.removed;
}

class Remover {
  removed = 0;

  constructor(
    private readonly before: number,
    private readonly onFailure: (path: string, error: unknown) => void,
  ) {}

  async removeFiles(folder: string, pattern: RegExp): Promise<void> {
    for (const path of await this.#list(folder, pattern)) {
      await this.#attempt(path, async () => {
        const found = await lstat(path);
        if (!found.isFile() || found.mtimeMs >= this.before) return;
        await unlink(path);
        this.removed++;
      });
    }
  }

  async removeSpools(system: string): Promise<void> {
    for (const folder of await this.#list(system, SPOOL_FOLDER)) {
      await this.#attempt(folder, async () => {
        const found = await lstat(folder);
        // the plugin never makes a link to a folder, so a link is somebody else's
        if (!found.isDirectory() || found.mtimeMs >= this.before) return;
        await this.removeFiles(folder, SPOOLED);
        await rmdir(folder);
      });
    }
  }

  async #list(folder: string, pattern: RegExp): Promise<string[]> {
    const names = (await this.#attempt(folder, () => readdir(folder))) ?? [];
    return names.filter((name) => pattern.test(name)).map((name) => join(folder, name));
  }

  async #attempt<T>(path: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      // the folder was never needed, somebody else has removed it, or it still has a file that a writer uses
      if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '')) this.onFailure(path, error);
      return undefined;
    }
  }
}
