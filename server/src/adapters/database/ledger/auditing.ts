import type { Ledger } from '../../../core/ledger/ledger';
import { demoted, localDropped, markedLost, unlistedBuried } from '../../../core/ledger/audit-steps';
import type { LocalName, ObjectKey } from '../../../core/keys';
import type { LedgerRow } from '../../../core/ledger/state';
import { ticketFor } from '../../../core/ledger/transitions';
import { clockAfter, lockFree } from '../dialect';
import { inParts, parts } from '../parts';
import { toRow, type BigIntColumn, type ObjectColumns } from './object-columns';
import { sha256 } from './objects';
import { inTransaction, reading, type LedgerContext, type Session } from './session';

/** Rows that are locked at once while they are marked as seen. It is small, because writers of these rows have to wait meanwhile. */
const MARKED_AT_ONCE = 200;

type Auditing = Pick<Ledger, 'rowsOf' | 'recordedNames' | 'liveFiles' | 'condemnedFiles' | 'page' | 'markSeen' | 'demote' | 'dropLocal' | 'markLost' | 'buryUnlisted' | 'condemnStray'>;

type PageColumns = ObjectColumns & { key_hash: string; audited_by: BigIntColumn | null; unchanged_ms: BigIntColumn };

export function auditing(context: LedgerContext): Auditing {
  const changed = (
    read: LedgerRow,
    step: (row: LedgerRow, session: Session) => Promise<LedgerRow | undefined> | LedgerRow | undefined,
    after?: { purgeAfterMs?: number; retryAfterMs?: number },
  ): Promise<boolean> =>
    inTransaction(context, async (session) => {
      const row = await session.objects.lockOne(read.key);
      const next = row && (await step(row, session));
      if (next && next !== row) await session.objects.store(next, after);
      return next !== undefined;
    });

  return {
    rowsOf: (keys) => reading(context, ({ objects }) => objects.findAll(keys)),
    recordedNames: (asked) => reading(context, ({ names }) => names.recorded(asked)),

    liveFiles: (volume, asked) =>
      reading(context, async ({ objects }) => {
        const live = await inParts(asked, (some): PromiseLike<{ local_name: LocalName }[]> =>
          objects.table().where({ volume }).whereIn('local_name', [...some]).select('local_name'),
        );
        return new Set(live.map(({ local_name }) => local_name));
      }),

    condemnedFiles: (volume, keys) => reading(context, ({ names }) => names.condemnedFiles(volume, keys)),

    page: ({ after, limit }) =>
      reading(context, async ({ objects }) => {
        const { db } = objects;
        const table = objects.table().whereNotIn('state', ['new', 'gone']).orderBy('key_hash').limit(limit);
        if (after !== null) table.where('key_hash', '>', after);
        const found: PageColumns[] = await table.select('*', db.raw('? - changed_at as unchanged_ms', [clockAfter(db)]));
        return {
          rows: found.map((columns) => ({
            row: toRow(columns),
            auditedBy: columns.audited_by === null ? null : Number(columns.audited_by),
            unchangedMs: Number(columns.unchanged_ms),
          })),
          next: found.length < limit ? null : (found.at(-1)?.key_hash ?? null),
        };
      }),

    async markSeen(keys, audit) {
      for (const some of parts(keys, MARKED_AT_ONCE)) await markSome(some, audit);
    },

    demote: (read, copy) =>
      changed(read, async (row, { names }) => {
        const recorded = await names.recorded([{ kind: 'file', name: copy.localName, volume: copy.volume }]);
        // guard: demoted-to-a-file-of-nobody
        return demoted(row, read.rev, copy, recorded.size > 0);
      }),

    dropLocal: (read) => changed(read, (row) => localDropped(row, read.rev)),
    markLost: (read) => changed(read, (row) => markedLost(row, read.rev), { retryAfterMs: 0 }),

    buryUnlisted: (read, purgeAfterMs) =>
      changed(
        read,
        async (row, { names }) => unlistedBuried(row, read.rev, ticketFor(row, await names.drawId())),
        { purgeAfterMs },
      ),

    condemnStray: (file) => inTransaction(context, ({ names }) => names.condemnNew('' as ObjectKey, file)),
  };

  /** Marks the rows that nobody has locked. It waits for none: a locked row is being changed, and the audit looks at it separately. */
  function markSome(keys: readonly ObjectKey[], audit: number): Promise<void> {
    return inTransaction(context, async ({ objects }) => {
      const { db } = objects;
      const free: { key_hash: string }[] = await lockFree(db, objects.of(keys.map(sha256))).select('key_hash');
      if (free.length > 0) await objects.of(free.map(({ key_hash }) => key_hash)).update({ audited_by: audit });
    });
  }
}
