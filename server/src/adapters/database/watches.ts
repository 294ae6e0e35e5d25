import type { Knex } from 'knex';
import type { VolumeId } from '../../core/keys';
import type { Watch, Watches } from '../../core/volumes/watches';
import { clockAfter } from './dialect';
import type { Transactions } from './transactions';

interface WatchColumns {
  unwatched_ms: number | string;
  last_id: number | string;
  files: number | string;
}

/** The last looks in the database, on the database's clock. */
export function knexWatches(transactions: Transactions): Watches {
  const table = (db: Knex) => transactions.table(db, 's3_storage_watches');
  const since = (db: Knex, column: string) => db.raw('? - ?? as unwatched_ms', [clockAfter(db), column]);
  const look = async (of: (db: Knex) => Knex.QueryBuilder): Promise<Watch | undefined> => {
    const query = (db: Knex): Promise<WatchColumns[]> => Promise.resolve(of(db).orderBy('watched_to', 'desc').limit(1).select('last_id', 'files', since(db, 'watched_to')));
    const [found] = await transactions.read(query);
    return found && { unwatchedMs: Number(found.unwatched_ms), extent: { lastId: Number(found.last_id), files: Number(found.files) } };
  };
  const sign = async (of: (db: Knex) => Knex.QueryBuilder): Promise<Watch | undefined> => {
    const query = (db: Knex): Promise<Pick<WatchColumns, 'unwatched_ms'>[]> => Promise.resolve(of(db).orderBy('last_seen', 'desc').limit(1).select(since(db, 'last_seen')));
    const [found] = await transactions.read(query);
    return found && { unwatchedMs: Number(found.unwatched_ms), extent: null };
  };

  return {
    async last(volume: VolumeId) {
      const volumes = (db: Knex) => transactions.table(db, 's3_storage_volumes');
      return (
        (await look((db) => table(db).where({ volume }))) ??
        (await sign((db) => volumes(db).where({ id: volume }))) ??
        (await look(table)) ??
        (await sign(volumes))
      );
    },

    note: (volume, agoMs, { lastId, files }) =>
      transactions.run(async (trx) => {
        const columns = { watched_to: clockAfter(trx, -agoMs), last_id: lastId, files };
        await table(trx).insert({ volume, ...columns }).onConflict('volume').merge(Object.keys(columns));
      }),
  };
}
