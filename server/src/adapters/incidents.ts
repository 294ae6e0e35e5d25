import type { Incident, IncidentLog } from '../core/resilience/outage';
import type { ErrorCode } from '../contracts/errors';
import { clockAfter, insertedId } from './database/dialect';
import type { Transactions } from './database/transactions';

const TABLE = 's3_storage_incidents';

interface IncidentRow {
  code: ErrorCode;
  started_at: number | string;
  ended_at: number | string | null;
  fell_back: number;
}

/** Outages in the database, on the database's clock. */
export function incidentLog(transactions: Transactions): IncidentLog {
  return {
    async start(code) {
      const id = await transactions.run((trx) =>
        insertedId(trx, trx(TABLE).insert({ code, started_at: clockAfter(trx), fell_back: 0 })),
      );
      return id as number;
    },
    async update(id, { fellBack, ended }) {
      await transactions.run((trx) =>
        trx(TABLE)
          .where({ id })
          .update({ fell_back: fellBack, ended_at: ended ? clockAfter(trx) : null }),
      );
    },
    async list(limit) {
      const rows = (await transactions.read((db) =>
        db(TABLE).select('code', 'started_at', 'ended_at', 'fell_back').orderBy('id', 'desc').limit(limit),
      )) as IncidentRow[];
      return rows.map(
        (row): Incident => ({
          code: row.code,
          startedAt: new Date(Number(row.started_at)),
          endedAt: row.ended_at === null ? null : new Date(Number(row.ended_at)),
          fellBack: row.fell_back,
        }),
      );
    },
  };
}
