import { isDeepStrictEqual } from 'node:util';
import type { ObjectKey } from '../../../core/keys';
import type { Ledger } from '../../../core/ledger/ledger';
import type { BeginOptions, PlacedName, LocalCopy } from '../../../core/ledger/words';
import { remoteOf, type LedgerRow } from '../../../core/ledger/state';
import { adopted, firstRow, nameId, noticed } from '../../../core/ledger/transitions';
import { inTransaction, reading, type LedgerContext, type Session } from './session';

/** Whether the key has a row. Rows are never deleted. Callers ask this outside the writing transaction: see {@link lockedRow}. */
export function hasRow(context: LedgerContext, key: ObjectKey): Promise<boolean> {
  return reading(context, async ({ objects }) => (await objects.find(key)) !== undefined);
}

/**
 * Locks the key's row, and inserts it if there is none.
 * @param known the answer of {@link hasRow}. Looking for a missing row under a lock would lock the gap on MySQL, and two first
 *   writes of different keys would deadlock. Inserting without looking would write to the row of every known key.
 */
export async function lockedRow(
  { objects, names }: Session,
  key: ObjectKey,
  known: boolean,
  found?: BeginOptions['found'],
): Promise<LedgerRow> {
  const row = (known ? await objects.lockOne(key) : undefined) ?? (await objects.insertOrLock(firstRow(key, undefined)));
  if (!found) return row;
  // guard: found-file-is-not-our-own
  const next = noticed(row, found, (await names.recorded([fileOf(found)])).size > 0);
  if (next !== row) await objects.store(next);
  return next;
}

export function rows(context: LedgerContext): Pick<Ledger, 'find' | 'findDated' | 'isEmpty' | 'adopt' | 'record'> {
  return {
    find: (key) => reading(context, ({ objects }) => objects.find(key)),

    findDated: (key) => reading(context, ({ objects }) => objects.findDated(key)),

    isEmpty: () =>
      reading(context, async ({ objects }) => (await objects.list((table) => table.limit(1))).length === 0),

    async adopt(key, remote, content) {
      const known = await reading(context, ({ objects }) => objects.find(key));
      if (known && !adopted(known, remote, content)) return isDeepStrictEqual(remoteOf(known), remote);
      return inTransaction(context, async (session) => {
        const row = await lockedRow(session, key, known !== undefined);
        // guard: adoption-needs-a-row-without-bytes
        const next = adopted(row, remote, content);
        if (next) await session.objects.store(next);
        return next !== undefined || isDeepStrictEqual(remoteOf(row), remote);
      });
    },

    async record(files) {
      const found = new Map(files.map(({ key, local, size }) => [key, { ...local, size }]));
      const keys = await reading(context, ({ objects }) => objects.withoutBytes([...found.keys()]));
      if (keys.length === 0) return 0;
      return inTransaction(context, async ({ objects, names }) => {
        // a key without a row has no recorded name
        const inserted = await objects.insert(keys.map((key) => noticed(firstRow(key, undefined), found.get(key), false)));
        let count = inserted.length;
        if (count === keys.length) return count;
        const others = await objects.lock(without(keys, inserted));
        const recorded = await names.recorded([...found.values()].map(fileOf));
        for (const row of others.values()) {
          const file = found.get(row.key);
          // guard: inventory-leaves-our-own-files
          const next = noticed(row, file, file !== undefined && recorded.has(nameId(fileOf(file))));
          if (next === row) continue;
          await objects.store(next);
          count++;
        }
        return count;
      });
    },
  };
}

function fileOf({ localName, volume }: LocalCopy): PlacedName {
  return { kind: 'file', name: localName, volume };
}

function without(keys: readonly ObjectKey[], rows: readonly LedgerRow[]): ObjectKey[] {
  const inserted = new Set(rows.map(({ key }) => key));
  return keys.filter((key) => !inserted.has(key));
}
