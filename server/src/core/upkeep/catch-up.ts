import type { MoveParts } from '../jobs/deps';
import { uploads } from '../jobs/upload/send-files';
import { workOn } from '../jobs/work-through';
import { AT_ONCE } from '../pool/at-once';

export interface CatchUpResult {
  uploaded: number;
  failed: number;
}

/**
 * Uploads the fallback files of this disk. It stops when S3 goes away again. A row that fails for a reason of its own is noted, waits
 * longer each time, and does not hold up the others. While S3 takes no uploads, the catch-up tries one row when it is due.
 */
export async function catchUp(deps: MoveParts, concurrency: number, signal: AbortSignal): Promise<CatchUpResult> {
  const request = { work: 'upload', volume: deps.volume.id, origin: 'fallback' } as const;
  const options = { concurrency, batchSize: AT_ONCE.catchUpBatch, signal };
  const { inHand, upload } = uploads(deps, options);
  const writes = deps.buckets.writable?.breaker.writes;
  let trial = { done: 0, failed: 0 };
  if (writes && writes.state.kind !== 'closed') {
    // until one row has succeeded, the catch-up reads, requests and notes nothing for the others
    trial = await workOn(deps, request, { concurrency: 1, batchSize: 1, signal, afterBatch: async () => false }, upload);
    if (trial.done === 0) return { uploaded: 0, failed: trial.failed };
  }
  const { done, failed } = await workOn(deps, request, { ...options, concurrency: inHand }, upload);
  return { uploaded: trial.done + done, failed };
}

/** Finds out whether S3 refuses to overwrite: from then on, an upload of a fresh key does not have to ask beforehand. */
export async function tryOverwriting({ buckets: { writable } }: Pick<MoveParts, 'buckets'>, signal: AbortSignal): Promise<void> {
  if (writable?.breaker.state.kind === 'closed' && writable.breaker.writes.state.kind === 'closed') await writable.overwriting.find(writable.store, signal);
}
