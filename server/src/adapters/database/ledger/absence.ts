import { plainPathOf, takenUp } from '../../../core/ledger/absence-steps';
import type { Ledger } from '../../../core/ledger/ledger';
import { clockAfter } from '../dialect';
import { inParts } from '../parts';
import { toRow, type BigIntColumn, type ObjectColumns } from './object-columns';
import { sha256 } from './objects';
import { apply, inTransaction, reading, type LedgerContext } from './session';

type AgedColumns = ObjectColumns & { unchanged_ms: BigIntColumn };

export function absence(context: LedgerContext): Pick<Ledger, 'agedRows' | 'takeUp'> {
  return {
    agedRows: (keys) =>
      reading(context, async ({ objects }) => {
        const { db } = objects;
        const aged = (hashes: readonly string[]): PromiseLike<AgedColumns[]> =>
          objects.table().whereIn('key_hash', [...hashes]).select('*', db.raw('? - changed_at as unchanged_ms', [clockAfter(db)]));
        const found = await inParts([...new Set(keys)].map(sha256), aged);
        return found.map((columns) => ({ row: toRow(columns), unchangedMs: Number(columns.unchanged_ms) }));
      }),

    takeUp: (read, file, options) =>
      inTransaction(context, async (session) => {
        const { objects, names } = session;
        const row = await objects.lockOne(read.key);
        const path = plainPathOf(read, file.volume);
        const found: { status: string }[] = await names.of(path).forUpdate().select('status');
        const rule = { ...options, graceMs: context.policy.supersededGraceMs, pending: found[0]?.status === 'pending' };
        // guard: takes-up-what-it-read
        const change = row && takenUp(row, read.rev, file, rule);
        if (!change) return false;
        // guard: taken-up-path-is-not-condemned
        await names.of(path).delete();
        await apply(session, change);
        return true;
      }),
  };
}
