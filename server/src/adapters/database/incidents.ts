import type { Knex } from 'knex';
import type { Incident, IncidentLog } from '../../core/outages/outage';
import type { ErrorCode } from '../../contracts/errors';
import { clockAfter } from './dialect';
import type { Transactions } from './transactions';

const TABLE = 's3_storage_incidents';
/**
 * Time without a sign of any process after which an incident counts as ended (ms). Each process in an outage gives a sign every minute.
 */
const UNSEEN_MS = 5 * 60_000;

interface IncidentRow {
  code: ErrorCode;
  started_at: number | string;
  ended_at: number | string | null;
  fell_back: number;
}

/**
 * The incidents in the database, on the database's clock. At most one row is marked as the latest, in a unique column, so that processes
 * that begin at once agree on it. Every process in an outage reports to that row.
 */
export function incidentLog(transactions: Transactions): IncidentLog {
  const table = (db: Knex) => transactions.table(db, TABLE);
  const latest = (db: Knex) => table(db).where('latest', 1);
  const begun = (db: Knex, code: ErrorCode) =>
    table(db).insert({ code, started_at: clockAfter(db), seen_at: clockAfter(db), fell_back: 0, latest: 1 });
  const endUnseen = (db: Knex) =>
    table(db).whereNull('ended_at').where(lastSeen(db), '<=', clockAfter(db, -UNSEEN_MS)).update({ ended_at: lastSeen(db) });

  return {
    async begin(code) {
      await transactions.run(async (trx) => {
        // this inserts the very first row, and locks the latest one: two processes that begin at once come one after the other
        await begun(trx, code).onConflict('latest').merge(['latest']);
        await endUnseen(trx);
        const open: unknown[] = await latest(trx).whereNull('ended_at').forUpdate().select('id');
        if (open.length > 0) return;
        await latest(trx).update({ latest: null });
        await begun(trx, code);
      });
    },

    async note({ fellBack, ended }) {
      await transactions.run(async (trx) => {
        const now = clockAfter(trx);
        const more = trx.raw('fell_back + ?', [fellBack]);
        await latest(trx).update({ fell_back: more, seen_at: now, ended_at: ended ? now : null });
      });
    },

    async endUnseen() {
      await transactions.run(endUnseen);
    },

    async list(limit) {
      const rows = (await transactions.read((db) => {
        const unseen = db.raw('case when ? <= ? then ? end', [lastSeen(db), clockAfter(db, -UNSEEN_MS), lastSeen(db)]);
        const endedAt = db.raw('coalesce(ended_at, ?) as ended_at', [unseen]);
        return table(db).select('code', 'started_at', endedAt, 'fell_back').orderBy('id', 'desc').limit(limit);
      })) as IncidentRow[];
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

/** Returns when a process last saw the incident. A row without `seen_at` comes from a version that did not have that column. */
function lastSeen(db: Knex): Knex.Raw {
  return db.raw('coalesce(seen_at, started_at)');
}
