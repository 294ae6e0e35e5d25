import type { Knex } from 'knex';
import type { Leases } from '../../core/leases/leases';
import { clockAfter } from './dialect';
import type { Transactions } from './transactions';

/** The leases in `s3_storage_leases`. */
export function knexLeases(transactions: Transactions): Leases {
  const table = (db: Knex) => transactions.table(db, 's3_storage_leases');

  return {
    acquire: (name, holder, forMs) =>
      transactions.run(async (trx) => {
        // the second process waits here, and then sees what the first one did
        await table(trx).insert({ name, holder: '', expires_at: 0 }).onConflict('name').merge(['name']);
        const taken = await table(trx)
          .where('name', name)
          .where((free) => void free.where('holder', holder).orWhere('expires_at', '<=', clockAfter(trx)))
          .update({ holder, expires_at: clockAfter(trx, forMs) });
        return taken === 1;
      }),

    release: async (name, holder) => {
      await transactions.run((trx) => table(trx).where({ name, holder }).delete());
    },

    holders: async () => {
      const held = (await transactions.read((db) => table(db).distinct('holder').where('expires_at', '>', clockAfter(db)))) as { holder: string }[];
      return held.map(({ holder }) => holder);
    },

    releaseAll: async (holder) => {
      await transactions.run((trx) => table(trx).where({ holder }).delete());
    },

    forgetEnded: async () => {
      await transactions.run((trx) => table(trx).where('expires_at', '<=', clockAfter(trx)).delete());
    },
  };
}
