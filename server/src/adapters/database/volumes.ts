import type { Knex } from 'knex';
import type { VolumeId } from '../../core/keys';
import { VANISHED_AFTER_MS, type KnownVolume, type VolumeRegistry } from '../../core/volumes/registry';
import { clockAfter } from './dialect';
import type { Transactions } from './transactions';

interface VolumeColumns {
  id: string;
  first_seen: number | string;
  last_seen: number | string;
  vanished: number | string;
}

/**
 * The uploads folders in the database, on the database's clock.
 */
export function volumeRegistry(transactions: Transactions): VolumeRegistry {
  const volumes = (db: Knex): Knex.QueryBuilder => transactions.table(db, 's3_storage_volumes');
  return {
    async beat(id) {
      await transactions.run(async (trx) => {
        const now = clockAfter(trx);
        await volumes(trx).insert({ id, first_seen: now, last_seen: now }).onConflict('id').merge(['last_seen']);
      });
    },

    async list() {
      const rows = (await transactions.read((db) =>
        volumes(db)
          .select('id', 'first_seen', 'last_seen')
          .select(db.raw('case when last_seen < ? then 1 else 0 end as vanished', [clockAfter(db, -VANISHED_AFTER_MS)]))
          .orderBy([{ column: 'last_seen', order: 'desc' }, 'id']),
      )) as VolumeColumns[];
      return rows.map(
        (row): KnownVolume => ({
          id: row.id as VolumeId,
          firstSeen: new Date(Number(row.first_seen)),
          lastSeen: new Date(Number(row.last_seen)),
          vanished: Number(row.vanished) === 1,
        }),
      );
    },
  };
}
