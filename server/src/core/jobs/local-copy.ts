import { isStorageError, StorageError } from '../errors';
import type { Content, LocalCopy } from '../ledger/state';
import { storedBody } from '../media/body';
import type { EngineParts } from '../media/deps';
import type { Body } from '../store/object-store';

/**
 * The bytes of a row's file on this disk, compared with what the ledger knows of them.
 * @throws StorageError FILE_CHANGED when they are not those any more, NOT_ON_DISK when they are gone
 */
export async function localBody({ disk }: EngineParts, key: string, local: LocalCopy, content: Content): Promise<Body> {
  const body = await storedBody(disk, local.localName).catch((cause: unknown) => {
    throw isStorageError(cause, 'OBJECT_NOT_FOUND') ? new StorageError('NOT_ON_DISK', { operation: 'verify', subject: key, cause }) : cause;
  });
  if (body.size !== content.size || (content.md5 !== null && body.md5 !== content.md5)) {
    throw new StorageError('FILE_CHANGED', { operation: 'verify', subject: key });
  }
  return body;
}
