import type { ObjectKey } from '../keys';
import { demoted, localDropped, markedLost, unlistedBuried } from '../ledger/audit-steps';
import type { Ledger } from '../ledger/ledger';
import type { MemoryNames } from './names';
import { isIn, localOf, type LedgerRow } from '../ledger/state';
import { nameId, ticketFor } from '../ledger/transitions';

type Auditing = Pick<Ledger, 'rowsOf' | 'recordedNames' | 'liveFiles' | 'condemnedFiles' | 'page' | 'markSeen' | 'demote' | 'dropLocal' | 'markLost' | 'buryUnlisted' | 'condemnStray'>;

/** The parts of the memory ledger that its audit methods work on. */
export interface AuditedMemory {
  readonly rows: ReadonlyMap<ObjectKey, { readonly row: LedgerRow; readonly changedAt: number }>;
  names(): MemoryNames;
  now(): number;
  store(row: LedgerRow, after?: { purgeAfterMs?: number; retryAfterMs?: number }): void;
}

/** The part of the memory ledger that audits use. */
export function memoryAuditing({ rows, names, now, store }: AuditedMemory): Auditing {
  const seen = new Map<ObjectKey, number>();
  const change = (read: LedgerRow, step: (row: LedgerRow) => LedgerRow | undefined, after?: Parameters<typeof store>[1]): boolean => {
    const row = rows.get(read.key)?.row;
    const next = row && step(row);
    if (next && next !== row) store(next, after);
    return next !== undefined;
  };

  return {
    rowsOf: async (keys) => [...new Set(keys)].flatMap((key) => rows.get(key)?.row ?? []),
    recordedNames: async (asked) => new Set(asked.filter((name) => names().isRecorded(name)).map(nameId)),

    async liveFiles(volume, asked) {
      const live = new Set([...rows.values()].flatMap(({ row }) => localOf(row) ?? []).filter((copy) => copy.volume === volume).map((copy) => copy.localName));
      return new Set(asked.filter((name) => live.has(name)));
    },

    condemnedFiles: async (volume, keys) => names().condemnedFiles(volume, new Set(keys)),

    // a map keeps the order of insertion, and rows are never removed
    async page({ after, limit }) {
      const from = Number(after ?? 0);
      const all = [...rows.values()];
      const slice = all.slice(from, from + limit).filter(({ row }) => isIn(row, 'local', 'both', 'remote'));
      return {
        rows: slice.map(({ row, changedAt }) => ({ row, auditedBy: seen.get(row.key) ?? null, unchangedMs: now() - changedAt })),
        next: from + limit < all.length ? String(from + limit) : null,
      };
    },

    async markSeen(keys, audit) {
      for (const key of keys) seen.set(key, audit);
    },

    async demote(read, copy) {
      const recorded = names().isRecorded({ kind: 'file', name: copy.localName, volume: copy.volume });
      return change(read, (row) => demoted(row, read.rev, copy, recorded));
    },

    dropLocal: async (read) => change(read, (row) => localDropped(row, read.rev)),
    markLost: async (read) => change(read, (row) => markedLost(row, read.rev), { retryAfterMs: 0 }),

    buryUnlisted: async (read, purgeAfterMs) =>
      change(read, (row) => unlistedBuried(row, read.rev, ticketFor(row, names().drawId())), { purgeAfterMs }),

    async condemnStray(file) {
      if (names().isRecorded(file)) return false;
      names().condemn('' as ObjectKey, [{ name: file, graceMs: 0, content: null }]);
      return true;
    },
  };
}
