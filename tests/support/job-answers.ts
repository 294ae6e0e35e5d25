import type { JobAnswer, JobName, RunEntry } from '../../server/src/contracts/jobs';

export const runOf = (over: Partial<RunEntry> = {}): RunEntry => ({
  id: 1,
  job: 'upload',
  trigger: 'panel',
  dryRun: false,
  status: 'complete',
  startedAt: '2026-05-04T10:00:00.000Z',
  endedAt: '2026-05-04T10:01:30.000Z',
  volume: 'v',
  done: 0,
  total: 0,
  failed: 0,
  bytesDone: 0,
  bytesTotal: 0,
  requests: { list: 0, head: 0, get: 0, put: 0, delete: 0 },
  skipped: [],
  error: null,
  ...over,
});

/** A job of a library that nobody has touched yet. */
export const jobOf = (name: JobName, over: Partial<JobAnswer> = {}): JobAnswer => ({
  name,
  running: false,
  wanted: false,
  complete: false,
  progress: { done: 0, total: 0, failed: 0, bytesDone: 0, bytesTotal: 0, perSecond: null, bytesPerSecond: null, etaSeconds: null },
  schedule: { enabled: false, expression: name === 'upload' || name === 'cleanup' ? '*/2 * * * *' : null, nextRunAt: null },
  lastRun: null,
  lastDryRun: null,
  blockedBy: null,
  warning: null,
  ...over,
});
