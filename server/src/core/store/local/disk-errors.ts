import { isStorageError, StorageError, type StorageErrorFacts } from '../../errors';
import type { ErrorCode } from '../../../contracts/errors';

const WRITE_CODES: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'DISK_FULL',
  EDQUOT: 'DISK_FULL',
  EEXIST: 'NAME_TAKEN',
  // a part of the path is a file: for a write the name is taken, for a read nothing is there
  ENOTDIR: 'NAME_TAKEN',
  ENAMETOOLONG: 'NAME_UNFIT',
  // the file system takes names in some encoding only
  EILSEQ: 'NAME_UNFIT',
};

/** The Node error code (`ENOENT`), where the error has one. */
export function errnoOf(error: unknown): string | undefined {
  // by shape: an error of Node's own is no `instanceof Error` in a module that runs in another realm (vm, jest)
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** Any file system error as a StorageError; a disk has always refused what it reports as failed. */
export function diskError(error: unknown, facts: StorageErrorFacts): StorageError {
  if (isStorageError(error)) return error;
  const errno = errnoOf(error) ?? '';
  const detail = errno || String(error);
  return new StorageError(WRITE_CODES[errno] ?? 'DISK_ERROR', { ...facts, detail, refused: true, cause: error });
}

/** The same of a folder that the plugin needs, where something else in its place is no name that is taken. */
export function folderError(error: unknown, operation: string, subject: string): StorageError {
  const failure = diskError(error, { operation, subject });
  if (failure.code === 'DISK_FULL' || failure.code === 'DISK_ERROR') return failure;
  return new StorageError('DISK_ERROR', { operation, subject, detail: failure.detail, refused: true, cause: error });
}

/** The same for reading and removing, where a missing file or folder, or a name that none can have, means a missing object. */
export function notThere(error: unknown, operation: string, subject: string): StorageError {
  const errno = errnoOf(error);
  if (errno === 'ENOENT' || errno === 'ENOTDIR' || errno === 'EISDIR' || errno === 'ENAMETOOLONG' || errno === 'EILSEQ') {
    return new StorageError('OBJECT_NOT_FOUND', { operation, subject, refused: true, cause: error });
  }
  return diskError(error, { operation, subject });
}
