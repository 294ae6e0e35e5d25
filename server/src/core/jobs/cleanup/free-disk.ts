import { isStorageError, StorageError } from '../../errors';
import { isIn, type LedgerRow, type RowIn } from '../../ledger/state';
import type { Content } from '../../ledger/words';
import type { MoveParts } from '../deps';
import { AT_ONCE, rowsInHand } from '../../pool/at-once';
import { together } from '../../pool/together';
import { assertNotAborted } from '../../store/body';
import type { Body } from '../../store/object-store';
import { noteFailure } from '../../buckets/failures';
import { pace } from '../pace';
import { localBody } from '../local-copy';
import { proveObject } from '../../sweep/prove-object';

export interface Cleanups {
  /** Number of rows to work on at once. */
  readonly inHand: number;
  /**
   * Frees this disk of a file that is in S3 as well, after it has proven the same bytes in both places. It removes no file: the
   * commit condemns the name, and the sweeper removes the file later.
   * @returns whether the cleanup was committed; otherwise the ledger has the reason
   */
  cleanUp(row: LedgerRow): Promise<boolean>;
}

export interface CleanupsOptions {
  /** Largest number of files that are compared at once. The rows of compared files share a commit. */
  readonly concurrency: number;
  /** Number of rows that are claimed at once. */
  readonly batchSize: number;
  /** How long a file stays after the commit, in milliseconds. */
  readonly graceMs: number;
  /** No further file is compared once it aborts. */
  readonly signal?: AbortSignal;
  /** Breaks off the reading of file and object. */
  readonly halt?: AbortSignal;
}

export function cleanups(deps: MoveParts, { concurrency, batchSize, graceMs, signal, halt }: CleanupsOptions): Cleanups {
  const inHand = rowsInHand({ concurrency, batchSize });
  const comparing = pace(deps, concurrency);
  const commit = together((rows: readonly LedgerRow[]) => deps.ledger.commitCleanups(rows, { graceMs }), {
    clock: deps.clock,
    lingerMs: AT_ONCE.lingerMovedMs,
    atMost: Math.ceil(inHand / 2),
  });

  const compare = async (row: RowIn<'both'>): Promise<void> => {
    assertNotAborted('verify', row.key, signal);
    // while this file waited for its turn, somebody may have switched S3 off
    if (!deps.buckets.writable) throw new StorageError('ABORTED', { operation: 'verify', subject: row.key, refused: true });
    const { local, content } = row.placement;
    const body = await localBody(deps, row.key, local, content, { signal: halt }).catch((cause: unknown) => asRecorded(row.key, content, cause));
    // guard: cleanup-proves-the-object
    await proveObject(deps, row, body, halt);
  };

  return {
    inHand,
    async cleanUp(row) {
      if (!isIn(row, 'both')) return false;
      try {
        await comparing(() => compare(row));
        const committed = await commit(row);
        deps.rows.forget([row.key]);
        return committed;
      } catch (error) {
        await noteFailure(deps, row, error);
        return false;
      }
    },
  };
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
