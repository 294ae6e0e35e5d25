import type { Ledger } from '../../server/src/core/ledger/ledger';
import type { LedgerRow } from '../../server/src/core/ledger/state';
import type { IntentOf } from '../../server/src/core/ledger/words';

/** Commits the cleanup of one row. */
export async function commitCleanup(ledger: Pick<Ledger, 'commitCleanups'>, row: LedgerRow, options: { graceMs: number }): Promise<boolean | undefined> {
  return (await ledger.commitCleanups([row], options))[0];
}

/** Commits the restore of one row. */
export async function commitRestore(ledger: Pick<Ledger, 'commitRestores'>, row: LedgerRow, intent: IntentOf<'file'>): Promise<boolean | undefined> {
  return (await ledger.commitRestores([{ row, intent }]))[0];
}
