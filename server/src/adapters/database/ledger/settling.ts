import type { Knex } from 'knex';
import type { ObjectKey, VolumeId } from '../../../core/keys';
import { OWN_FOLDER } from '../../../core/keys';
import { settled, toSettle } from '../../../core/ledger/settling-steps';
import type { IntentOf } from '../../../core/ledger/words';
import type { Ledger } from '../../../core/ledger/ledger';
import { sameKey } from '../../../core/ledger/transitions';
import { clockAfter } from '../dialect';
import type { BigIntColumn } from './object-columns';
import { sha256 } from './objects';
import { apply, inTransaction, reading, type LedgerContext, type Session } from './session';

type Settling = Pick<Ledger, 'dueToSettle' | 'copiesElsewhere' | 'leftToSettle' | 'beginSettle' | 'commitSettle' | 'forgetSettle' | 'expediteName' | 'stillDue'>;

export function settling(context: LedgerContext): Settling {
  return {
    dueToSettle: (volume, after, limit) =>
      reading(context, ({ objects }) =>
        objects.list((table) => {
          // each page begins where the last one ended in the primary key, so that a pass reads the settled rows once, not once for each page
          const page = onVolume(table, volume).where('retry_at', '<=', clockAfter(objects.db)).orderBy('key_hash').limit(limit);
          return after === null ? page : page.where('key_hash', '>', sha256(after));
        }),
      ),

    leftToSettle: (volume) =>
      reading(context, async ({ objects }) => {
        const [first] = await objects.list((table) => onVolume(table, volume).orderBy('retry_at').limit(1));
        return first;
      }),

    copiesElsewhere: (volume) =>
      reading(context, async ({ objects }) => {
        // these are two ranges of an index; with <> the database would read the whole index
        const elsewhere = (where: Knex.QueryBuilder) => void where.where('volume', '<', volume).orWhere('volume', '>', volume);
        const [found] = (await objects.table().where({ state: 'both', tombstone_ticket: null }).where(elsewhere).select('key_hash').limit(1)) as unknown[];
        return found !== undefined;
      }),

    beginSettle: (read) =>
      inTransaction(context, async (session): Promise<IntentOf<'file'> | undefined> => {
        const row = await session.objects.lockOne(read.key);
        const wanted = row && toSettle(row, read.rev);
        if (!wanted) return undefined;
        const id = await record(session, row.key, wanted);
        return id === undefined ? undefined : { id, key: row.key, ticket: row.ticket, ...wanted.name };
      }),

    commitSettle: async (read, intent) => {
      sameKey(read, intent);
      return inTransaction(context, async (session) => {
        const { objects, names } = session;
        const row = await objects.lockOne(read.key);
        const [recorded] = (await names.settling(intent).forUpdate().select('id')) as unknown[];
        // guard: settles-a-recorded-name
        const change = recorded && row ? settled(row, read.rev, intent, context.policy.supersededGraceMs) : undefined;
        if (change) {
          await names.settling(intent).delete();
          await apply(session, change);
        } else {
          await names.settling(intent).update(names.unfinished());
        }
        return change !== undefined;
      });
    },

    forgetSettle: (intent) =>
      inTransaction(context, async ({ names }) => {
        await names.settling(intent).delete();
      }),

    expediteName: (name, restMs) =>
      inTransaction(context, async ({ names }) => {
        const rested = names.db.raw('condemned_at + ?', [restMs]);
        await names.of(name).where('status', 'condemned').where('due_at', '>', rested).update({ due_at: rested });
        const [condemned] = (await names.of(name).where('status', 'condemned').forUpdate().select('id')) as unknown[];
        return condemned !== undefined;
      }),

    stillDue: (id) =>
      reading(context, async ({ names }) => {
        const condemned = names.table().where('id', id).whereIn('status', ['condemned', 'swept']);
        const [due] = (await condemned
          .where(
            'due_at',
            '<=',
            // guard: removal-is-still-due
            clockAfter(names.db),
          )
          .select('id')) as unknown[];
        return due !== undefined;
      }),
  };
}

interface SettlingColumns {
  id: BigIntColumn;
  size: BigIntColumn;
  md5: string | null;
}

function onVolume(table: Knex.QueryBuilder, volume: VolumeId): Knex.QueryBuilder {
  return table.whereIn('state', ['local', 'both']).where({ volume, tombstone_ticket: null }).where('local_name', 'like', `${OWN_FOLDER}/%`);
}

/** Records the name as settling, or continues with the record of an earlier attempt with the same bytes. @returns the id of the record */
async function record(
  { names }: Session,
  key: ObjectKey,
  { name, content }: NonNullable<ReturnType<typeof toSettle>>,
): Promise<number | undefined> {
  const id = await names.insertPending(key, name, content, 'settling');
  if (id !== undefined) return id;
  const begun = () => names.of(name).where({ status: 'settling', object_key: key });
  const found: SettlingColumns[] = await begun().forUpdate().select('id', 'size', 'md5');
  const [known] = found;
  if (!known) return undefined;
  // guard: same-bytes-take-up-a-settling
  if (Number(known.size) !== content.size || known.md5 !== content.md5) {
    await begun().update(names.unfinished());
    return undefined;
  }
  await begun().update({ touched_at: clockAfter(names.db) });
  return Number(known.id);
}
