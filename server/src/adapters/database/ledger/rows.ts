import { isDeepStrictEqual } from 'node:util';
import type { ObjectKey } from '../../../core/keys';
import type { BeginOptions, Ledger, Tallies } from '../../../core/ledger/ledger';
import { remoteOf, type LedgerRow } from '../../../core/ledger/state';
import { talliesOf, type TallyGroup } from '../../../core/ledger/tallies';
import { adopted, firstRow, noticed } from '../../../core/ledger/transitions';
import { inTransaction, open, reading, type LedgerContext, type Session } from './session';

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

export function rows(context: LedgerContext): Pick<Ledger, 'find' | 'isEmpty' | 'adopt' | 'tallies'> {
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

    tallies: () => context.transactions.read(async (db) => tally(open(context, db))),
  };
}

async function tally({ objects }: Session): Promise<Tallies> {
  const { db } = objects;
  const buried = db.raw('case when tombstone_ticket is null then 0 else 1 end');
  const failed = db.raw('case when last_error is null then 0 else 1 end');
  const volume = db.raw("case when state = 'local' then volume end");
  const groups: Record<keyof TallyGroup, unknown>[] = await objects
    .table()
    .whereIn('state', ['local', 'both', 'remote'])
    .select('state', 'origin', db.raw('? as buried, ? as failed, ? as volume', [buried, failed, volume]))
    .count({ count: '*' })
    .sum({ bytes: 'size' })
    .groupBy('state', 'origin')
    .groupByRaw('?, ?, ?', [buried, failed, volume]);
  return talliesOf(
    groups.map((group) => ({
      ...(group as TallyGroup),
      buried: Boolean(Number(group.buried)),
      failed: Boolean(Number(group.failed)),
      count: Number(group.count),
      bytes: Number(group.bytes),
    })),
  );
}
