import type { Ledger } from '../../../core/ledger/ledger';
import { clockAfter, idsAtOnce } from '../dialect';
import { inTransaction, reading, type LedgerContext } from './session';

export function sweeping(context: LedgerContext): Pick<Ledger, 'condemnAbandoned' | 'dueNames' | 'swept' | 'postpone'> {
  const { policy } = context;
  return {
    condemnAbandoned: () =>
      inTransaction(context, ({ names }) =>
        names
          .table()
          .whereIn('status', ['pending', 'settling'])
          .where(
            'touched_at',
            '<=',
            // guard: writers-at-work-keep-their-names
            clockAfter(names.db, -policy.abandonedAfterMs),
          )
          .update(names.unfinished()),
      ),

    dueNames: (where, limit) =>
      reading(context, ({ names }) => {
        const place = where.kind === 'object' ? { location_id: where.locationId } : { volume: where.volume };
        return names.listDue((table) =>
          table
            .where({ kind: where.kind, ...place })
            .whereIn('status', ['condemned', 'swept'])
            .where(
              'due_at',
              '<=',
              // guard: grace-is-kept
              clockAfter(names.db),
            )
            .orderBy(['due_at', 'id'])
            .limit(limit),
        );
      }),

    swept: (ids) =>
      inTransaction(context, async ({ names }) => {
        for (const some of idsAtOnce(names.db, ids)) {
          // a second sweeper that works on the same name comes too early for the second removal
          // guard: second-removal-in-its-time
          const due = () => names.table().whereIn('id', some).where('due_at', '<=', clockAfter(names.db));
          const again = { status: 'swept', due_at: clockAfter(names.db, policy.secondSweepMs) };
          await due()
            .where({
              status: 'condemned',
              // guard: objects-are-removed-twice
              kind: 'file',
              // guard: unfinished-files-are-removed-twice
              unfinished: false,
            })
            .delete();
          await due().where('status', 'swept').delete();
          await due().where('status', 'condemned').update(again);
        }
      }),

    postpone: (id, retryAfterMs) =>
      inTransaction(context, async ({ names }) => {
        const due = names.table().where('id', id).whereIn('status', ['condemned', 'swept']).where('due_at', '<=', clockAfter(names.db));
        await due.update({ due_at: clockAfter(names.db, retryAfterMs) });
      }),
  };
}
