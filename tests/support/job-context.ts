import type { JobContext, JobOptions, NewFinding } from '../../server/src/core/runner/job';
import { RunProgress } from '../../server/src/core/runner/run-progress';

const OPTIONS: JobOptions = { dryRun: false, maxId: null, apply: false, concurrency: 4, batchSize: 10, cleanupGraceMs: 0, fromStart: false };

/** A run without a runner; `commits` has the progress of each batch. */
export function jobContext(options: Partial<JobOptions> = {}, ending = new AbortController()) {
  const progress = new RunProgress();
  const findings: NewFinding[] = [];
  const commits: ReturnType<RunProgress['snapshot']>[] = [];
  const context: JobContext = {
    options: { ...OPTIONS, ...options },
    signal: ending.signal,
    halt: new AbortController().signal,
    hurry: new AbortController().signal,
    progress,
    commit: async () => void commits.push(progress.snapshot()),
    report: async (more) => void findings.push(...more),
    runId: 1,
  };
  return { context, progress, findings, commits, ending };
}
