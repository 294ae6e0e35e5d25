import type { ErrorCode } from '../../../contracts/errors';
import { codeOf, isStorageError, StorageError } from '../../errors';
import { plainLocalName } from '../../keys';
import { isLeftToSettle } from '../../ledger/settling-steps';
import type { LedgerRow } from '../../ledger/state';
import type { MoveParts } from '../deps';
import type { SweepParts } from '../../sweep/deps';
import { ROW_TTL_MS } from '../../media/row-cache';
import { forEach } from '../../pool/for-each';
import { isDiskThere } from '../../volumes/disk-there';
import { noteFailure } from '../../buckets/failures';
import { hasGivenUp } from '../../ledger/given-up';
import type { JobOutcome } from '../../runner/job';
import { localBody } from '../local-copy';
import { pace } from '../pace';
import { sweepFiles } from '../../sweep/sweep';

/**
 * Delay after a replace before the path of the replaced file may get other bytes, in milliseconds. Until then a process may still
 * have the old row in its cache, and would serve the new bytes as the old file. The delay is twice the life of a cached row,
 * because a busy process opens the file late.
 */
const PATH_RESTS_MS = 2 * ROW_TTL_MS;

/**
 * The result for one file. `settled`: the file has its plain path. `freed`: the plain path has condemned bytes, which the sweeper may
 * remove now or in a few seconds. `waits`: somebody else is at work on the row or the path. `failed`: the reason, which is also
 * noted in the ledger.
 */
export type Settled = 'settled' | 'freed' | 'waits' | { readonly failed: ErrorCode };

/** The parts that settle files. They include the sweeper, which frees plain paths at once. */
export type SettleParts = MoveParts & SweepParts;

/** How settling is to be done, and who gets the results. */
export interface SettleWays {
  /** Files settled at once. */
  readonly concurrency: number;
  /** Files read from the ledger at once. */
  readonly batchSize: number;
  /** No further file is begun once it aborts. */
  readonly signal: AbortSignal;
  /** Breaks off the reading of a file; `signal` by default. */
  readonly halt?: AbortSignal;
  onResult?(result: Settled, row: LedgerRow): void;
  afterBatch?(): Promise<void>;
}

/**
 * Gives every file of this disk its plain path, where Strapi finds it without the plugin. It works only while the project is
 * leaving S3, because new files would go to the bucket otherwise.
 * @returns `failed` when every file that is left has been given up
 */
export async function settleAll(deps: SettleParts, ways: SettleWays): Promise<JobOutcome> {
  const code = await settleOnce(deps, ways);
  const left = await deps.ledger.leftToSettle(deps.volume.id);
  if (!left) return { status: 'complete' };
  return hasGivenUp(left) && left.lastError ? { status: 'failed', code: left.lastError } : { status: 'paused', code: code ?? left.lastError };
}

/**
 * Settles as many files as it can now. Two processes at once do no harm: see `beginSettle`.
 * @returns why the last file that failed did so, or why nothing can be done; null when nothing failed
 */
export async function settleOnce(deps: SettleParts, ways: SettleWays): Promise<ErrorCode | null> {
  for (let freedBefore = false; ; freedBefore = true) {
    const { settled, freed, code } = await pass(deps, ways);
    // a path that the sweeper could not free is not requested again and again
    if (!freed || ways.signal.aborted || (freedBefore && !settled)) return code;
    await sweepFiles(deps, ways.signal);
  }
}

/** Goes once through all files that lie under own names on this disk. */
async function pass(deps: MoveParts, { concurrency, batchSize, signal, halt = signal, onResult, afterBatch }: SettleWays) {
  const results = { settled: false, freed: false, code: null as ErrorCode | null };
  const goesOn = () => !signal.aborted && deps.instance.leaving;
  const paced = pace(deps, concurrency);
  let after: LedgerRow['key'] | null = null;
  while (goesOn()) {
    // this comes before the id is written again: on an empty mount point every file would be noted as gone
    if (!(await isDiskThere(deps))) return { ...results, code: 'DISK_ERROR' as const };
    const rows: LedgerRow[] = await deps.ledger.dueToSettle(await deps.volume.refresh(), after, batchSize);
    const last = rows.at(-1);
    if (!last) break;
    after = last.key;
    await forEach(rows, concurrency, (row) => paced(async () => {
      if (!goesOn()) return;
      const result = await settleRow(deps, row, halt);
      if (typeof result === 'object') results.code = result.failed;
      else if (result !== 'waits') results[result] = true;
      onResult?.(result, row);
    }));
    await afterBatch?.();
  }
  return results;
}

/**
 * Gives one file its plain path. It moves nothing: the file has both names until the row points to the plain one, and one day
 * longer, for processes that have read the row before and for backups of the database.
 */
export async function settleRow(deps: MoveParts, row: LedgerRow, signal?: AbortSignal): Promise<Settled> {
  const { ledger, disk } = deps;
  if (!isLeftToSettle(row, deps.volume.id)) return 'waits';
  const { local, content } = row.placement;
  try {
    // the bytes are compared now, because nobody compares them once the plugin is gone
    await localBody(deps, row.key, local, content, { signal });
    const intent = await ledger.beginSettle(row);
    if (!intent) {
      const expedited = await ledger.expediteName({ kind: 'file', name: plainLocalName(row.key), volume: local.volume }, PATH_RESTS_MS);
      return expedited ? 'freed' : 'waits';
    }
    const forget = async (error: unknown): Promise<never> => {
      // the disk refuses this name, so nothing lies under it and nothing ever will
      if (isStorageError(error, 'NAME_UNFIT')) await ledger.forgetSettle(intent);
      throw error;
    };
    const given = await disk.giveName(local.localName, intent.name).catch(forget);
    // guard: taken-plain-path-not-settled
    if (!given) {
      // somebody else's file has this name: if it were condemned, the sweeper would remove that file
      await ledger.forgetSettle(intent);
      throw new StorageError('PLAIN_PATH_TAKEN', { operation: 'settle', subject: row.key, refused: true });
    }
    const committed = await ledger.commitSettle(row, intent);
    deps.rows.forget([row.key]);
    return committed ? 'settled' : 'waits';
  } catch (error) {
    await noteFailure(deps, row, error, 'settle');
    return { failed: codeOf(error) };
  }
}
