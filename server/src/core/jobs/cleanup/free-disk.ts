import { isStorageError, StorageError } from '../../errors';
import { isIn, type LedgerRow } from '../../ledger/state';
import type { Content } from '../../ledger/words';
import type { MoveParts } from '../deps';
import type { Body } from '../../store/object-store';
import { noteFailure } from '../../buckets/failures';
import { localBody } from '../local-copy';
import { proveObject } from '../../sweep/prove-object';

/**
 * Frees this disk of a file that is in S3 as well, once the same bytes were proven there and here. Nothing is unlinked:
 * its name is condemned in the commit, and the sweeper's from then on.
 * @param graceMs how long the file stays all the same, in milliseconds
 * @param signal breaks off the reading of file and object
 * @returns whether it came to that; why not is noted in the ledger
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
 * Of a file that is gone already the object alone has to be proven, by what the ledger knows of both: there is nothing left to be
 * let go of but its name. Where it is not proven, that is what is wrong, and told.
 */
function asRecorded(key: string, { size, md5 }: Content, cause: unknown): Pick<Body, 'size' | 'md5'> {
  if (!isStorageError(cause, 'NOT_ON_DISK')) throw cause;
  if (md5 === null) throw new StorageError('FILE_CHANGED', { operation: 'verify', subject: key, cause });
  return { size, md5 };
}
