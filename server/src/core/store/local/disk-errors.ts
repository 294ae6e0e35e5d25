import { isStorageError, StorageError, type StorageErrorFacts } from '../../errors';
import type { ErrorCode } from '../../../contracts/errors';

const WRITE_CODES: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'DISK_FULL',
  EDQUOT: 'DISK_FULL',
  EEXIST: 'NAME_TAKEN',
  // a part of the path is a file: for a write the name is taken, and for a read there is no object
  ENOTDIR: 'NAME_TAKEN',
  ENAMETOOLONG: 'NAME_UNFIT',
  // the file system takes only names in a certain encoding
  EILSEQ: 'NAME_UNFIT',
};

/** Returns Node's error code (`ENOENT`), where the error has one. */
export function errnoOf(error: unknown): string | undefined {
  // the shape decides: Node's own errors are not `instanceof Error` in a module that runs in another realm (vm, jest)
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** Turns any file system error into a StorageError. It is always `refused`: a disk does not apply later what it reports as failed. */
export function diskError(error: unknown, facts: StorageErrorFacts): StorageError {
  if (isStorageError(error)) return error;
  const errno = errnoOf(error) ?? '';
  const detail = errno || String(error);
  return new StorageError(WRITE_CODES[errno] ?? 'DISK_ERROR', { ...facts, detail, refused: true, cause: error });
}

/** Does the same for a folder that the plugin needs. Something else in its place is a DISK_ERROR there, and not a name that is taken. */
export function folderError(error: unknown, operation: string, subject: string): StorageError {
  const failure = diskError(error, { operation, subject });
  if (failure.code === 'DISK_FULL' || failure.code === 'DISK_ERROR') return failure;
  return new StorageError('DISK_ERROR', { operation, subject, detail: failure.detail, refused: true, cause: error });
}

/**
 * Does the same for reading and removing. There a missing file or folder, or a name that the file system does not allow, means that
 * there is no such object.
 */
export function notThere(error: unknown, operation: string, subject: string): StorageError {
  const errno = errnoOf(error);
  if (errno === 'ENOENT' || errno === 'ENOTDIR' || errno === 'EISDIR' || errno === 'ENAMETOOLONG' || errno === 'EILSEQ') {
    return new StorageError('OBJECT_NOT_FOUND', { operation, subject, refused: true, cause: error });
  }
  return diskError(error, { operation, subject });
}
