import type { Ledger } from '../../../core/ledger/ledger';
import { failed, uploaded } from '../../../core/ledger/transitions';
import { clockAfter } from '../dialect';
import { inTransaction, reading, type LedgerContext } from './session';

export function uploads(context: LedgerContext): Pick<Ledger, 'dueUploads' | 'commitUpload' | 'recordFailure'> {
  return {
    dueUploads: ({ volume, origin, limit }) =>
      reading(context, ({ objects }) =>
        objects.list((table) =>
          table
            .where({ state: 'local', origin, volume, tombstone_ticket: null })
            .where('retry_at', '<=', clockAfter(objects.db))
            .orderBy('changed_at')
            .limit(limit),
        ),
      ),

    commitUpload: (read, intent, { etag, md5 }) =>
      inTransaction(context, async ({ objects, names }) => {
        const row = await objects.lockOne(read.key);
        const pending = (await names.lockPending([intent])) === 1;
        const remote = { locationId: intent.locationId, object: intent.name, etag };
        const next = pending && row && uploaded(row, read.rev, remote, md5);
        if (!next) {
          await names.condemnPending([intent]);
          return false;
        }
        await names.forget([intent]);
        await objects.store(next);
        return true;
      }),

    recordFailure: (read, code, retryAfterMs) =>
      inTransaction(context, async ({ objects }) => {
        const row = await objects.lockOne(read.key);
        const next = row && failed(row, read.rev, code);
        if (next) await objects.store(next, { retryAfterMs });
      }),
  };
}
