import { unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ErrorCode } from '../../contracts/errors';
import { OWN_FOLDER } from '../keys';
import { errnoOf } from '../store/local/disk-errors';
import type { Volume } from '../store/local/volume';
import type { PublicMarks } from './marks';

/** The project's own public address, as visitors reach it. It sends requests to no other host. */
export interface PublicSite {
  /** The address in a form for people. */
  readonly address: string;
  /**
   * Sends one GET to a path below the address, with limits for time, redirects and bytes.
   * @throws the error that prevented an answer
   */
  get(path: string, signal?: AbortSignal): Promise<{ status: number; text: string }>;
}

/**
 * `UPLOADS_NOT_REACHED`: requests for files do not reach this plugin. `UPLOADS_SERVED_FIRST`: only requests for files that do not lie on the
 * disk reach it. `OWN_FOLDER_EXPOSED`: visitors can read the plugin's own folder. `PUBLIC_URL_UNCHECKED`: the check was not possible.
 */
export type PublicCode = Extract<ErrorCode, 'UPLOADS_NOT_REACHED' | 'UPLOADS_SERVED_FIRST' | 'OWN_FOLDER_EXPOSED' | 'PUBLIC_URL_UNCHECKED'>;

export interface PublicVerdict {
  /** The problem; null: there is none. */
  readonly code: PublicCode | null;
  /** The observation in English, for people. */
  readonly detail: string;
}

/** Checks whether requests for files at the public address reach this plugin. */
export interface PublicUrl {
  /** Checks the address. It takes some seconds at most, and never rejects. */
  check(signal?: AbortSignal): Promise<PublicVerdict>;
}

export interface PublicUrlDeps {
  /** The public address; undefined: the project does not name it. */
  readonly site: PublicSite | undefined;
  readonly marks: PublicMarks;
  readonly volume: Pick<Volume, 'root' | 'id'>;
}

/** Statuses of a web server that has no such file, or that answers with another page in its place. */
const HAS_NO_SUCH_FILE: ReadonlySet<number> = new Set([200, 404, 410]);

/**
 * Makes a check that asks for two files to which only this plugin knows the answer. One of them lies nowhere. The other one lies in the
 * uploads folder with other bytes, which a web server in front of Strapi would send if it served the folder itself.
 */
export function publicUrlOf({ site, marks, volume }: PublicUrlDeps): PublicUrl {
  const look = async ({ address, get }: PublicSite, signal?: AbortSignal): Promise<PublicVerdict> => {
    const [nowhere, lying] = [marks.fresh(), marks.fresh()];
    const onDisk = `the file on disk ${lying.name}`;
    const first = await get(`/uploads/${nowhere.name}`, signal);
    const path = join(volume.root, lying.name);
    const placed = await writeFile(path, onDisk, { flag: 'wx' }).then(() => true, () => false);
    const second = await get(`/uploads/${lying.name}`, signal).finally(() => (placed ? unlink(path).catch(() => undefined) : undefined));
    const own = await get(`/uploads/${OWN_FOLDER}/volume`, signal);

    const servesFolder = second.text === onDisk;
    const seen = `${address} answered ${first.status}`;
    if (first.text !== nowhere.answer) {
      if (servesFolder) return { code: 'UPLOADS_NOT_REACHED', detail: `${address} answers with the files of ${volume.root} itself` };
      return { code: HAS_NO_SUCH_FILE.has(first.status) ? 'UPLOADS_NOT_REACHED' : 'PUBLIC_URL_UNCHECKED', detail: seen };
    }
    if (own.text.trim() === volume.id) return { code: 'OWN_FOLDER_EXPOSED', detail: `${address}/uploads/${OWN_FOLDER}/` };
    if (servesFolder) return { code: 'UPLOADS_SERVED_FIRST', detail: address };
    return { code: null, detail: address };
  };
  return {
    async check(signal) {
      if (!site) return { code: 'PUBLIC_URL_UNCHECKED', detail: 'no absolute url is set in config/server' };
      try {
        return await look(site, signal);
      } catch (error) {
        return { code: 'PUBLIC_URL_UNCHECKED', detail: `${site.address}: ${reasonOf(error)}` };
      }
    },
  };
}

/** Returns the reason of a failed request. `fetch` itself only says that it failed, and keeps the reason in `cause`. */
function reasonOf(error: unknown): string {
  const cause = typeof error === 'object' && error !== null && 'cause' in error ? error.cause : undefined;
  return errnoOf(cause) ?? errnoOf(error) ?? (error instanceof Error ? error.message : String(error));
}
