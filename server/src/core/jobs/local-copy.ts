import { isStorageError, StorageError } from '../errors';
import type { Content, LocalCopy } from '../ledger/state';
import { bufferBody, bytesOf, openedBody } from '../media/body';
import type { EngineParts } from '../media/deps';
import type { Body } from '../store/object-store';

/** Up to so many bytes a file is read once and held, rather than read again for each attempt to send it. */
export const SMALL_BYTES = 256 * 1024;

/**
 * The bytes of a row's file on this disk, compared with what the ledger knows of them.
 * @throws StorageError FILE_CHANGED when they are not those any more, NOT_ON_DISK when they are gone
 */
export async function localBody({ disk }: EngineParts, key: string, local: LocalCopy, content: Content): Promise<Body> {
  const changed = () => new StorageError('FILE_CHANGED', { operation: 'verify', subject: key });
  const found = await disk.get(local.localName).catch((cause: unknown) => {
    throw isStorageError(cause, 'OBJECT_NOT_FOUND') ? new StorageError('NOT_ON_DISK', { operation: 'verify', subject: key, cause }) : cause;
  });
  if (found.facts.size !== content.size) {
    found.body.destroy();
    throw changed();
  }
  const body = content.size <= SMALL_BYTES ? bufferBody(await bytesOf(found.body)) : await openedBody(disk, local.localName, found.body);
  if (body.size !== content.size || (content.md5 !== null && body.md5 !== content.md5)) throw changed();
  return body;
}
