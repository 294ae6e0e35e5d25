import type { Ledger } from '../../../core/ledger/ledger';
import type { LedgerRow } from '../../../core/ledger/state';
import { buried, purged, ticketFor } from '../../../core/ledger/transitions';
import { clockAfter } from '../dialect';
import { parts } from '../parts';
import { hasRow, lockedRow } from './rows';
import { apply, inTransaction, reading, type LedgerContext, type Session } from './session';
import { sha256 } from './objects';

/** Puts a tombstone on a locked row. It has no effect without a row. */
export async function bury(session: Session, row: LedgerRow | undefined, purgeAfterMs: number): Promise<void> {
  if (!row) return;
  // guard: delete-draws-its-ticket
  const ticket = ticketFor(row, await session.names.drawId());
  await session.objects.store(buried(row, ticket), { purgeAfterMs });
}

export function tombstones(context: LedgerContext): Pick<Ledger, 'bury' | 'expedite' | 'duePurges' | 'purge'> {
  return {
    async bury(key, { purgeAfterMs, found }) {
      const known = await hasRow(context, key);
      await inTransaction(context, async (session) => {
        await bury(session, await lockedRow(session, key, known, found), purgeAfterMs);
      });
    },

    async expedite(keys) {
      await inTransaction(context, async ({ objects }) => {
        const now = clockAfter(objects.db);
        for (const some of parts(keys)) await objects.table().whereIn('key_hash', some.map(sha256)).where('purge_at', '>', now).update({ purge_at: now });
      });
    },

    duePurges: (limit) =>
      reading(context, ({ objects }) =>
        objects.list((table) =>
          table.where('purge_at', '<=', clockAfter(objects.db)).orderBy(['purge_at', 'ticket']).limit(limit),
        ),
      ),

    purge: (read, options) =>
      inTransaction(context, async (session) => {
        const row = await session.objects.lockOne(read.key);
        // guard: purge-ends-what-it-read
        const change = row && purged(row, read.rev, options);
        if (change) await apply(session, change);
        return change !== undefined;
      }),
  };
}
