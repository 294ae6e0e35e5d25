import { isNoAnswer, StorageError } from '../../errors';
import type { Job, JobContext, JobOutcome } from '../../runner/job';
import { AuditRun } from './audit-run';
import { auditBuckets } from './bucket-pass';
import type { AuditParts } from './deps';
import { auditDisk } from './disk-pass';
import { auditLedger } from './ledger-pass';
import { auditLibrary } from './library-pass';

/**
 * Compares database, bucket and disk, page by page, and reports what does not fit; of disks it sees this process's alone. A
 * suspicion becomes a finding when the row is found unchanged after it, so that files may be written meanwhile. Only on
 * request it puts right what it found, at once, each finding by itself. It never removes an object.
 */
export function auditJob(deps: AuditParts): Job {
  return {
    name: 'audit',
    scope: 'library',
    blockedBy: async ({ apply }) => (apply && !deps.buckets.writable ? 'READ_ONLY' : null),
    // there is always something to compare, so only its last run can be complete
    isComplete: async (_range, lastRun) => lastRun?.status === 'complete',
    run: (context) => audit(deps, context),
  };
}

/** @throws StorageError READ_ONLY when something is to be changed where nothing may be */
async function audit(deps: AuditParts, context: JobContext): Promise<JobOutcome> {
  const { apply, dryRun } = context.options;
  if (apply && !dryRun && !deps.buckets.writable) throw new StorageError('READ_ONLY', { operation: 'audit', refused: true });
  const run = new AuditRun(deps, context);
  try {
    return await pass(run);
  } finally {
    await run.conclude();
  }
}

async function pass(run: AuditRun): Promise<JobOutcome> {
  const { deps, context } = run;
  await run.begin();
  const { local, both, remote, trash } = await deps.ledger.tallies();
  for (const { count, bytes } of [local, both, remote, trash]) context.progress.expect(count, bytes);
  try {
    for (const look of [auditBuckets, auditLedger, auditDisk, auditLibrary]) if (!run.stopped) await look(run);
  } catch (error) {
    await run.commit();
    if (!(error instanceof StorageError) || !isNoAnswer(error)) throw error;
    return { status: 'paused', code: run.stopped ? null : error.code };
  }
  if (run.stopped) return { status: 'paused', code: null };
  run.finished = true;
  return { status: 'complete' };
}
