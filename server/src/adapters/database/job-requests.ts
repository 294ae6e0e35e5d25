import type { Knex } from 'knex';
import { parseStart, type JobName, type StartRequest } from '../../contracts/jobs';
import type { JobRequests } from '../../core/runner/job-requests';
import { clockAfter } from './dialect';
import type { Transactions } from './transactions';

const TABLE = 's3_storage_jobs';

interface RequestColumns {
  name: JobName;
  request: number | string;
  options: string;
  stopped: boolean | number;
  requested_at: number | string;
}

/** The requests for jobs in `s3_storage_jobs`. */
export function knexJobRequests(transactions: Transactions): JobRequests {
  const table = (db: Knex) => transactions.table(db, TABLE);
  const ask = (name: JobName, stopped: boolean, options: StartRequest) =>
    transactions.run(async (trx) => {
      const now = clockAfter(trx);
      await table(trx).insert({ name, request: 0, options: '{}', stopped: true, requested_at: now }).onConflict('name').merge(['name']);
      const request = trx.raw('request + 1');
      await table(trx).where({ name }).update({ request, stopped, options: JSON.stringify(options), requested_at: now });
    });

  return {
    start: (name, options) => ask(name, false, options),
    stop: (name) => ask(name, true, {}),
    list: async () => {
      const rows: RequestColumns[] = await transactions.read((db) => table(db).select('name', 'request', 'options', 'stopped', 'requested_at'));
      return rows.map((row) => ({
        name: row.name,
        number: Number(row.request),
        options: optionsOf(row.options),
        stopped: Boolean(row.stopped),
        requestedAt: new Date(Number(row.requested_at)),
      }));
    },
  };
}

function optionsOf(text: string): StartRequest {
  const parsed = parseStart(JSON.parse(text));
  if (!parsed.ok) throw new Error(`the stored request for a job cannot be read: ${parsed.fields.map(({ path }) => path).join(', ')}`);
  return parsed.value;
}
