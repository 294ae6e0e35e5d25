import type { Knex } from 'knex';
import { ERRORS, type ErrorCode } from '../../contracts/errors';
import type { AuditResult, JobName, Requests, RunEntry, RunStatus, RunTrigger, Skipped } from '../../contracts/jobs';
import type { JobOptions } from '../../core/runner/job';
import type { ProgressSnapshot } from '../../core/runner/run-progress';
import { UNSEEN_MS, type Runs } from '../../core/runner/runs';
import type { VolumeId } from '../../core/keys';
import { clockAfter, insertedId } from './dialect';
import type { Transactions } from './transactions';
import { dropFindings } from './findings';

const TABLE = 's3_storage_runs';
/** Number of runs that are kept of a job. */
const KEPT = 50;
/** The holder of a run whose process has ended. */
const ABANDONED = '';

interface RunColumns {
  id: number | string;
  job: JobName;
  trigger_kind: RunTrigger;
  request: number | string | null;
  dry_run: boolean | number;
  volume: VolumeId | null;
  status: RunStatus;
  error: ErrorCode | null;
  started_at: number | string;
  seen_at: number | string;
  ended_at: number | string | null;
  done: number | string;
  total: number | string;
  failed: number | string;
  bytes_done: number | string;
  bytes_total: number | string;
  details: string;
  options: string;
  died: number | string;
  lasts_ms: number | string;
}

/** The runs in `s3_storage_runs`. */
export function knexRuns(transactions: Transactions): Runs {
  const table = (db: Knex) => transactions.table(db, TABLE);
  const select = (db: Knex) => {
    const died = db.raw("case when status = 'running' and (seen_at < ? or holder = ?) then 1 else 0 end as died", [clockAfter(db, -UNSEEN_MS), ABANDONED]);
    return table(db).select('*', died, db.raw('? - started_at as lasts_ms', [clockAfter(db)]));
  };

  return {
    begin: ({ job, trigger, request, options, volume, holder }) =>
      transactions.run(async (trx) => {
        const now = clockAfter(trx);
        const nothing = { done: 0, total: 0, failed: 0, bytes_done: 0, bytes_total: 0, details: '{}' };
        const run = { job, trigger_kind: trigger, request, dry_run: options.dryRun, options: JSON.stringify(options), volume, holder };
        const id = await insertedId(trx, table(trx).insert({ ...run, ...nothing, status: 'running', started_at: now, seen_at: now }));
        if (id === undefined) throw new Error('a run was not stored');
        return id;
      }),

    progress: async (id, snapshot) => {
      await transactions.run((trx) => table(trx).where({ id, status: 'running' }).update({ ...countsOf(snapshot), seen_at: clockAfter(trx) }));
    },

    end: async (id, { status, error, snapshot }) => {
      const ended = await transactions.run(async (trx) => {
        const now = clockAfter(trx);
        await table(trx).where({ id }).update({ ...countsOf(snapshot), status, error, seen_at: now, ended_at: now });
        return entryOf(await select(trx).where({ id }).first<RunColumns>());
      });
      await forgetOld(transactions, table, ended.job);
      return ended;
    },

    running: async () => {
      const rows = (await transactions.read((db) => select(db).where('status', 'running').orderBy('id'))) as RunColumns[];
      return rows.filter(({ died }) => !Number(died)).map((row) => ({ entry: entryOf(row), lastsMs: Number(row.lasts_ms) }));
    },

    abandon: async (holder) => {
      await transactions.run((trx) => table(trx).where({ holder, status: 'running' }).update({ holder: ABANDONED }));
    },

    ofRequest: async (job, request) => {
      const rows = (await transactions.read((db) => select(db).where({ job, request }).orderBy('id', 'desc'))) as RunColumns[];
      return rows.map((row) => ({ volume: row.volume, status: statusOf(row), died: Boolean(Number(row.died)) }));
    },

    latest: async () => {
      const rows = await transactions.read<RunColumns[]>((db) =>
        select(db).whereIn('id', table(db).max('id').groupBy('job', 'dry_run')).orderBy('id'),
      );
      return rows.map(entryOf);
    },

    history: async ({ id, job, volume, dryRun }) => {
      const rows = (await transactions.read((db) =>
        select(db).where({ job, volume, dry_run: dryRun }).where('id', '<=', id).orderBy('id', 'desc').limit(KEPT),
      )) as RunColumns[];
      return rows.map((row) => ({ entry: entryOf(row), fromStart: (JSON.parse(row.options) as JobOptions).fromStart }));
    },
  };
}

/**
 * Removes old runs of a job. It keeps the last dry run, whose report people still read, and the ended runs of the last request: they tell a
 * disk that comes back that it has done its part.
 */
async function forgetOld(transactions: Transactions, table: (db: Knex) => Knex.QueryBuilder, job: JobName): Promise<void> {
  const ids = await transactions.read(async (db) => {
    const last = (await table(db).where({ job }).max('request as request').first()) as { request: number | string | null };
    const dry = (await table(db).where({ job, dry_run: true }).max('id as id').first()) as { id: number | string | null };
    const newest = await table(db).where({ job }).orderBy('id', 'desc').offset(KEPT).first<{ id: number | string } | undefined>('id');
    if (!newest) return [];
    const old = table(db).where({ job }).where('id', '<=', newest.id).whereNot('status', 'running');
    if (dry.id !== null) old.whereNot('id', dry.id);
    if (last.request !== null) {
      const { request } = last;
      old.where((of) => void of.whereNull('request').orWhere('request', '<', request).orWhere('status', 'paused'));
    }
    return (await old.select('id').limit(KEPT)) as { id: number | string }[];
  });
  if (ids.length === 0) return;
  const old = ids.map(({ id }) => Number(id));
  await dropFindings(transactions, old);
  await transactions.run((trx) => table(trx).whereIn('id', old).delete());
}

function countsOf({ done, total, failed, bytesDone, bytesTotal, requests, skipped, audit = null }: ProgressSnapshot) {
  return { done, total, failed, bytes_done: bytesDone, bytes_total: bytesTotal, details: JSON.stringify({ requests, skipped, audit }) };
}

function statusOf({ status, died, trigger_kind }: RunColumns): RunStatus {
  if (!Number(died)) return status;
  return trigger_kind === 'command' ? 'failed' : 'paused';
}

function entryOf(row: RunColumns): RunEntry {
  const { requests, skipped, audit } = JSON.parse(row.details) as { requests?: Requests; skipped?: Skipped[]; audit?: AuditResult | null };
  const died = Boolean(Number(row.died));
  const error = died ? 'INTERNAL' : row.error;
  const endedAt = died ? row.seen_at : row.ended_at;
  return {
    id: Number(row.id),
    job: row.job,
    trigger: row.trigger_kind,
    dryRun: Boolean(row.dry_run),
    status: statusOf(row),
    startedAt: isoOf(row.started_at),
    endedAt: endedAt === null ? null : isoOf(endedAt),
    volume: row.volume,
    done: Number(row.done),
    total: Number(row.total),
    failed: Number(row.failed),
    bytesDone: Number(row.bytes_done),
    bytesTotal: Number(row.bytes_total),
    requests: requests ?? { list: 0, head: 0, get: 0, put: 0, delete: 0 },
    skipped: skipped ?? [],
    audit: audit ?? null,
    error: error && { code: error, ...ERRORS[error] },
  };
}

const isoOf = (time: number | string): string => new Date(Number(time)).toISOString();
