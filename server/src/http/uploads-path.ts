import path from 'node:path';
import { isStorageError } from '../core/errors';
import { parseKey, type ObjectKey } from '../core/keys';

const UPLOADS = /^\/uploads\//i;

/**
 * The key that a request path means, by the same reading as Strapi's own static route (decoded once, dot segments and
 * repeated slashes resolved, case of the folder ignored as a file system may), so that no spelling of a path gets
 * around the plugin to bytes on disk that are no longer current.
 * @returns undefined for a path outside `/uploads/`, `invalid` for one inside that can be nobody's key
 */
export function keyOfPath(rawPath: string): ObjectKey | 'invalid' | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(rawPath);
  } catch {
    // not decodable for anyone else either
    return undefined;
  }
  const normal = path.posix.normalize(decoded.replace(/\\/g, '/'));
  if (!UPLOADS.test(normal)) return undefined;
  try {
    return parseKey(normal.replace(UPLOADS, ''));
  } catch (error) {
    if (isStorageError(error, 'INVALID_KEY')) return 'invalid';
    throw error;
  }
}
