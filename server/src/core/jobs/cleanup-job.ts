import type { ErrorCode } from '../../contracts/errors';
import { workThrough } from './batches';
import { cleanUpRow } from './cleanup';
import { planCleanup } from './cleanup-plan';
import { counted } from './counted';
import type { Job, JobContext, JobOptions, JobOutcome } from './job';
import type { JobDeps } from './job-deps';
import { sweepFiles } from './sweep';
import { uploadIsComplete } from './upload-job';

/** Phase 2: frees this disk of what is proven in S3, once phase 1 is complete on it. */
export function cleanupJob(deps: JobDeps): Job {
  return {
    name: 'cleanup',
    scope: 'disk',
    blockedBy: async ({ dryRun, maxId }) => (dryRun ? null : forbidden(deps, { maxId })),
    isComplete: async (range) => (await uploadIsComplete(deps, range)) && !(await deps.ledger.pendingWork(copiesOf(deps))),
    run: (context) => (context.options.dryRun ? planCleanup(deps, context) : cleanUp(counted(deps, context.progress), context)),
  };
}

async function forbidden(deps: JobDeps, range: Pick<JobOptions, 'maxId'>): Promise<ErrorCode | null> {
  if (!deps.cloud()) return 'READ_ONLY';
  return (await uploadIsComplete(deps, range)) ? null : 'UPLOAD_INCOMPLETE';
}

async function cleanUp(deps: JobDeps, context: JobContext): Promise<JobOutcome> {
  const { signal, halt, options, progress } = context;
  const reason = await forbidden(deps, options);
  if (reason) return { status: 'paused', code: reason };
  const { both } = await deps.ledger.tallies();
  progress.expect(both.count, both.bytes);
  const afterBatch = async () => {
    await sweepFiles(deps, signal);
    return forbidden(deps, options);
  };
  return workThrough(deps, context, copiesOf(deps), (row) => cleanUpRow(deps, row, options.cleanupGraceMs, halt), { afterBatch });
}

function copiesOf({ volume }: JobDeps) {
  return { work: 'cleanup', volume: volume.id } as const;
}
