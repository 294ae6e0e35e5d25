import type { ErrorCode } from '../../../contracts/errors';
import { mayChangeBucket } from '../../buckets/may-change';
import { outcomeOf } from '../outcome';
import { workThrough } from '../work-through';
import { cleanups } from './free-disk';
import { planCleanup } from './plan';
import { counted } from '../counted';
import type { Job, JobContext, JobOptions, JobOutcome } from '../../runner/job';
import type { JobDeps } from '../deps';
import type { PublicVerdict } from '../../public-url/public-url';
import { sweepFiles } from '../../sweep/sweep';
import { uploadIsComplete } from '../upload/job';

/** Phase 2: frees this disk of the files that are proven in S3, after phase 1 is complete on this disk. */
export function cleanupJob(deps: JobDeps): Job {
  return {
    name: 'cleanup',
    scope: 'disk',
    blockedBy: async ({ dryRun, maxId }) => (dryRun ? null : ((await forbidden(deps, { maxId })) ?? unreached(deps.publicUrl.known()))),
    warning: async () => warningOf(deps.publicUrl.known()),
    isComplete: async (range) => (await uploadIsComplete(deps, range)) && !(await deps.ledger.pendingWork(copiesOf(deps))),
    run: (context) => (context.options.dryRun ? planCleanup(deps, context) : freeDisk(counted(deps, context.progress), context)),
  };
}

async function forbidden(deps: JobDeps, range: Pick<JobOptions, 'maxId'>): Promise<ErrorCode | null> {
  if (!mayChangeBucket(deps)) return 'READ_ONLY';
  return (await uploadIsComplete(deps, range)) ? null : 'UPLOAD_INCOMPLETE';
}

/** Blocks the cleanup while a web server serves the uploads folder itself: it would have no file to send after the cleanup. */
function unreached(verdict: PublicVerdict | null): ErrorCode | null {
  return verdict?.code === 'UPLOADS_NOT_REACHED' ? verdict.code : null;
}

function warningOf(verdict: PublicVerdict | null): ErrorCode | null {
  return verdict?.code === 'UPLOADS_SERVED_FIRST' || verdict?.code === 'OWN_FOLDER_EXPOSED' ? verdict.code : null;
}

async function freeDisk(deps: JobDeps, context: JobContext): Promise<JobOutcome> {
  const { signal, halt, options, progress } = context;
  const reason = (await forbidden(deps, options)) ?? unreached(await deps.publicUrl.fresh());
  if (reason) return { status: 'paused', code: reason };
  const { both } = await deps.ledger.tallies();
  progress.expect(both.count, both.bytes);
  const afterBatch = async () => {
    await sweepFiles(deps, signal);
    return forbidden(deps, options);
  };
  const { inHand, cleanUp } = cleanups(deps, { ...options, graceMs: options.cleanupGraceMs, signal, halt });
  const result = await workThrough(deps, context, copiesOf(deps), cleanUp, { concurrency: inHand, afterBatch });
  return outcomeOf(deps, context, copiesOf(deps), result);
}

function copiesOf({ volume }: JobDeps) {
  return { work: 'cleanup', volume: volume.id } as const;
}
