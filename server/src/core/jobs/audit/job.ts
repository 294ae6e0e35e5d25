import { isNoAnswer, StorageError } from '../../errors';
import type { Job, JobContext, JobOutcome } from '../../runner/job';
import { AuditRun } from './audit-run';
import { auditBuckets } from './bucket-pass';
import type { AuditParts } from './deps';
import { auditDisk } from './disk-pass';
import { auditLedger } from './ledger-pass';
import { auditLibrary } from './library-pass';

/**
 * Compares database, bucket and disk, page by page, and reports each difference. It sees the disk of this process only. A suspect
 * becomes a finding only if the row is unchanged when the audit reads it again, so files may be written meanwhile. On request the
 * audit applies the action of each finding at once. It never removes an object.
 */
export function auditJob(deps: AuditParts): Job {
  return {
    name: 'audit',
    scope: 'library',
    blockedBy: async ({ apply }) => (apply && !deps.buckets.writable ? (deps.instance.awaitsOwner ? 'OWNER_UNKNOWN' : 'READ_ONLY') : null),
    // there is always something to compare, so the audit is complete when its last run was
    isComplete: async (_range, lastRun) => lastRun?.status === 'complete',
    run: (context) => audit(deps, context),
  };
}

/** @throws StorageError READ_ONLY when the run is to apply actions and this instance may change nothing */
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
