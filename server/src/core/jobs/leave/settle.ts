import type { ErrorCode } from '../../../contracts/errors';
import { codeOf, isStorageError, StorageError } from '../../errors';
import { plainLocalName } from '../../keys';
import { isUnsettled } from '../../ledger/settling-steps';
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
import { sweepFiles } from '../../sweep/sweep';

/**
 * How long after a replace the path of what it replaced may get other bytes, in milliseconds: until then a process may still serve
 * by a row that says what lay there, and would serve the new bytes for it. Twice as long, as a busy process opens the file late.
 */
const PATH_RESTS_MS = 2 * ROW_TTL_MS;

/**
 * `settled`; `freed`: its plain path awaited the sweeper, who may free it now, or in a few seconds; `waits`: somebody else is at work on the row or
 * the path; else why it failed, which is noted in the ledger.
 */
export type Settled = 'settled' | 'freed' | 'waits' | { readonly failed: ErrorCode };

/** What is needed to settle files: what the sweeper is asked to free at once, it frees here. */
export type SettleParts = MoveParts & SweepParts;

/** How settling is to be done, and who hears of it. */
export interface SettleWays {
  /** Files settled at once. */
  readonly concurrency: number;
  /** Files taken up at once. */
  readonly batchSize: number;
  readonly signal: AbortSignal;
  /** Breaks off what is being read; by default the same. */
  readonly halt?: AbortSignal;
  onResult?(result: Settled, row: LedgerRow): void;
  afterBatch?(): Promise<void>;
}

/**
 * Gives every file of this disk its plain path, where Strapi finds it without the plugin. Only while S3 is being left, because
 * new files would go to the bucket otherwise.
 * @returns `failed` when all that is left has been given up
 */
export async function settleAll(deps: SettleParts, ways: SettleWays): Promise<JobOutcome> {
  const code = await settleOnce(deps, ways);
  const left = await deps.ledger.leftToSettle(deps.volume.id);
  if (!left) return { status: 'complete' };
  return hasGivenUp(left) && left.lastError ? { status: 'failed', code: left.lastError } : { status: 'paused', code: code ?? left.lastError };
}

/**
 * The same, as far as it goes now. Two at once do no harm: see `beginSettle`.
 * @returns why the last one that failed did, or why nothing can be done; null: nothing failed
 */
export async function settleOnce(deps: SettleParts, ways: SettleWays): Promise<ErrorCode | null> {
  for (let freedBefore = false; ; freedBefore = true) {
    const { settled, freed, code } = await pass(deps, ways);
    // what the sweeper could not free is not asked for again and again
    if (!freed || ways.signal.aborted || (freedBefore && !settled)) return code;
    await sweepFiles(deps, ways.signal);
  }
}

/** Goes once through all files that lie under own names. */
async function pass(deps: MoveParts, { concurrency, batchSize, signal, halt = signal, onResult, afterBatch }: SettleWays) {
  const results = { settled: false, freed: false, code: null as ErrorCode | null };
  const goesOn = () => !signal.aborted && deps.instance.leaving;
  let after: LedgerRow['key'] | null = null;
  while (goesOn()) {
    // before the id is written again: on an empty mount point every file would be noted as gone
    if (!(await isDiskThere(deps))) return { ...results, code: 'DISK_ERROR' as const };
    const rows: LedgerRow[] = await deps.ledger.unsettled(await deps.volume.refresh(), after, batchSize);
    const last = rows.at(-1);
    if (!last) break;
    after = last.key;
    await forEach(rows, concurrency, async (row) => {
      if (!goesOn()) return;
      const result = await settleRow(deps, row, halt);
      if (typeof result === 'object') results.code = result.failed;
      else if (result !== 'waits') results[result] = true;
      onResult?.(result, row);
    });
    await afterBatch?.();
  }
  return results;
}

/**
 * Gives one file its plain path. Nothing is moved: it has both names until the row points to the plain one, and a day longer, for
 * whoever has read the row before, and for backups of the database.
 */
export async function settleRow(deps: MoveParts, row: LedgerRow, signal?: AbortSignal): Promise<Settled> {
  const { ledger, disk } = deps;
  if (!isUnsettled(row, deps.volume.id)) return 'waits';
  const { local, content } = row.placement;
  try {
    // when the plugin is gone nobody compares any more
    await localBody(deps, row.key, local, content, { signal });
    const intent = await ledger.beginSettle(row);
    if (!intent) {
      const expedited = await ledger.expediteName({ kind: 'file', name: plainLocalName(row.key), volume: local.volume }, PATH_RESTS_MS);
      return expedited ? 'freed' : 'waits';
    }
    const forget = async (error: unknown): Promise<never> => {
      // nothing lies under a name that the disk does not take, and nothing ever will
      if (isStorageError(error, 'NAME_UNFIT')) await ledger.forgetSettle(intent);
      throw error;
    };
    const given = await disk.giveName(local.localName, intent.name).catch(forget);
    // guard: taken-plain-path-not-settled
    if (!given) {
      // the name was never ours: condemned, it would make somebody else's file the sweeper's
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
