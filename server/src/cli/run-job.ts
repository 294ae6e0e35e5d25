import { ERRORS } from '../contracts/errors';
import type { Reason, RunEntry } from '../contracts/jobs';
import type { Clock } from '../core/clock';
import { isStorageError } from '../core/errors';
import type { JobOptions } from '../core/runner/job';
import type { ProgressSnapshot } from '../core/runner/run-progress';
import type { CommandRequest, JobCommand } from './arguments';
import type { AdminApi } from '../core/admin/admin-api';
import { consent, questionOf } from './consent';
import { FAILURES_SHOWN, NO_FAILURES, type Failures } from './failures';
import { EXIT, writeJson, type CommandIo } from './io';
import { ProgressDisplay } from './progress-display';
import { notLookedAt, summaryLines, type RunResult } from './run-summary';
import { RunTotals } from './run-totals';
import { HARMLESS } from './words';

/** The state of files that a job tried and failed to move. A restore and a relocation move files in several states, so they have none. */
const TRIED: Record<JobCommand, Readonly<Record<string, string>>> = { upload: { state: 'local' }, cleanup: { state: 'both' }, restore: {}, relocate: {}, audit: {} };

export interface JobRequest extends CommandRequest {
  readonly command: JobCommand;
}

/** Runs a job: it asks, runs, shows the progress and sums up. Returns the exit code. */
export async function runJob(request: JobRequest, admin: AdminApi, io: CommandIo, clock: Clock): Promise<number> {
  const { jobs } = await admin.jobs.answer();
  const job = jobs.find(({ name }) => name === request.command);
  // a dry run, or a range, may be possible where the whole job is blocked: the run itself decides
  const blocked = request.dryRun || request.maxId !== null ? null : (job?.blockedBy ?? null);
  if (blocked) return reportBlocked(blocked, request, io);
  if (job?.warning) io.stderr.write(`${job.warning.message}\n→ ${job.warning.hint}\n`);
  const question = questionOf(request, (await admin.status()).objects, job?.progress);
  const answer = question === null ? 'given' : await consent(question, request, io);
  if (answer === 'unasked') {
    io.stderr.write(`${question}\nNobody is there to be asked: say --yes.\n`);
    return EXIT.USAGE;
  }
  if (answer === 'refused') {
    io.stderr.write('Nothing was changed.\n');
    return EXIT.FAILED;
  }
  return work(request, admin, io, clock);
}

function reportBlocked(reason: Reason, { command, json }: JobRequest, io: CommandIo): number {
  io.stderr.write(`The ${command} cannot begin. ${reason.message}\n→ ${reason.hint}\n`);
  if (json) writeJson(io, { error: reason });
  return EXIT.BLOCKED;
}

async function work(request: JobRequest, admin: AdminApi, io: CommandIo, clock: Clock): Promise<number> {
  const { command, json } = request;
  const interruption = new AbortController();
  const display = new ProgressDisplay(command, io.stderr, clock);
  const unsubscribe = io.onInterrupt(() => {
    if (interruption.signal.aborted) {
      io.quit(EXIT.INTERRUPTED);
      return;
    }
    interruption.abort();
    display.note('Finishing what is in hand; once more ends at once.');
  });
  const began = clock.elapsed();
  const totals = new RunTotals();
  let run: RunEntry;
  try {
    const last = await admin.runNow(command, optionsOf(request), {
      signal: interruption.signal,
      onProgress: (progress) => display.update(totals.update(progress)),
      onPaused: (code) => display.update({ ...totals.nextRun(), waitingFor: code ?? undefined }),
    });
    // a dry run begins anew after an outage, so the last one has seen everything
    run = last.dryRun ? last : inAll(last, totals.update(last));
  } catch (error) {
    if (!isStorageError(error) || error.code === 'INTERNAL') throw error;
    return reportBlocked({ code: error.code, ...ERRORS[error.code] }, request, io);
  } finally {
    display.stop();
    unsubscribe();
  }
  const seconds = (clock.elapsed() - began) / 1000;
  const report = command === 'audit' ? await admin.jobs.report(command, { page: '1', pageSize: String(FAILURES_SHOWN) }) : null;
  const failures = await failuresOf(request, totals.failedAttempts, admin);
  const result: RunResult = { run: { ...run, failed: failures.total }, report, seconds, failures };
  if (json) writeJson(io, { ...result, failures: failures.first, obstacles: failures.obstacles });
  else io.stdout.write(`${summaryLines(command, result).join('\n')}\n`);
  return interruption.signal.aborted ? EXIT.INTERRUPTED : exitOf(result, request);
}

/** The last run, with the counters of all runs. */
const inAll = (last: RunEntry, { skipped, ...sum }: ProgressSnapshot): RunEntry => ({ ...last, ...sum, skipped: [...skipped] });

function optionsOf({ dryRun, maxId, concurrency, apply }: JobRequest): Partial<JobOptions> {
  return { dryRun, apply, ...(maxId !== null && { maxId }), ...(concurrency !== null && { concurrency }) };
}

/**
 * Collects the failed files. Those of a dry run are in its report, even if nothing was tried. Those of a run are in the ledger, where each
 * stays until it is done.
 * @param attempts number of failed attempts of this command: several may belong to one file, and older failures do not count
 */
async function failuresOf({ command, dryRun }: JobRequest, attempts: number, admin: AdminApi): Promise<Failures> {
  if (attempts === 0 && !dryRun) return NO_FAILURES;
  const page = { page: '1', pageSize: String(FAILURES_SHOWN) };
  if (dryRun || command === 'audit') {
    const { results, pagination } = await admin.jobs.report(command, { ...page, kind: 'failed' });
    const told = results.flatMap(({ key, name, size, reason }) => (reason ? [{ name: key ?? name, size, reason }] : []));
    const first = told.flatMap(({ name, ...failure }) => (name === null ? [] : [{ name, ...failure }]));
    const obstacles = told.flatMap(({ name, size, reason }) => (name === null ? [{ reason, bytes: size }] : []));
    return { first, total: Math.max(attempts, pagination.total - obstacles.length), obstacles };
  }
  const { results, pagination } = await admin.objects.page({ ...page, failed: 'true', ...TRIED[command] });
  const total = Math.min(attempts, pagination.total);
  const first = results.flatMap(({ key, size, lastError }) => (lastError ? [{ name: key, size, reason: lastError }] : []));
  return { first: first.slice(0, total), total, obstacles: [] };
}

function exitOf({ run, report, failures }: RunResult, { apply }: JobRequest): number {
  const alarming = report?.counts.some(({ kind, action }) => !HARMLESS.has(kind) && (action === 'none' || !apply)) ?? false;
  const leftOut = run.audit ? notLookedAt(run.audit).length > 0 : false;
  return run.status === 'complete' && run.failed === 0 && failures.obstacles.length === 0 && !alarming && !leftOut ? EXIT.DONE : EXIT.FAILED;
}
