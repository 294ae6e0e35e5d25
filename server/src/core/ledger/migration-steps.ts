/** As in `transitions.ts`: what jobs on the whole library do to one row. */
import type { ErrorCode } from '../../contracts/errors';
import { isIn, type LedgerRow, type RowIn } from './state';
import type { RemoteCopy } from './words';
import { awaitsPurge, uploaded } from './transitions';

/** Notes that the key's bytes were found nowhere; undefined when the ledger knows some, or the key is buried. */
export function missed(row: LedgerRow, code: ErrorCode): LedgerRow | undefined {
  if (row.placement.state !== 'new' || row.tombstone !== null) return undefined;
  return row.lastError === code ? row : { ...row, attempts: row.attempts + 1, lastError: code };
}

/** `local` becomes `both` by an object that lay under the plain name already; undefined as for an upload, or if that name is spent. */
export function matched(row: LedgerRow, rev: number, remote: RemoteCopy, md5: string): RowIn<'both'> | undefined {
  if (row.plainUsed) return undefined;
  const next = uploaded(row, rev, remote, md5);
  return next && { ...next, plainUsed: true };
}

/** Forgets a row's failures; undefined when it has none. `rev` stays. */
export function retried(row: LedgerRow): LedgerRow | undefined {
  return row.lastError === null || isIn(row, 'gone') ? undefined : { ...row, attempts: 0, lastError: null };
}

/** Takes the tombstone of a row that still has its bytes away. */
export function untrashed(row: LedgerRow): LedgerRow | undefined {
  return awaitsPurge(row) ? { ...row, rev: row.rev + 1, tombstone: null } : undefined;
}
