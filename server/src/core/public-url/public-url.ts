import { unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ErrorCode } from '../../contracts/errors';
import { OWN_FOLDER } from '../keys';
import { errnoOf } from '../store/local/disk-errors';
import type { Volume } from '../store/local/volume';
import type { PublicMarks } from './marks';

/** The project's own public address, as visitors reach it. Asks no other host. */
export interface PublicSite {
  /** For people. */
  readonly address: string;
  /**
   * One GET below the address, bounded in time, redirects and bytes.
   * @throws whatever kept it from an answer
   */
  get(path: string, signal?: AbortSignal): Promise<{ status: number; text: string }>;
}

/**
 * `UPLOADS_NOT_REACHED`: requests for files do not come to this plugin; `UPLOADS_SERVED_FIRST`: only those for which no file lies on disk
 * do; `OWN_FOLDER_EXPOSED`: the plugin's own folder can be read through it; `PUBLIC_URL_UNCHECKED`: it could not be found out.
 */
export type PublicCode = Extract<ErrorCode, 'UPLOADS_NOT_REACHED' | 'UPLOADS_SERVED_FIRST' | 'OWN_FOLDER_EXPOSED' | 'PUBLIC_URL_UNCHECKED'>;

export interface PublicVerdict {
  /** Null: all is well. */
  readonly code: PublicCode | null;
  /** What was seen, in English, for people. */
  readonly detail: string;
}

/** Whether files that visitors ask for at the public address are asked of this plugin. */
export interface PublicUrl {
  /** Never rejects. Takes some seconds at most. */
  check(signal?: AbortSignal): Promise<PublicVerdict>;
}

export interface PublicUrlDeps {
  /** Undefined: the project does not say under which address it is reached. */
  readonly site: PublicSite | undefined;
  readonly marks: PublicMarks;
  readonly volume: Pick<Volume, 'root' | 'id'>;
}

/** A web server that was asked, and has no such file, or another page in its place. */
const HAS_NO_SUCH_FILE: ReadonlySet<number> = new Set([200, 404, 410]);

/**
 * Asks for two files of which only this plugin knows the answer: one that lies nowhere, and one that lies in the uploads folder with other
 * bytes, which a web server in front would send if it served the folder itself.
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

/** `fetch` says only that it failed, and keeps the cause below. */
function reasonOf(error: unknown): string {
  const cause = typeof error === 'object' && error !== null && 'cause' in error ? error.cause : undefined;
  return errnoOf(cause) ?? errnoOf(error) ?? (error instanceof Error ? error.message : String(error));
}
