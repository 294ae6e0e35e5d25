import path from 'node:path';
import { isStorageError } from '../core/errors';
import { OWN_FOLDER, parseKey, type ObjectKey } from '../core/keys';

const UPLOADS = /^\/uploads(?:\/|$)/i;

/**
 * The part of a request path below `/uploads/`, by the same reading as Strapi's own static route (decoded once, dot segments and
 * repeated slashes resolved, case of the folder ignored as a file system may), so that no spelling of a path gets around the
 * plugin to bytes on disk that are no longer current.
 * @returns undefined for a path outside `/uploads`
 */
export function pathBelowUploads(rawPath: string): string | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(rawPath);
  } catch {
    // not decodable for anyone else either
    return undefined;
  }
  const normal = path.posix.normalize(decoded.replace(/\\/g, '/'));
  return UPLOADS.test(normal) ? normal.replace(UPLOADS, '') : undefined;
}

/** Whether the path leads into the plugin's own folder, whose files are nobody's to ask for. A file system may ignore case. */
export function isInOwnFolder(below: string): boolean {
  return below.toLowerCase().split('/')[0] === OWN_FOLDER;
}

/** The key of this name, or undefined where it can be nobody's: no row, and so no other bytes than the disk's, can exist for it. */
export function keyOrUndefined(name: string): ObjectKey | undefined {
  try {
    return parseKey(name);
  } catch (error) {
    if (isStorageError(error, 'INVALID_KEY')) return undefined;
    throw error;
  }
}
