import type { Knex } from 'knex';
import type { DatabaseIdentity } from '../../core/buckets/owner/database-identity';
import type { Area, OwnerBook, OwnerRecord } from '../../core/buckets/owner/owner-book';
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
  const records = async (where: { area: string } | { owner: string }): Promise<OwnerRecord[]> => {
    const query = (db: Knex): Promise<OwnerColumns[]> => Promise.resolve(table(db).where(where).select('owner', 'epoch', 'token', 'in_marker', 'identity', 'superseded_by'));
    return (await transactions.read(query)).map(recordOf);
  };

  return {
    async find(area) {
      const [found] = await records({ area });
      return found;
    },

    ofOwner: (owner) => records({ owner }),

    areas: (endpoint, bucket) =>
      transactions.read(async (db) => {
        const rows: (Omit<Area, 'id'> & { area: string })[] = await table(db).where({ endpoint, bucket }).select('area', 'endpoint', 'bucket', 'prefix');
        return rows.map(({ area: id, ...where }) => ({ id, ...where }));
      }),

    create: ({ id, ...where }, record) =>
      transactions.run(async (trx) => {
        await table(trx).insert({ area: id, ...where, ...columnsOf(record) }).onConflict('area').ignore();
        // the number of inserted rows has no common form among the databases; the token is this call's own
        const mine: unknown[] = await table(trx).where({ area: id, token: record.token }).forUpdate().select('area');
        return mine.length > 0;
      }),

    replace: (area, ifToken, record) =>
      transactions.run(async (trx) => (await table(trx).where({ area, token: ifToken }).update(columnsOf(record))) > 0),

    remove: (area, ifToken) =>
      transactions.run(async (trx) => {
        await table(trx).where({ area, token: ifToken }).delete();
      }),
  };
}

function recordOf({ owner, epoch, token, in_marker, identity, superseded_by }: OwnerColumns): OwnerRecord {
  return { owner, epoch: Number(epoch), token, inMarker: in_marker, identity: identity === null ? null : (JSON.parse(identity) as DatabaseIdentity), supersededBy: superseded_by };
}

function columnsOf({ owner, epoch, token, inMarker, identity, supersededBy }: OwnerRecord): OwnerColumns {
  return { owner, epoch, token, in_marker: inMarker, identity: identity && JSON.stringify(identity), superseded_by: supersededBy };
}
