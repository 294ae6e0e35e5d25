import { isStorageError } from '../../errors';
import { mayChangeBucket } from '../../buckets/may-change';
import { interrupted, outcomeOf, paused } from '../outcome';
import { counted } from '../counted';
import { FreeNames } from './free-names';
import { inventoryEnded, takeInventory } from './inventory';
import type { Job, JobContext, JobOptions, JobOutcome } from '../../runner/job';
import type { JobDeps } from '../deps';
import { planUpload } from './plan';
import { workThrough } from '../work-through';
import { uploads } from './send-files';

/** Phase 1: uploads the files that the library had before the plugin from this disk to S3. The files stay on the disk. */
export function uploadJob(deps: JobDeps, freeNames = new FreeNames(deps)): Job {
  return {
    name: 'upload',
    scope: 'disk',
    blockedBy: async () => (mayChangeBucket(deps) ? null : 'READ_ONLY'),
    isComplete: (range) => uploadIsComplete(deps, range),
    run: (context) => (context.options.dryRun ? planUpload(deps, context) : upload(counted(deps, context.progress), context, freeNames)),
  };
}

/** Whether this disk's inventory came to its end, and no file of it will still be uploaded by itself. This costs two short queries. */
export async function uploadIsComplete(deps: JobDeps, range?: Pick<JobOptions, 'maxId'>): Promise<boolean> {
  return (await inventoryEnded(deps, range)) && !(await deps.ledger.pendingWork(libraryOf(deps)));
}

async function upload(deps: JobDeps, context: JobContext, freeNames: FreeNames): Promise<JobOutcome> {
  const { signal, halt, hurry, progress, options } = context;
  try {
    if (!(await takeInventory(deps, context))) return paused(null);
  } catch (error) {
    // the disk is not there, and may come back
    return isStorageError(error, 'DISK_ERROR', 'VOLUME_TWIN') ? paused(error.code) : interrupted(error);
  }
  const { pendingLibrary } = await deps.ledger.tallies();
  progress.expect(pendingLibrary.count, pendingLibrary.bytes);
  const bucket = deps.buckets.writable;
  const isFree = bucket && (await freeNames.of(bucket, pendingLibrary.count, context));
  const { inHand, upload: move } = uploads(deps, { concurrency: options.concurrency, batchSize: options.batchSize, signal, halt, hurry, isFree });
  const result = await workThrough(deps, context, libraryOf(deps), move, { concurrency: inHand });
  return outcomeOf(deps, context, libraryOf(deps), result);
}

function libraryOf({ volume }: JobDeps) {
  return { work: 'upload', volume: volume.id, origin: 'library' } as const;
}
