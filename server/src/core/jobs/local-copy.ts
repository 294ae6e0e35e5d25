import { StorageError } from '../errors';
import type { Content, LocalCopy } from '../ledger/state';
import { storedBody } from '../media/body';
import type { EngineParts } from '../media/deps';
import type { Body } from '../store/object-store';

/**
 * The bytes of a row's file on this disk, compared with what the ledger knows of them.
 * @throws StorageError INTEGRITY when they are not those any more, OBJECT_NOT_FOUND when they are gone
 */
export async function localBody({ disk }: EngineParts, key: string, local: LocalCopy, content: Content): Promise<Body> {
  const body = await storedBody(disk, local.localName);
  if (body.size !== content.size || (content.md5 !== null && body.md5 !== content.md5)) {
    throw new StorageError('INTEGRITY', { operation: 'verify', subject: key, detail: 'the file on disk has changed' });
  }
  return body;
}
