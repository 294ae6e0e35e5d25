import { lstat, readdir, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { OWN_FOLDER } from '../../keys';
import { errnoOf } from './disk-errors';

/**
 * Folders for spooled bodies, in the system's temporary folder, begin with it. There, and not on the volume of the
 * uploads, because that may be a slow network mount or too small for what goes to S3 alone, while the system's folder
 * has just held the same bytes: Strapi puts every upload there.
 */
export const SPOOL_PREFIX = 's3-storage-spool-';

/** The file by which the web server in front is recognised lies in the uploads folder for a moment; see `public-url/marks.ts`. */
const MARK_FILE = /^s3-storage-mark-[0-9a-f]{32}-[0-9a-f]{32}\.png$/;

const UUID = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const OWN_TEMPORARY = new RegExp(`^${UUID}$`);
const VOLUME_DRAFT = new RegExp(`^volume\\.${UUID}$`);
const SPOOL_FOLDER = new RegExp(`^${SPOOL_PREFIX}[A-Za-z0-9]{6}$`);

export interface TemporaryPlaces {
  /** The uploads folder. */
  readonly uploads: string;
  /** The system's temporary folder. */
  readonly system: string;
}

/**
 * Removes the temporary files that crashes left: of the plugin's own naming, and not written to since `before`
 * (milliseconds since the epoch, compared with the files' mtime, which a living writer moves). What cannot be removed
 * stays and is told to `onFailure`.
 * @returns how many files were removed
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
        // a link to a folder somewhere else is none of ours
        if (!found.isDirectory() || found.mtimeMs >= this.before) return;
        await this.removeFiles(folder, OWN_TEMPORARY);
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
      // never needed, removed by somebody else meanwhile, or still with a file that is written to
      if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '')) this.onFailure(path, error);
      return undefined;
    }
  }
}
