import path from 'node:path';
import { isStorageError } from '../core/errors';
import { OWN_FOLDER, parseKey, type ObjectKey } from '../core/keys';

const UPLOADS = /^\/uploads(?:\/|$)/i;

/**
 * Returns the part of a request path below `/uploads/`. It reads the path as Strapi's own static route does: it decodes it once, resolves
 * dot segments and repeated slashes, and ignores the case of the folder, as a file system may. So no spelling of a path leads past the
 * plugin to bytes on disk that are no longer current.
 * @returns undefined for a path outside `/uploads`
 */
export function pathBelowUploads(rawPath: string): string | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(rawPath);
  } catch {
    // nobody else can decode it either
    return undefined;
  }
  const normal = path.posix.normalize(decoded.replace(/\\/g, '/'));
  return UPLOADS.test(normal) ? normal.replace(UPLOADS, '') : undefined;
}

/** Whether the path leads into the plugin's own folder, whose files nobody may ask for. A file system may ignore case. */
export function isInOwnFolder(below: string): boolean {
  return below.toLowerCase().split('/')[0] === OWN_FOLDER;
}

/** Returns the key of this name, or undefined if it cannot be a key. Such a name has no row, so its only bytes can be on the disk. */
export function keyOrUndefined(name: string): ObjectKey | undefined {
  try {
    return parseKey(name);
  } catch (error) {
    if (isStorageError(error, 'INVALID_KEY')) return undefined;
    throw error;
  }
}
