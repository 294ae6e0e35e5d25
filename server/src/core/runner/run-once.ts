import type { RunEntry, RunTrigger } from '../../contracts/jobs';
import type { Clock } from '../clock';
import { codeOf } from '../errors';
import type { VolumeId } from '../keys';
import type { Logger } from '../log';
import type { Job, JobContext, JobOptions } from './job';
import type { JobRequests } from './job-requests';
import { RunProgress, type ProgressSnapshot } from './run-progress';
import type { Findings, RunEnd, Runs } from './runs';

/** Interval at which a run stores its progress and looks for a request to stop, in milliseconds. */
const WATCH_MS = 2_000;

export interface RunDeps {
  readonly runs: Runs;
  readonly findings: Findings;
  readonly requests: JobRequests;
  readonly volume: () => VolumeId;
  /** The name of this process. */
  readonly holder: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Overrides {@link WATCH_MS} in tests, in milliseconds. */
  readonly watchMs?: number;
}

export interface RunSpec {
  readonly job: Job;
  readonly options: JobOptions;
  readonly trigger: RunTrigger;
  /** The number of the request that the run obeys; null: none. */
  readonly request: number | null;
  /** Time after which the run pauses, in milliseconds; null: never. */
  readonly budgetMs: number | null;
  onProgress?(snapshot: ProgressSnapshot): void;
}

/** Whether findings of a run are kept: those of dry runs and of audits are. Other runs note the failure of a file in the ledger. */
export function reports({ job, dryRun }: Pick<RunEntry, 'job' | 'dryRun'>): boolean {
  return dryRun || job === 'audit';
}

/**
 * Runs a job once, and notes the run from its beginning to its end. A request to stop, made in any process, ends the run.
 * @param signal ends the run as `paused`, and breaks begun files off; with the trigger `command` it ends the run as `stopped`, after the
 *   begun files are finished
 */
export async function runOnce(deps: RunDeps, spec: RunSpec, signal: AbortSignal): Promise<RunEntry> {
  const { runs, findings, requests, clock, log, volume, holder } = deps;
  const { job, options, trigger, request } = spec;
  const asked = async () => (await requests.list()).find(({ name }) => name === job.name);
  // a stop that is older than this run concerns it only if it took back the request that the run obeys
  const known = request ?? (await asked())?.number ?? 0;
  const id = await runs.begin({ job: job.name, trigger, request, options, volume: job.scope === 'disk' ? volume() : null, holder });
  const progress = new RunProgress();
  const ending = new AbortController();
  const halting = new AbortController();
  const end = () => ending.abort();
  const halt = () => {
    end();
    halting.abort();
  };
  const over = new AbortController();
  let stopped = false;

  const commit = async () => {
    const snapshot = progress.snapshot();
    spec.onProgress?.(snapshot);
    await runs.progress(id, snapshot);
  };
  const watch = async () => {
    const now = await asked();
    if (now?.stopped && now.number > known) {
      stopped = true;
      halt();
    }
    await commit();
  };
  const watching = repeat(clock, deps.watchMs ?? WATCH_MS, watch, over.signal, log);
  if (spec.budgetMs !== null) void clock.sleep(spec.budgetMs, over.signal).then(end, () => undefined);
  signal.addEventListener('abort', halt);
  if (signal.aborted) halt();

  const context: JobContext = {
    options,
    signal: ending.signal,
    halt: halting.signal,
    hurry: trigger === 'command' ? over.signal : signal,
    progress,
    commit,
    report: async (found) => {
      if (reports({ job: job.name, dryRun: options.dryRun })) await findings.add(id, found);
    },
    runId: id,
  };
  let outcome: Pick<RunEnd, 'status' | 'error'>;
  try {
    const { status, ...why } = await job.run(context);
    outcome = { status, error: 'code' in why ? why.code : null };
  } catch (error) {
    const line = `${job.name} failed (${codeOf(error)}): ${String(error)}`;
    if (ending.signal.aborted) log.debug(line);
    else log.error(line);
    outcome = ending.signal.aborted ? { status: 'paused', error: null } : { status: 'failed', error: codeOf(error) };
  }
  if (outcome.status === 'paused' && (stopped || (signal.aborted && trigger === 'command'))) outcome = { status: 'stopped', error: null };
  signal.removeEventListener('abort', halt);
  over.abort();
  await watching;
  const snapshot = progress.snapshot();
  spec.onProgress?.(snapshot);
  const ended = await runs.end(id, { ...outcome, snapshot });
  if (reports(ended)) await findings.forgetBefore(job.name, id);
  return ended;
}

/** Repeats `work` until `over` aborts. Never rejects. */
async function repeat(clock: Clock, everyMs: number, work: () => Promise<void>, over: AbortSignal, log: Logger): Promise<void> {
  for (;;) {
    try {
      await clock.sleep(everyMs, over);
    } catch {
      return; // the run has ended
    }
    await work().catch((error: unknown) => log.debug(`the progress of a run could not be stored (${codeOf(error)}): ${String(error)}`));
  }
}
