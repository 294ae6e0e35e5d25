/** What is read of a row of Strapi's `files` table. */
export interface ListedFile {
  id: number;
  provider: string;
  hash: string;
  ext: string | null;
  url?: string | null;
  formats: Record<string, ListedPart | null> | null;
  /** Read only where it is asked for. */
  updatedAt?: Date | string | number;
}

/** The main file, a format of it, or an admin logo: each is a file below `/uploads/`. */
export interface ListedPart {
  hash?: string;
  ext?: string | null;
  url?: string | null;
}

const UPLOADS = '/uploads/';
/** Extensions with more dots than this are found by going through the library. Strapi's own have one (`path.extname`). */
const MAX_EXTENSION_DOTS = 2;
/** The same for underscores in the name of a format. Strapi's own have none; `extra_large` has one. */
const MAX_FORMAT_UNDERSCORES = 8;

/** The name below `/uploads/` by which Strapi writes, replaces and removes the part. None for what has no hash. */
export function nameOf(part: ListedPart | null): string[] {
  return part?.hash ? [`${part.hash}${part.ext ?? ''}`] : [];
}

export function partsOf(file: ListedFile): ListedPart[] {
  return [file, ...Object.values(file.formats ?? {})].filter((part): part is ListedPart => typeof part === 'object' && part !== null);
}

/** Whether visitors find the part under the name by which Strapi handles it. A part without URL is taken for one that they do. */
export function isAtItsPlace(part: ListedPart): boolean {
  if (!part.url) return true;
  const [name] = nameOf(part);
  return part.url === `${UPLOADS}${name}` || nameInUrl(part.url) === name;
}

/**
 * The names of the file that a question for {@link candidateHashes} does not lead to: formats that are named after nothing of
 * their file's, and what lies below `/uploads/` at a URL of its own.
 */
export function oddNamesOf(file: ListedFile): string[] {
  return partsOf(file).flatMap((part) => {
    const unlike = nameOf(part).filter((name) => !candidateHashes(name).includes(file.hash));
    const inUrl = part.url && !isAtItsPlace(part) ? nameInUrl(part.url) : undefined;
    return inUrl === undefined ? unlike : [...unlike, inUrl];
  });
}

/**
 * The hashes of the files that a key may belong to: at most 27, however long the key is. The key is `hash + ext`, and the hash of
 * a format is `<format>_<hash of its file>`, where neither the format's name nor the extension is known here. A file whose
 * extension or format has more dots or underscores than are looked for is among the {@link oddNamesOf}.
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

/** The decoded name below `/uploads/` that a URL of this site leads to; undefined for any other URL. */
function nameInUrl(url: string): string | undefined {
  if (!url.startsWith(UPLOADS)) return undefined;
  const path = url.slice(UPLOADS.length).replace(/[?#].*$/, '');
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
