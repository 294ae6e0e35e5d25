import { StorageError } from './errors';

declare const brand: unique symbol;
type Brand<T, B extends string> = T & { readonly [brand]: B };

/** A file as Strapi knows it: `hash + ext`, the path below `/uploads/`. Only {@link parseKey} makes one, after its checks. */
export type ObjectKey = Brand<string, 'ObjectKey'>;
/** The name of an object in the bucket. The plugin writes it once and never overwrites it. */
export type ObjectName = Brand<string, 'ObjectName'>;
/** The name of a file on a volume, relative to the uploads folder. The plugin writes it once and never overwrites it. */
export type LocalName = Brand<string, 'LocalName'>;
/** Random id that lies in an uploads folder. It says on which disk a local name is. */
export type VolumeId = Brand<string, 'VolumeId'>;
/** A number that orders the writes and deletions of a key by when they began. */
export type Ticket = Brand<number, 'Ticket'>;

/** Greatest length of a name in S3, in bytes of UTF-8. */
export const MAX_NAME_BYTES = 1024;
/** The plugin's own folder inside the uploads folder. Strapi's static route does not serve it because of its leading dot. */
export const OWN_FOLDER = '.s3-storage';

/**
 * Makes an {@link ObjectKey} out of a text; nothing else does.
 * @throws StorageError INVALID_KEY for a text that could name another file than it says, on the disk or in the bucket: an empty
 *   text, one of more than 1024 bytes, and one with control characters (NUL among them), backslashes, encoded slashes or dots,
 *   a leading or trailing slash, or a segment that is empty or begins with a dot (`.` and `..` among them)
 */
export function parseKey(text: string): ObjectKey {
  const refuse = (): never => {
    throw new StorageError('INVALID_KEY', { operation: 'name', subject: text, refused: true });
  };
  if (text.length === 0 || Buffer.byteLength(text, 'utf8') > MAX_NAME_BYTES) refuse();
  if (/[\p{Cc}\\]/u.test(text) || /%(2f|5c|2e|00)/i.test(text) || !text.isWellFormed()) refuse();
  if (text.split('/').some((segment) => segment === '' || segment.startsWith('.'))) refuse();
  return text as ObjectKey;
}

/** Returns the key of a Strapi file or of one of its formats. @throws StorageError INVALID_KEY */
export function keyOf(file: { hash: string; ext?: string | null }): ObjectKey {
  return parseKey(`${file.hash}${file.ext ?? ''}`);
}

/** Matches the id and the nonce at the end of an own name, before its extension: see {@link ownObjectName}. */
const OWN_DIGITS = /\.\d{10,}$/;

/** Splits `name.ext` into `['name', '.ext']`. Only the extension of the last segment counts. */
function splitExt(key: string): [stem: string, ext: string] {
  const dot = key.lastIndexOf('.');
  return dot > key.lastIndexOf('/') + 1 ? [key.slice(0, dot), key.slice(dot)] : [key, ''];
}

/** Returns the plain name of a key in S3, which belongs to the first write of the key. */
export function plainObjectName(prefix: string, key: ObjectKey): ObjectName {
  return `${prefix}${key}` as ObjectName;
}

/**
 * Returns an own name, `hash.<id><nonce>.ext`, which no other write ever had or will have. A database can give out an id twice: SQLite
 * does after a transaction rolled back, and any database does after somebody restored a backup. The object that was written under the
 * id stays in the bucket. The nonce of nine digits makes the name unique all the same.
 */
export function ownObjectName(prefix: string, key: ObjectKey, id: number, nonce: string): ObjectName {
  const [stem, ext] = splitExt(key);
  return `${prefix}${stem}.${id}${nonce}${ext}` as ObjectName;
}

/**
 * Returns the keys of which `name` may be the plain name or an own name; it need not belong to any of them. The list is empty for a
 * name outside the prefix, and for one that no key can have.
 */
export function keysOfObjectName(prefix: string, name: string): ObjectKey[] {
  if (!name.startsWith(prefix)) return [];
  const rest = name.slice(prefix.length);
  const [stem, ext] = splitExt(rest);
  const candidates = [rest, OWN_DIGITS.test(stem) && `${stem.replace(OWN_DIGITS, '')}${ext}`, OWN_DIGITS.test(rest) && rest.replace(OWN_DIGITS, '')];
  return candidates.flatMap((text) => (text === false ? [] : keyOrNone(text)));
}

function keyOrNone(text: string): ObjectKey[] {
  try {
    return [parseKey(text)];
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    return [];
  }
}

/**
 * Returns an own name on disk, directly in the plugin's own folder. Every file system accepts it, whatever the length and the script of
 * the key. The digits make it unique; the rest helps people, in ASCII. It has at most 100 characters, because eCryptfs allows 143 bytes.
 */
export function ownLocalName(key: ObjectKey, id: number, nonce: string): LocalName {
  const [stem, ext] = splitExt(key.slice(key.lastIndexOf('/') + 1));
  const short = stem.slice(0, 50).replace(/[^A-Za-z0-9_-]/g, '_');
  return `${OWN_FOLDER}/${short}.${id}${nonce}${/^\.[A-Za-z0-9]{1,16}$/.test(ext) ? ext : ''}` as LocalName;
}

/** Whether a name lies in the plugin's own folder, where only the plugin writes. Anybody may write to a plain path. */
export function isOwnLocalName(name: LocalName): boolean {
  return name.startsWith(`${OWN_FOLDER}/`);
}

/** Returns the plain path of a key on disk. */
export function plainLocalName(key: ObjectKey): LocalName {
  return key as string as LocalName;
}
