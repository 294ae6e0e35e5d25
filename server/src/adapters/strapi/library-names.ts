/** The columns that the plugin reads of a row of Strapi's `files` table. */
export interface ListedFile {
  id: number;
  provider: string;
  hash: string;
  ext: string | null;
  /** Only a query that asks for this column reads it. */
  name?: string;
  url?: string | null;
  formats: Record<string, ListedPart | null> | null;
  /** Only a query that asks for this column reads it. */
  updatedAt?: Date | string | number;
}

/** The main file, a format of it, or a logo of the admin panel. Each is a file below `/uploads/`. */
export interface ListedPart {
  hash?: string;
  name?: string;
  ext?: string | null;
  url?: string | null;
}

const UPLOADS = '/uploads/';
/**
 * Largest number of dots in an extension that a query by hash finds. A scan of the library finds the others. Strapi's own extensions have
 * one dot (`path.extname`).
 */
const MAX_EXTENSION_DOTS = 2;
/**
 * Largest number of underscores in the name of a format that a query by hash finds. Strapi's own names have none; `extra_large` has one.
 */
const MAX_FORMAT_UNDERSCORES = 8;

/**
 * Returns the name below `/uploads/` by which Strapi writes, replaces and removes the part. The list is empty for a part without a hash.
 */
export function nameOf(part: ListedPart | null): string[] {
  return part?.hash ? [`${part.hash}${part.ext ?? ''}`] : [];
}

export function partsOf(file: ListedFile): ListedPart[] {
  return [file, ...Object.values(file.formats ?? {})].filter((part): part is ListedPart => typeof part === 'object' && part !== null);
}

/** Whether visitors find the part under the name by which Strapi handles it. A part without a URL counts as one that they find. */
export function isAtItsPlace(part: ListedPart): boolean {
  if (!part.url) return true;
  const [name] = nameOf(part);
  return part.url === `${UPLOADS}${name}` || nameInUrl(part.url) === name;
}

/**
 * Returns the names of the file to which the hashes of {@link candidateHashes} do not lead: formats whose names do not derive from the name
 * of their file, and parts below `/uploads/` at a URL of their own.
 */
export function oddNamesOf(file: ListedFile): string[] {
  return partsOf(file).flatMap((part) => {
    const unlike = nameOf(part).filter((name) => !candidateHashes(name).includes(file.hash));
    const inUrl = part.url && !isAtItsPlace(part) ? nameInUrl(part.url) : undefined;
    return inUrl === undefined ? unlike : [...unlike, inUrl];
  });
}

/**
 * Returns the hashes of the files to which a key may belong: at most 27, for a key of any length. The key is `hash + ext`, and the hash of
 * a format is `<format>_<hash of its file>`; this function knows neither the format's name nor the extension. A file whose extension or
 * format has more dots or underscores than the limits above is among the {@link oddNamesOf}.
 */
export function candidateHashes(key: string): string[] {
  const stems = [key];
  for (let dot = key.lastIndexOf('.'); dot > 0 && stems.length <= MAX_EXTENSION_DOTS; dot = key.lastIndexOf('.', dot - 1)) {
    stems.push(key.slice(0, dot));
  }
  const hashes = new Set<string>();
  for (const stem of stems) {
    hashes.add(stem);
    let bar = stem.indexOf('_');
    for (let count = 0; bar >= 0 && count < MAX_FORMAT_UNDERSCORES; count++, bar = stem.indexOf('_', bar + 1)) {
      hashes.add(stem.slice(bar + 1));
    }
  }
  hashes.delete('');
  return [...hashes];
}

/** Returns the decoded name below `/uploads/` to which a URL of this site leads; undefined for any other URL. */
function nameInUrl(url: string): string | undefined {
  if (!url.startsWith(UPLOADS)) return undefined;
  const path = url.slice(UPLOADS.length).replace(/[?#].*$/, '');
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
