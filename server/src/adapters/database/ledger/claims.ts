import type { Ledger } from '../../../core/ledger/ledger';
import type { Work } from '../../../core/ledger/words';
import type { LedgerRow } from '../../../core/ledger/state';
import { clockAfter, lockFree } from '../dialect';
import { parts } from '../parts';
import { sha256 } from './objects';
import { inTransaction, type LedgerContext } from './session';

/** The claims of the ledger. A claim moves `retry_at` forward; nobody may work on the row before that time. */
export function claims(context: LedgerContext): Pick<Ledger, 'claim' | 'release' | 'renewClaims' | 'releaseClaimsOf'> {
  return {
    claim: (request, forMs, by = '') =>
      inTransaction(context, async ({ objects }) => {
        const { db } = objects;
        const rows = await objects.list((table) => {
          const due = table
            .where({
              ...workOf(request),
              // guard: buried-rows-are-not-claimed
              tombstone_ticket: null,
            })
            .where(
              'retry_at',
              '<=',
              // guard: claimed-rows-are-not-claimed
              clockAfter(db),
            )
            // these are all columns of an index, so that no database has to sort
            .orderBy(['state', ...('origin' in request ? ['origin'] : []), 'volume', 'tombstone_ticket', 'retry_at', 'changed_at'])
            .limit(request.limit);
          return lockFree(db, due);
        });
        for (const some of parts(rows)) await objects.of(some.map(({ key }) => sha256(key))).update({ retry_at: clockAfter(db, forMs), claimed_by: by });
        return rows;
      }),

    release: (rows) =>
      inTransaction(context, async ({ objects }) => {
        for (const alike of groupedBy(rows, ({ rev, attempts }) => `${rev} ${attempts}`)) {
          const [{ rev, attempts }] = alike;
          for (const some of parts(alike)) await objects.of(some.map(({ key }) => sha256(key))).where({
            // guard: release-at-its-revision
            rev,
            attempts,
          }).update({ retry_at: 0 });
        }
      }),

    renewClaims: (rows, forMs, by) =>
      inTransaction(context, async ({ objects }) => {
        const { db } = objects;
        for (const alike of groupedBy(rows, ({ rev, attempts }) => `${rev} ${attempts}`)) {
          const [{ rev, attempts }] = alike;
          for (const some of parts(alike)) {
            const held = objects.of(some.map(({ key }) => sha256(key))).where({
              rev,
              attempts,
              // guard: claims-are-renewed-by-their-holder
              claimed_by: by,
            }).where('retry_at', '>', clockAfter(db));
            await held.update({ retry_at: clockAfter(db, forMs) });
          }
        }
      }),

    releaseClaimsOf: (holder, volume) =>
      inTransaction(context, async ({ objects }) => {
        let count = 0;
        // each of these is a range of the index by which rows are claimed
        for (const place of [{ state: 'local', volume }, { state: 'both', volume }, { state: 'remote', volume: null }]) {
          const due = objects.table().where({ ...place, tombstone_ticket: null }).where('retry_at', '>', clockAfter(objects.db)).where('claimed_by', holder);
          const held: { key_hash: string }[] = await due.select('key_hash');
          for (const some of parts(held)) count += await objects.of(some.map(({ key_hash }) => key_hash)).where('claimed_by', holder).update({ retry_at: 0 });
        }
        return count;
      }),
  };
}

/** Returns the columns, with their values, that select the rows that need this work. */
export function workOf(request: Work): Record<string, string | null> {
  switch (request.work) {
    case 'upload':
      return { state: 'local', origin: request.origin, volume: request.volume };
    case 'cleanup':
      return { state: 'both', volume: request.volume };
    case 'restore':
      return { state: 'remote', volume: null };
  }
}

function groupedBy(rows: readonly LedgerRow[], idOf: (row: LedgerRow) => string): [LedgerRow, ...LedgerRow[]][] {
  const groups = new Map<string, [LedgerRow, ...LedgerRow[]]>();
  for (const row of rows) {
    const group = groups.get(idOf(row));
    if (group) group.push(row);
    else groups.set(idOf(row), [row]);
  }
  return [...groups.values()];
}
