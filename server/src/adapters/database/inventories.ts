import type { Knex } from 'knex';
import { NO_INVENTORY, type Inventories, type Inventory } from '../../core/ledger/inventories';
import { clockAfter } from './dialect';
import type { Transactions } from './transactions';

/** The columns of a row. Numbers are strings on PostgreSQL and MySQL. */
type InventoryColumns = Record<'position' | 'other_providers' | 'missing' | 'generation', number | string> & { completed_to: number | string | null };

/** The inventories in `s3_storage_inventories`. */
export function knexInventories(transactions: Transactions): Inventories {
  const table = (db: Knex): Knex.QueryBuilder => transactions.table(db, 's3_storage_inventories');

  return {
    async of(volume) {
      const [found] = (await transactions.read((db) => table(db).where({ volume }).select('*'))) as InventoryColumns[];
      return found ? inventoryOf(found) : NO_INVENTORY;
    },

    save: (volume, { position, completedTo, otherProviders, missing, generation }) =>
      transactions.run(async (trx) => {
        const columns = { position, completed_to: completedTo, other_providers: otherProviders, missing, updated_at: clockAfter(trx) };
        await table(trx).insert({ ...columns, volume, generation: NO_INVENTORY.generation }).onConflict('volume').merge(['volume']);
        return (await table(trx).where({ volume, generation }).update(columns)) === 1;
      }),
  };
}

function inventoryOf(columns: InventoryColumns): Inventory {
  return {
    position: Number(columns.position),
    completedTo: columns.completed_to === null ? null : Number(columns.completed_to),
    otherProviders: Number(columns.other_providers),
    missing: Number(columns.missing),
    generation: Number(columns.generation),
  };
}
