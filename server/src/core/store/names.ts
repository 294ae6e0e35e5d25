import { StorageError } from '../errors';
import { MAX_NAME_BYTES } from '../keys';

/**
 * Refuses names that a file system, the SDK or a server would take for another object (`a/../b`, `a//b`), so that names stay
 * exact in every store. It does not repair such a name, because two names would mean one object then.
 * @throws StorageError INVALID_KEY
 */
export function assertName(name: string, operation: string): void {
  const usable =
    name.length > 0 &&
    Buffer.byteLength(name, 'utf8') <= MAX_NAME_BYTES &&
    name.isWellFormed() &&
    !/[\p{Cc}\\]/u.test(name) &&
    !name.split('/').some((segment) => segment === '' || segment === '.' || segment === '..');
  if (!usable) throw new StorageError('INVALID_KEY', { operation, subject: name, refused: true });
}

/** Returns a name as a part of a URL, escaped as the SDK escapes it (RFC 3986, without exceptions). The slashes stay. */
export function escapedName(name: string): string {
  const escaped = (part: string) => encodeURIComponent(part).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  return name.split('/').map(escaped).join('/');
}
