import type { Knex } from 'knex';
import { ERRORS, type ErrorCode } from '../../contracts/errors';
import type { Finding, FindingAction, FindingKind } from '../../contracts/jobs';
import type { Findings } from '../../core/runner/runs';
import type { Transactions } from './transactions';

const TABLE = 's3_storage_findings';
/** Number of rows in one INSERT; every database takes this many parameters. */
const INSERTED = 80;
/** Number of rows in one DELETE, small enough that nobody waits long for it. */
const DELETED = 1_000;

interface FindingColumns {
  kind: FindingKind;
  object_key: string | null;
  name: string | null;
  size: number | string | null;
  code: ErrorCode | null;
  action: FindingAction;
  applied: boolean | number;
}

interface CountColumns {
  kind: FindingKind;
  action: FindingAction;
  count: number | string;
  bytes: number | string | null;
}

/** The findings in `s3_storage_findings`. */
export function knexFindings(transactions: Transactions): Findings {
  const table = (db: Knex) => transactions.table(db, TABLE);
  return {
    add: async (runId, findings) => {
      const rows = findings.map(({ kind, key, name, size, code, action, applied, details = {} }) => {
        return { run_id: runId, kind, object_key: key, name, size, code, action, applied, details: JSON.stringify(details) };
      });
      for (let start = 0; start < rows.length; start += INSERTED) {
        await transactions.run((trx) => table(trx).insert(rows.slice(start, start + INSERTED)));
      }
    },

    forgetBefore: async (job, runId) => {
      const earlier = await transactions.read<{ run_id: number | string }[]>((db) => {
        const runs = transactions.table(db, 's3_storage_runs');
        return table(db).distinct('run_id').whereIn('run_id', runs.where({ job }).where('id', '<', runId).select('id'));
      });
      await dropFindings(transactions, earlier.map(({ run_id }) => Number(run_id)));
    },

    page: (runId, { kind, offset, limit }) =>
      transactions.read(async (db) => {
        const counted: CountColumns[] = await table(db)
          .where('run_id', runId)
          .groupBy('kind', 'action')
          .orderBy(['kind', 'action'])
          .select('kind', 'action', db.raw('count(*) as count'), db.raw('sum(size) as bytes'));
        const counts = counted.map((row) => ({ ...row, count: Number(row.count), bytes: Number(row.bytes ?? 0) }));
        const total = counts.filter((row) => !kind || row.kind === kind).reduce((sum, { count }) => sum + count, 0);
        const wanted = table(db).where('run_id', runId);
        if (kind) wanted.where('kind', kind);
        const rows = (offset < total ? await wanted.orderBy('id').offset(offset).limit(limit) : []) as FindingColumns[];
        return { counts, total, results: rows.map(findingOf) };
      }),
  };
}

/** Removes the findings of these runs, up to 1,000 rows at a time. */
export async function dropFindings(transactions: Transactions, runIds: readonly number[]): Promise<void> {
  for (const runId of runIds) {
    for (let deleted = DELETED; deleted === DELETED; ) {
      deleted = await transactions.run(async (trx) => {
        const of = () => transactions.table(trx, TABLE).where('run_id', runId);
        const rows: { id: number | string }[] = await of().orderBy('id').limit(DELETED).select('id');
        const last = rows.at(-1);
        return last ? await of().where('id', '<=', last.id).delete() : 0;
      });
    }
  }
}

function findingOf(row: FindingColumns): Finding {
  return {
    kind: row.kind,
    key: row.object_key,
    name: row.name,
    size: row.size === null ? null : Number(row.size),
    reason: row.code && { code: row.code, ...ERRORS[row.code] },
    action: row.action,
    applied: Boolean(row.applied),
  };
}
