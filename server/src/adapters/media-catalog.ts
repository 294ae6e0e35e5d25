import { setImmediate } from 'node:timers/promises';
import type { Core } from '@strapi/strapi';
import type { ObjectKey } from '../core/keys';
import type { MediaCatalog } from '../core/media/catalog';
import type { LibraryFile, MediaLibrary } from '../core/media/library';

/** Hashes asked for in one query; every database takes so many parameters. */
const CHUNK = 500;
/** Files that are gone through at once; SQLite holds the process up for so long, some 10 to 25 ms. */
const PAGE = 500;
const FILE_MODEL = 'plugin::upload.file';

interface ListedFile {
  id: number;
  provider: string;
  hash: string;
  ext: string | null;
  formats: Record<string, { hash?: string; ext?: string | null } | null> | null;
}

/**
 * Strapi's media library as a catalogue of keys: the `files` table with the formats inside its rows, and the admin
 * panel's logos, which are files too but appear in the core store only.
 */
export function mediaCatalog(strapi: Core.Strapi): MediaCatalog & MediaLibrary {
  const page: MediaLibrary['page'] = async ({ after, limit, maxId }) => {
    const files = (await strapi.db.query(FILE_MODEL).findMany({
      select: ['id', 'provider', 'hash', 'ext', 'formats'],
      where: { id: { $gt: after, ...(maxId !== null && { $lte: maxId }) } },
      orderBy: { id: 'asc' },
      limit,
    })) as ListedFile[];
    return files.map((file) => ({
      id: file.id,
      provider: file.provider,
      names: [file, ...Object.values(file.formats ?? {})].flatMap(nameOf),
    }));
  };
  const logoNames = async () => (await logos(strapi)).flatMap(nameOf);

  return {
    page,
    logos: logoNames,

    async listed(keys) {
      const wanted = new Set<ObjectKey>(keys);
      const listed = new Set<ObjectKey>();
      const note = (file: { hash?: string; ext?: string | null } | null | undefined) => {
        const key = `${file?.hash ?? ''}${file?.ext ?? ''}` as ObjectKey;
        if (wanted.has(key)) listed.add(key);
      };
      const hashes = [...new Set(keys.flatMap(candidateHashes))];
      for (let at = 0; at < hashes.length; at += CHUNK) {
        const files = (await strapi.db.query(FILE_MODEL).findMany({
          select: ['hash', 'ext', 'formats'],
          where: { hash: { $in: hashes.slice(at, at + CHUNK) } },
        })) as ListedFile[];
        for (const file of files) {
          note(file);
          for (const format of Object.values(file.formats ?? {})) note(format);
        }
      }
      if (listed.size < wanted.size) for (const logo of await logos(strapi)) note(logo);
      return listed;
    },

    async listedAnywhere(keys) {
      const listed = new Set<ObjectKey>();
      const wanted = new Set<string>(keys);
      const note = (name: string) => {
        if (wanted.delete(name)) listed.add(name as ObjectKey);
      };
      if (wanted.size > 0) for (const name of await logoNames()) note(name);
      let after: number | undefined = 0;
      while (wanted.size > 0 && after !== undefined) {
        const files: LibraryFile[] = await page({ after, limit: PAGE, maxId: null });
        for (const { names } of files) for (const name of names) note(name);
        after = files.length < PAGE ? undefined : files.at(-1)?.id;
        await setImmediate();
      }
      return listed;
    },
  };
}

function nameOf(file: { hash?: string; ext?: string | null } | null): string[] {
  return file?.hash ? [`${file.hash}${file.ext ?? ''}`] : [];
}

/**
 * The hashes of the files that a key could belong to. The key is `hash + ext`, and the hash of a format is
 * `<format>_<hash of its file>`, where neither the format's name nor the extension is known here.
 */
export function candidateHashes(key: string): string[] {
  const stems = [key];
  for (let dot = key.lastIndexOf('.'); dot > 0; dot = key.lastIndexOf('.', dot - 1)) stems.push(key.slice(0, dot));
  return stems.flatMap((stem) => {
    const hashes = [stem];
    for (let bar = stem.indexOf('_'); bar >= 0; bar = stem.indexOf('_', bar + 1)) hashes.push(stem.slice(bar + 1));
    return hashes.filter((hash) => hash !== '');
  });
}

async function logos(strapi: Core.Strapi): Promise<{ hash?: string; ext?: string | null }[]> {
  const settings = (await strapi.store({ type: 'core', name: 'admin', key: 'project-settings' }).get({})) as Record<
    string,
    { hash?: string; ext?: string | null } | null
  > | null;
  return Object.values(settings ?? {}).filter((logo) => logo !== null && typeof logo === 'object');
}
