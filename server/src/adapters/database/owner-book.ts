import type { Knex } from 'knex';
import type { DatabaseIdentity } from '../../core/buckets/owner/database-identity';
import type { OwnerBook, OwnerRecord, Place } from '../../core/buckets/owner/owner-book';
import type { Transactions } from './transactions';

interface OwnerColumns {
  owner: string;
  epoch: number | string;
  token: string;
  in_marker: string | null;
  identity: string | null;
  superseded_by: string | null;
}

/** The records of ownership in the database. */
export function knexOwnerBook(transactions: Transactions): OwnerBook {
  const table = (db: Knex) => transactions.table(db, 's3_storage_owners');
  const records = async (where: { place: string } | { owner: string }): Promise<OwnerRecord[]> => {
    const query = (db: Knex): Promise<OwnerColumns[]> => Promise.resolve(table(db).where(where).select('owner', 'epoch', 'token', 'in_marker', 'identity', 'superseded_by'));
    return (await transactions.read(query)).map(recordOf);
  };

  return {
    async find(place) {
      const [found] = await records({ place });
      return found;
    },

    ofOwner: (owner) => records({ owner }),

    places: (endpoint, bucket) =>
      transactions.read(async (db) => {
        const rows: (Omit<Place, 'id'> & { place: string })[] = await table(db).where({ endpoint, bucket }).select('place', 'endpoint', 'bucket', 'prefix');
        return rows.map(({ place: id, ...where }) => ({ id, ...where }));
      }),

    create: ({ id, ...where }, record) =>
      transactions.run(async (trx) => {
        await table(trx).insert({ place: id, ...where, ...columnsOf(record) }).onConflict('place').ignore();
        // the number of inserted rows has no common form among the databases; the token is this call's own
        const mine: unknown[] = await table(trx).where({ place: id, token: record.token }).forUpdate().select('place');
        return mine.length > 0;
      }),

    replace: (place, ifToken, record) =>
      transactions.run(async (trx) => (await table(trx).where({ place, token: ifToken }).update(columnsOf(record))) > 0),

    remove: (place, ifToken) =>
      transactions.run(async (trx) => {
        await table(trx).where({ place, token: ifToken }).delete();
      }),
  };
}

function recordOf({ owner, epoch, token, in_marker, identity, superseded_by }: OwnerColumns): OwnerRecord {
  return { owner, epoch: Number(epoch), token, inMarker: in_marker, identity: identity === null ? null : (JSON.parse(identity) as DatabaseIdentity), supersededBy: superseded_by };
}

function columnsOf({ owner, epoch, token, inMarker, identity, supersededBy }: OwnerRecord): OwnerColumns {
  return { owner, epoch, token, in_marker: inMarker, identity: identity && JSON.stringify(identity), superseded_by: supersededBy };
}
