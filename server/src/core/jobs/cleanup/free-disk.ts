import { isStorageError, StorageError } from '../../errors';
import { isIn, type LedgerRow } from '../../ledger/state';
import type { Content } from '../../ledger/words';
import type { MoveParts } from '../deps';
import type { Body } from '../../store/object-store';
import { noteFailure } from '../../buckets/failures';
import { localBody } from '../local-copy';
import { proveObject } from '../../sweep/prove-object';

/**
 * Frees this disk of a file that is in S3 as well, after it has proven the same bytes in both places. It removes no file: the
 * commit condemns the name, and the sweeper removes the file later.
 * @param graceMs how long the file stays after the commit, in milliseconds
 * @param signal breaks off the reading of file and object
 * @returns whether the cleanup was committed; otherwise the ledger has the reason
 */
export async function cleanUpRow(deps: MoveParts, row: LedgerRow, graceMs: number, signal?: AbortSignal): Promise<boolean> {
  if (!deps.buckets.writable || !isIn(row, 'both')) return false;
  try {
    const { local, content } = row.placement;
    const body = await localBody(deps, row.key, local, content, { signal }).catch((cause: unknown) => asRecorded(row.key, content, cause));
    // guard: cleanup-proves-the-object
    await proveObject(deps, row, body, signal);
    const committed = await deps.ledger.commitCleanup(row, { graceMs });
    deps.rows.forget([row.key]);
    return committed;
  } catch (error) {
    await noteFailure(deps, row, error);
    return false;
  }
}

/**
 * Returns the size and checksum that the ledger knows, for a file that is gone from the disk already. The object then has to match
 * them, because there is no file to compare it with, and only the name is left to condemn.
 * @throws the cause, if it is another one; StorageError FILE_CHANGED when the ledger knows no checksum
 */
function asRecorded(key: string, { size, md5 }: Content, cause: unknown): Pick<Body, 'size' | 'md5'> {
  if (!isStorageError(cause, 'NOT_ON_DISK')) throw cause;
  if (md5 === null) throw new StorageError('FILE_CHANGED', { operation: 'verify', subject: key, cause });
  return { size, md5 };
}
