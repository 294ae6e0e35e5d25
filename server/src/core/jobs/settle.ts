import type { ErrorCode } from '../../contracts/errors';
import { codeOf, StorageError } from '../errors';
import { plainLocalName } from '../keys';
import type { LedgerRow } from '../ledger/ledger';
import { isUnsettled } from '../ledger/settling';
import type { EngineParts } from '../media/deps';
import { noteFailure } from './failures';
import type { JobContext, JobOutcome } from './job';
import { localBody } from './local-copy';
import { sweepFiles } from './sweep';

/**
 * `settled`; `freed`: its plain path awaited the sweeper, who may free it now; `waits`: somebody else is at work on the row or
 * the path; else why it failed, which is noted in the ledger.
 */
type Settled = 'settled' | 'freed' | 'waits' | { readonly failed: ErrorCode };

/**
 * Gives every file of this disk its plain path, where Strapi finds it without the plugin. For as long as S3 is on its way out:
 * otherwise new files would go to the bucket meanwhile.
 */
export async function settleAll(deps: EngineParts, context: JobContext): Promise<JobOutcome> {
  let code: ErrorCode | null = null;
  for (let freedBefore = false; ; ) {
    const results = await pass(deps, context);
    code = results.code;
    if (!results.freed || context.signal.aborted) break;
    await sweepFiles(deps, context.signal);
    // what the sweeper could not free is not asked for again and again
    if (freedBefore && !results.settled) break;
    freedBefore = true;
  }
  const isLeft = await deps.ledger.leftToSettle(deps.volume.id);
  return isLeft ? { status: 'paused', code } : { status: 'complete' };
}

/** Goes once through all files that lie under own names. */
async function pass(deps: EngineParts, { signal, options, progress, commit }: JobContext) {
  const results = { settled: false, freed: false, code: null as ErrorCode | null };
  const volume = await deps.volume.refresh();
  const goesOn = () => !signal.aborted && deps.leaving();
  let after: LedgerRow['key'] | null = null;
  while (goesOn()) {
    const rows: LedgerRow[] = await deps.ledger.unsettled(volume, after, options.batchSize);
    const last = rows.at(-1);
    if (!last) break;
    after = last.key;
    progress.expect(rows.length, 0);
    const worker = async () => {
      while (goesOn()) {
        const row = rows.shift();
        if (!row) return;
        const result = await settleRow(deps, row);
        if (typeof result === 'object') {
          results.code = result.failed;
          progress.failed();
        } else if (result !== 'waits') {
          results[result] = true;
          if (result === 'settled') progress.done(0);
        }
      }
    };
    await Promise.all(Array.from({ length: options.concurrency }, worker));
    await commit();
  }
  return results;
}

/**
 * Gives one file its plain path. Nothing is moved: it has both names until the row points to the plain one, and a day longer, for
 * whoever has read the row before, and for backups of the database.
 */
export async function settleRow(deps: EngineParts, row: LedgerRow): Promise<Settled> {
  const { ledger, disk } = deps;
  if (!isUnsettled(row, deps.volume.id)) return 'waits';
  const { local, content } = row.placement;
  try {
    // when the plugin is gone nobody compares any more
    await localBody(deps, row.key, local, content);
    const intent = await ledger.beginSettle(row);
    if (!intent) {
      const expedited = await ledger.expediteName({ kind: 'file', name: plainLocalName(row.key), volume: local.volume });
      return expedited ? 'freed' : 'waits';
    }
    if (!(await disk.giveName(local.localName, intent.name))) {
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
