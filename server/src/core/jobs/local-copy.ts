import { isStorageError, StorageError } from '../errors';
import type { Content, LocalCopy } from '../ledger/words';
import { openedBody } from '../store/bodies';
import type { MoveParts } from './deps';
import { AT_ONCE } from '../pool/at-once';
import { HeldBody } from '../store/held-body';
import type { LocalStore } from '../store/local/local-store';
import type { Body } from '../store/object-store';

export interface Reading {
  /** Up to so many bytes are held, rather than read again for each attempt to send them. */
  readonly heldBytes?: number;
  /** Breaks off the reading of a large file; a small one is read at once. */
  readonly signal?: AbortSignal;
}

/**
 * The bytes of a row's file on this disk, compared with what the ledger knows of them.
 * @throws StorageError FILE_CHANGED when they are not those any more, NOT_ON_DISK when they are gone, ABORTED
 */
export async function localBody({ disk }: MoveParts, key: string, local: LocalCopy, content: Content, reading: Reading = {}): Promise<Body> {
  const changed = () => new StorageError('FILE_CHANGED', { operation: 'verify', subject: key });
  const body = await bodyOf(disk, local.localName, content.size, reading).catch((cause: unknown) => {
    throw isStorageError(cause, 'OBJECT_NOT_FOUND') ? new StorageError('NOT_ON_DISK', { operation: 'verify', subject: key, cause }) : cause;
  });
  if (body?.size !== content.size || (content.md5 !== null && body.md5 !== content.md5)) throw changed();
  return body;
}

/** The body of a file that has so many bytes; undefined where it has others. */
async function bodyOf(disk: LocalStore, name: string, size: number, { heldBytes = 0, signal }: Reading): Promise<Body | undefined> {
  if (signal?.aborted) throw new StorageError('ABORTED', { operation: 'read', subject: name, refused: true });
  if (size <= AT_ONCE.smallBytes) {
    const bytes = await disk.bytes(name, size);
    return bytes && HeldBody.of(bytes);
  }
  const found = await disk.get(name, { signal });
  if (found.facts.size === size) return size <= heldBytes ? HeldBody.read(found.body) : openedBody(disk, name, found.body);
  found.body.destroy();
  return undefined;
}
