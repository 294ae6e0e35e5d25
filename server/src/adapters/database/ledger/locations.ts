import type { Knex } from 'knex';
import type { Ledger } from '../../../core/ledger/ledger';
import type { Location, LocationId } from '../../../core/ledger/words';
import { sha256 } from './objects';
import type { LedgerContext } from './session';

export function locations(context: LedgerContext): Pick<Ledger, 'locationId' | 'locations'> {
  const table = (db: Knex): Knex.QueryBuilder => context.transactions.table(db, 's3_storage_locations');

  return {
    async locationId({ endpoint, region, bucket }) {
      const location_hash = sha256(JSON.stringify([endpoint, region, bucket]));
      const idOf = async (query: Knex.QueryBuilder): Promise<LocationId | undefined> => {
        const [found]: { id: number }[] = await query.where({ location_hash }).select('id');
        return found?.id;
      };
      const known = await context.transactions.read((db) => idOf(table(db)));
      if (known !== undefined) return known;
      return context.transactions.run(async (trx) => {
        await table(trx).insert({ location_hash, endpoint, region, bucket }).onConflict('location_hash').merge(['bucket']);
        // the read takes a lock, because MySQL's plain reads do not show a row that was inserted after this transaction began
        return (await idOf(table(trx).forUpdate())) as LocationId;
      });
    },

    locations: () =>
      context.transactions.read((db): Promise<(Location & { id: LocationId })[]> => table(db).select('id', 'endpoint', 'region', 'bucket').orderBy('id')),
  };
}
