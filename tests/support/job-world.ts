import { knexFindings } from '../../server/src/adapters/database/findings';
import { knexJobRequests } from '../../server/src/adapters/database/job-requests';
import { knexLeases } from '../../server/src/adapters/database/leases';
import { knexRuns } from '../../server/src/adapters/database/runs';
import { knexTransactions } from '../../server/src/adapters/database/transactions';
import { volumeRegistry } from '../../server/src/adapters/database/volumes';
import type { JobName } from '../../server/src/contracts/jobs';
import type { Mode } from '../../server/src/contracts/settings';
import { systemClock } from '../../server/src/core/clock';
import type { ErrorCode } from '../../server/src/contracts/errors';
import { Blocks } from '../../server/src/core/runner/blocks';
import type { Job, JobContext, JobOutcome } from '../../server/src/core/runner/job';
import { LeaseHolder } from '../../server/src/core/leases/lease-holder';
import { RequestBook } from '../../server/src/core/runner/request-book';
import { JobRunner } from '../../server/src/core/runner/runner';
import type { VolumeId } from '../../server/src/core/keys';
import type { TestDatabase } from './sql';

const quiet = () => undefined;

/** A job that does what a test tells it to, and notes what became of it. */
export class FakeJob implements Job {
  readonly contexts: JobContext[] = [];
  /** The number of runs that are under way now; `most` is the highest number so far. */
  active = 0;
  most = 0;
  blocked: ErrorCode | null = null;
  complete = false;
  work: (context: JobContext) => Promise<JobOutcome> = async () => ({ status: 'complete' });

  constructor(
    readonly name: JobName,
    readonly scope: Job['scope'] = 'disk',
  ) {}

  blockedBy = async () => this.blocked;
  isComplete = async () => this.complete;

  async run(context: JobContext): Promise<JobOutcome> {
    this.contexts.push(context);
    this.most = Math.max(this.most, ++this.active);
    try {
      return await this.work(context);
    } finally {
      this.active--;
    }
  }
}

/** Works until it is told to end, as a large library would. */
export const untilAborted = async ({ signal }: JobContext): Promise<JobOutcome> => {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  return { status: 'paused', code: null };
};

/** Opens a process. It shares nothing with another one but the database, and the disk if both have the same `volume`. */
export function openProcess(database: TestDatabase, jobs: readonly FakeJob[], { volume = 'disk-1', budgetMs = 60_000, retryMs = 60_000 } = {}) {
  const { knex, schema } = database;
  const transactions = knexTransactions(knex, schema);
  const holder = `${volume}/${Math.random()}`;
  const log = { lines: [] as string[], debug: quiet, info: quiet, warn: (line: string) => void log.lines.push(line), error: (line: string) => void log.lines.push(line) };
  const now = { mode: 'read-write' as Mode, reason: null as ErrorCode | null, leaving: false, awaitsOwner: false, isCopy: false, cleanupIsScheduled: false, s3Away: false, maxId: null as number | null };
  const runs = knexRuns(transactions);
  const findings = knexFindings(transactions);
  const requests = knexJobRequests(transactions);
  const registry = volumeRegistry(transactions);
  const id = volume as VolumeId;
  const book = new RequestBook({ requests, runs, registry, volume: () => id });
  const blocks = new Blocks({ jobs, book, runs, instance: now, cleanupIsScheduled: () => now.cleanupIsScheduled });
  const runner = new JobRunner({
    ...{ jobs, book, blocks, runs, findings, requests, holder, log, budgetMs, retryMs },
    volume: () => id,
    clock: systemClock,
    leases: new LeaseHolder(knexLeases(transactions), holder, systemClock, log),
    defaults: () => ({ maxId: now.maxId, concurrency: 4, batchSize: 100, cleanupGraceMs: 0 }),
    s3Away: () => now.s3Away,
    pollMs: 10,
    watchMs: 10,
  });
  return { runner, runs, findings, requests, registry, book, blocks, log, now, volume: id, jobs };
}

export type TestProcess = ReturnType<typeof openProcess>;

/** Waits until the condition holds. Otherwise the test's own time limit ends the wait. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Long enough for every process to look for work several times. Tests await it only for things that must not happen. */
export const aWhile = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 150));
