import { isStorageError, StorageError } from '../../errors';
import type { LedgerRow, RowIn } from '../../ledger/state';
import type { RestoreToBegin, WrittenRestore } from '../../ledger/moves';
import type { IntentOf } from '../../ledger/words';
import type { MoveParts } from '../deps';
import { pace } from '../pace';
import { atPlaceOf } from '../../buckets/stand-in';
import { AT_ONCE, rowsInHand } from '../../pool/at-once';
import { together, type Gathering } from '../../pool/together';
import { failureOfSource } from '../../store/bodies';
import { assertNotAborted } from '../../store/body';

export interface Restores {
  /** Number of rows to work on at once. */
  readonly inHand: number;
  /**
   * Fetches a file from S3 to this disk, under an own name, and commits the row as `both`. A row that has a copy already gets this one
   * in its place. The caller notes a failure.
   * @returns false when the row has changed meanwhile
   * @throws StorageError OBJECT_CHANGED, OBJECT_NOT_FOUND, DISK_FULL, DISK_ERROR, ABORTED, or why S3 could not be read
   */
  bringBack(row: RowIn<'remote' | 'both'>): Promise<boolean>;
}

export interface RestoresOptions {
  /** Largest number of files that move at once. The rows of the others share the steps of the ledger. */
  readonly concurrency: number;
  /** Number of rows that are claimed at once. */
  readonly batchSize: number;
  /** No further file is fetched once it aborts. */
  readonly signal?: AbortSignal;
  /** Breaks off the fetching of files. */
  readonly halt?: AbortSignal;
}

/** How small files, or larger ones, are fetched. */
interface Way {
  begin(restore: RestoreToBegin): Promise<IntentOf<'file'> | undefined>;
  commit(restore: WrittenRestore): Promise<boolean>;
  /** Runs work that sends requests to S3. */
  moving<T>(work: () => Promise<T>): Promise<T>;
}

export function restores(deps: MoveParts, { concurrency, batchSize, signal, halt }: RestoresOptions): Restores {
  const { ledger, clock } = deps;
  const inHand = rowsInHand({ concurrency, batchSize });
  const inLane = pace(deps, concurrency);
  const atOnce = <T>(work: () => Promise<T>) => work();
  const way = (gathering: Omit<Gathering, 'clock'>, moving: Way['moving']): Way => ({
    begin: together(ledger.beginRestores, { clock, ...gathering }),
    commit: together(ledger.commitRestores, { clock, ...gathering }),
    moving,
  });
  const small = way({ lingerMs: AT_ONCE.lingerMovedMs, atMost: Math.ceil(inHand / 4) }, inLane);
  // a name is condemned after a day: that of a larger file begins only when the file moves, because those before it may take long
  const large = way({ lingerMs: AT_ONCE.lingerLargeMs, atMost: concurrency }, atOnce);

  const move = async (row: RowIn<'remote' | 'both'>, { begin, commit, moving }: Way): Promise<boolean> => {
    const intent = await begin({ row, volume: await deps.volume.refresh() });
    if (!intent) return false;
    await moving(() => fetchTo(deps, row, intent, signal, halt));
    const committed = await commit({ row, intent });
    deps.rows.forget([row.key]);
    return committed;
  };

  return {
    inHand,
    bringBack: (row) => (row.placement.content.size <= AT_ONCE.smallBytes ? move(row, small) : inLane(() => move(row, large))),
  };
}

/** Writes the row's bytes under the name of the intent. After a failure the ledger forgets the name, or condemns it where bytes may lie there. */
async function fetchTo(deps: MoveParts, row: RowIn<'remote' | 'both'>, intent: IntentOf<'file'>, signal: AbortSignal | undefined, halt: AbortSignal | undefined): Promise<void> {
  const { remote, content } = row.placement;
  const outOfReach = () => new StorageError('UNAVAILABLE', { operation: 'restore', subject: row.key, refused: true });
  let mayHaveBytes = false;
  try {
    assertNotAborted('restore', row.key, signal);
    await atPlaceOf(deps.buckets, remote.locationId, async (store) => {
      const { body } = await store.get(remote.object, { signal: halt });
      try {
        mayHaveBytes = true;
        // the disk store refuses bytes that differ from the announced ones, and the ledger announces them here
        await deps.disk.put(intent.name, { ...content, open: () => body }, { signal: halt });
      } catch (error) {
        throw reasonOf(error, row);
      } finally {
        body.destroy();
      }
    }, outOfReach);
  } catch (error) {
    await (mayHaveBytes ? deps.ledger.abandon([intent]) : deps.ledger.forget(intent));
    throw error;
  }
}

function reasonOf(error: unknown, row: LedgerRow): unknown {
  if (isStorageError(error, 'INTEGRITY')) return new StorageError('OBJECT_CHANGED', { operation: 'restore', subject: row.key, refused: true, cause: error });
  return failureOfSource(error);
}
