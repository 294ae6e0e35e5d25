/** The changes that jobs on the whole library make to one row: pure functions, as in `transitions.ts`. */
import type { ErrorCode } from '../../contracts/errors';
import { isIn, type LedgerRow, type RowIn } from './state';
import type { RemoteCopy } from './words';
import { awaitsPurge, uploaded } from './transitions';

/** Notes that the key's bytes were found nowhere. Returns undefined when the ledger knows bytes of the key, or when it is buried. */
export function missed(row: LedgerRow, code: ErrorCode): LedgerRow | undefined {
  if (row.placement.state !== 'new' || row.tombstone !== null) return undefined;
  return row.lastError === code ? row : { ...row, attempts: row.attempts + 1, lastError: code };
}

/**
 * Makes a `local` row `both`, with an object that lay under the plain name already. Returns undefined when that name is spent, or
 * for the reasons of {@link uploaded}.
 */
export function adoptedBesideFile(row: LedgerRow, rev: number, remote: RemoteCopy, md5: string): RowIn<'both'> | undefined {
  if (row.plainUsed) return undefined;
  const next = uploaded(row, rev, remote, md5);
  return next && { ...next, plainUsed: true };
}

/** Forgets a row's failures. Returns undefined when it has none. `rev` stays. */
export function retried(row: LedgerRow): LedgerRow | undefined {
  return row.lastError === null || isIn(row, 'gone') ? undefined : { ...row, attempts: 0, lastError: null };
}

/** Lets the catch-up send a file that a copy kept on its disk. Returns undefined when the row is no such file. */
export function sentFromNowOn(row: LedgerRow): LedgerRow | undefined {
  return isIn(row, 'local') && row.origin === 'read-only' ? { ...row, rev: row.rev + 1, origin: 'fallback' } : undefined;
}

/** Takes the tombstone away from a row that still has its bytes. */
export function unburied(row: LedgerRow): LedgerRow | undefined {
  return awaitsPurge(row) ? { ...row, rev: row.rev + 1, tombstone: null } : undefined;
}
