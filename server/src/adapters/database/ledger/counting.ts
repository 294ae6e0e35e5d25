import { setImmediate as immediate } from 'node:timers/promises';
import type { Ledger } from '../../../core/ledger/ledger';
import { minus, summed, talliesOf, type TallyGroup } from '../../../core/ledger/tallies';
import { readsBlock } from '../dialect';
import { inTransaction, reading, type LedgerContext, type Session } from './session';

/** Entries of the tallies that are summed up in one transaction. */
const FOLDED_AT_ONCE = 1_000;
/** Transactions in one call of `foldTallies` at most. */
const FOLDS = 100;

export function counting(context: LedgerContext): Pick<Ledger, 'tallies' | 'foldTallies' | 'recount'> {
  return {
    tallies: () => reading(context, async ({ tallies }) => talliesOf(await tallies.sums())),

    async foldTallies() {
      for (let folds = 0; folds < FOLDS; folds++) {
        if ((await inTransaction(context, fold)) < FOLDED_AT_ONCE) return;
      }
    },

    async recount() {
      if (await reading(context, async ({ tallies: { db } }) => readsBlock(db))) return recountInParts(context);
      return inTransaction(context, async (session) => {
        await alone(session);
        await session.tallies.append(await session.tallies.errors());
        return true;
      });
    },
  };
}

/** Counts part by part while others go on with their work, and takes the result only if nothing has changed since it began. */
async function recountInParts(context: LedgerContext): Promise<boolean> {
  // this is read before `lastRow`, because a row that is inserted later changes it and so is noticed
  const before = await reading(context, ({ tallies }) => tallies.newest());
  const last = await reading(context, ({ tallies }) => tallies.lastRow());
  const counted: TallyGroup[] = [];
  for (let from = 1; from <= last; from += context.readAtOnce) {
    await immediate();
    counted.push(...(await reading(context, ({ tallies }) => tallies.count(from, from + context.readAtOnce - 1))));
    if ((await reading(context, ({ tallies }) => tallies.newest())) !== before) return false;
  }
  return inTransaction(context, async (session) => {
    const { tallies } = session;
    await alone(session);
    if ((await tallies.newest()) !== before) return false;
    await tallies.append([...counted, ...(await tallies.sums()).map(minus)]);
    return true;
  });
}

/** Sums up the oldest entries of the tallies. @returns how many entries it has read */
async function fold(session: Session): Promise<number> {
  const { tallies } = session;
  await alone(session);
  const oldest = await tallies.oldest(FOLDED_AT_ONCE);
  const sums = summed(oldest.map(({ group }) => group));
  if (sums.length === oldest.length) return oldest.length;
  // they are removed by id, because there may be entries between these ids that are not committed yet
  await tallies.remove(oldest.map(({ id }) => id));
  await tallies.append(sums);
  return oldest.length;
}

/**
 * Waits for other processes that fold or recount. Nothing else needs this lock. It comes first in its transaction, so that the
 * transaction sees the changes of the others.
 */
async function alone({ tallies }: Session): Promise<void> {
  const lock = { name: 'tallies', holder: '', expires_at: 0 };
  await tallies.table('s3_storage_leases').insert(lock).onConflict('name').merge(['name']);
}
