import { isStorageError, StorageError } from '../errors';
import type { Content, LocalCopy } from '../ledger/words';
import { openedBody } from '../store/bodies';
import type { MoveParts } from './deps';
import { AT_ONCE } from '../pool/at-once';
import { HeldBody } from '../store/held-body';
import type { LocalStore } from '../store/local/local-store';
import type { Body } from '../store/object-store';

export interface Reading {
  /** A file of up to this size, in bytes, is held in memory, so that it is read once for all attempts to send it. */
  readonly heldBytes?: number;
  /** Breaks off the reading of a large file. A small one is read in one piece. */
  readonly signal?: AbortSignal;
}

/**
 * Reads a row's file on this disk, and compares it with the size and checksum that the ledger knows.
 * @throws StorageError FILE_CHANGED when the bytes differ, NOT_ON_DISK when the file is gone, ABORTED
 */
export async function localBody({ disk }: MoveParts, key: string, local: LocalCopy, content: Content, reading: Reading = {}): Promise<Body> {
  const changed = () => new StorageError('FILE_CHANGED', { operation: 'verify', subject: key });
  const body = await bodyOf(disk, local.localName, content.size, reading).catch((cause: unknown) => {
    throw isStorageError(cause, 'OBJECT_NOT_FOUND') ? new StorageError('NOT_ON_DISK', { operation: 'verify', subject: key, cause }) : cause;
  });
  if (body?.size !== content.size || (content.md5 !== null && body.md5 !== content.md5)) throw changed();
  return body;
}

/** Returns the body of a file, or undefined when the file does not have this size, in bytes. */
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
