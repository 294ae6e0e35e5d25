import { StorageError } from './errors';

declare const brand: unique symbol;
type Brand<T, B extends string> = T & { readonly [brand]: B };

/** What Strapi knows: `hash + ext`, the path below `/uploads/`. Checked; see {@link parseKey}. */
export type ObjectKey = Brand<string, 'ObjectKey'>;
/** Where bytes lie in the bucket. Written once, never overwritten. */
export type ObjectName = Brand<string, 'ObjectName'>;
/** Where bytes lie on a volume, relative to the uploads folder. Written once, never overwritten. */
export type LocalName = Brand<string, 'LocalName'>;
/** Random id stored in an uploads folder: tells which disk a local name is on. */
export type VolumeId = Brand<string, 'VolumeId'>;
/** Orders the writes and deletes of a key by when they began. */
export type Ticket = Brand<number, 'Ticket'>;

/** The S3 limit, in bytes of UTF-8. */
export const MAX_NAME_BYTES = 1024;
/** The plugin's own folder inside the uploads folder. Its leading dot keeps Strapi's static route out. */
export const OWN_FOLDER = '.s3-storage';

/**
 * The one way to an {@link ObjectKey}.
 * @throws StorageError INVALID_KEY for anything that could name another file than it says, here or in the bucket:
 *   empty, over 1024 bytes, NUL or control characters, backslashes, encoded slashes or dots, empty, `.` or `..` or dotted
 *   segments, a leading or trailing slash.
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

/** The key of a Strapi file or of one of its formats. @throws StorageError INVALID_KEY */
export function keyOf(file: { hash: string; ext?: string | null }): ObjectKey {
  return parseKey(`${file.hash}${file.ext ?? ''}`);
}

/** Id and nonce at the end of an own name, before its extension: see {@link ownObjectName}. */
const OWN_DIGITS = /\.\d{10,}$/;

/** `name.ext` → `['name', '.ext']`; only the last segment's extension counts. */
function splitExt(key: string): [stem: string, ext: string] {
  const dot = key.lastIndexOf('.');
  return dot > key.lastIndexOf('/') + 1 ? [key.slice(0, dot), key.slice(dot)] : [key, ''];
}

/** The name of a key's first PUT: path and object key are the same string. */
export function plainObjectName(prefix: string, key: ObjectKey): ObjectName {
  return `${prefix}${key}` as ObjectName;
}

/**
 * A name that no other write ever had or will have: `hash.<ticket><nonce>.ext`. The nonce (nine digits) is there because
 * a ticket can be drawn twice: SQLite gives an autoincrement id back when its transaction rolls back, and so does a
 * database restored from a backup, while the object written under it stays in the bucket.
 */
export function ownObjectName(prefix: string, key: ObjectKey, id: number, nonce: string): ObjectName {
  const [stem, ext] = splitExt(key);
  return `${prefix}${stem}.${id}${nonce}${ext}` as ObjectName;
}

/**
 * The keys that an object of this name may be of, as plain name or as own one; it need be neither's. None for a name
 * outside the prefix, or that no key has.
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
 * A disk name of the plugin's own, in its own folder: flat, and one that every file system takes, for a key of any length in any
 * script. The digits make it unique; the rest is for people, in ASCII. At most 100 characters, as eCryptfs takes 143 bytes only.
 */
export function ownLocalName(key: ObjectKey, id: number, nonce: string): LocalName {
  const [stem, ext] = splitExt(key.slice(key.lastIndexOf('/') + 1));
  const short = stem.slice(0, 50).replace(/[^A-Za-z0-9_-]/g, '_');
  return `${OWN_FOLDER}/${short}.${id}${nonce}${/^\.[A-Za-z0-9]{1,16}$/.test(ext) ? ext : ''}` as LocalName;
}

/** Whether a file lies where only the plugin writes. A plain path is open to everybody. */
export function isOwnLocalName(name: LocalName): boolean {
  return name.startsWith(`${OWN_FOLDER}/`);
}

/** A key's plain path on disk. */
export function plainLocalName(key: ObjectKey): LocalName {
  return key as string as LocalName;
}
