import { isDeepStrictEqual } from 'node:util';
import type { ObjectKey } from '../../../core/keys';
import type { BeginOptions, Ledger } from '../../../core/ledger/ledger';
import { remoteOf, type LedgerRow } from '../../../core/ledger/state';
import { adopted, firstRow, noticed } from '../../../core/ledger/transitions';
import { inTransaction, reading, type LedgerContext, type Session } from './session';

/** Whether the key has a row; rows are never deleted. Asked outside the writing transaction: see {@link lockedRow}. */
export function hasRow(context: LedgerContext, key: ObjectKey): Promise<boolean> {
  return reading(context, async ({ objects }) => (await objects.find(key)) !== undefined);
}

/**
 * The key's row, inserted if need be, locked.
 * @param known what {@link hasRow} said. To look for a missing row under a lock would lock the gap on MySQL, and two
 *   first writes of different keys would dead-lock; to insert blindly would write to the row of every known key.
 */
export async function lockedRow(
  { objects, names }: Session,
  key: ObjectKey,
  known: boolean,
  found?: BeginOptions['found'],
): Promise<LedgerRow> {
  const row = (known ? await objects.lockOne(key) : undefined) ?? (await objects.insertOrLock(firstRow(key, undefined)));
  if (!found) return row;
  const next = noticed(row, found, await names.isRecorded({ kind: 'file', name: found.localName, volume: found.volume }));
  if (next !== row) await objects.store(next);
  return next;
}

export function rows(context: LedgerContext): Pick<Ledger, 'find' | 'isEmpty' | 'adopt' | 'record'> {
  return {
    find: (key) => reading(context, ({ objects }) => objects.find(key)),

    isEmpty: () =>
      reading(context, async ({ objects }) => (await objects.list((table) => table.limit(1))).length === 0),

    async adopt(key, remote, content) {
      const known = await reading(context, ({ objects }) => objects.find(key));
      if (known && !adopted(known, remote, content)) return false;
      return inTransaction(context, async (session) => {
        const row = await lockedRow(session, key, known !== undefined);
        const next = adopted(row, remote, content);
        if (next) await session.objects.store(next);
        // two adoptions of the same bytes at once are one
        return next !== undefined || isDeepStrictEqual(remoteOf(row), remote);
      });
    },

    async record(files) {
      const rows = new Map(files.map(({ key, local, size }) => [key, firstRow(key, { ...local, size })]));
      const missing = await reading(context, ({ objects }) => objects.missing([...rows.values()]));
      if (missing.length === 0) return 0;
      return inTransaction(context, async ({ objects }) => (await objects.insert(missing)).length);
    },
  };
}
