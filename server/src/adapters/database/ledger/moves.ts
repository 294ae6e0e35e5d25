import type { Intent, Ledger } from '../../../core/ledger/ledger';
import type { LedgerRow } from '../../../core/ledger/state';
import { cleaned, failed, restored, sameKey, uploaded } from '../../../core/ledger/transitions';
import { apply, inTransaction, type LedgerContext, type Session } from './session';

type Moves = Pick<Ledger, 'commitUpload' | 'commitCleanup' | 'commitRestore' | 'recordFailure'>;

/** Bytes that jobs have copied or may remove. */
export function moves(context: LedgerContext): Moves {
  /** Stores what an intent was for, or condemns its name. */
  const commit = async (read: LedgerRow, intent: Intent, moved: (row: LedgerRow) => LedgerRow | undefined): Promise<boolean> => {
    sameKey(read, intent);
    return inTransaction(context, async ({ objects, names }: Session) => {
      const row = await objects.lockOne(read.key);
      const pending = (await names.lockPending([intent])) === 1;
      const next = pending && row && moved(row);
      if (!next) {
        await names.condemnPending([intent]);
        return false;
      }
      await names.forget([intent]);
      await objects.store(next);
      return true;
    });
  };

  return {
    commitUpload: (read, intent, { etag, md5 }) => {
      const remote = { locationId: intent.locationId, object: intent.name, etag };
      return commit(read, intent, (row) => uploaded(row, read.rev, remote, md5));
    },

    commitRestore: (read, intent) => {
      const local = { volume: intent.volume, localName: intent.name };
      return commit(read, intent, (row) => restored(row, read.rev, local));
    },

    commitCleanup: (read, { graceMs }) =>
      inTransaction(context, async (session) => {
        const row = await session.objects.lockOne(read.key);
        const change = row && cleaned(row, read.rev, graceMs);
        if (change) await apply(session, change);
        return change !== undefined;
      }),

    recordFailure: (read, code, retryAfterMs) =>
      inTransaction(context, async ({ objects }) => {
        const row = await objects.lockOne(read.key);
        const next = row && failed(row, read.rev, code);
        if (next) await objects.store(next, { retryAfterMs });
      }),
  };
}
