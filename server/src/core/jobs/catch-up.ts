import type { EngineParts } from '../media/deps';
import { workOnClaimed } from './claimed';
import { uploads } from './upload';

const BATCH = 100;

export interface CatchUpResult {
  uploaded: number;
  failed: number;
}

/**
 * Uploads what was written to this disk because S3 was away. Stops when S3 goes away again; a row that fails by itself
 * is noted, waits longer each time, and holds nobody up.
 */
export async function catchUp(deps: EngineParts, concurrency: number, signal: AbortSignal): Promise<CatchUpResult> {
  const request = { work: 'upload', volume: deps.volume.id, origin: 'fallback' } as const;
  const options = { concurrency, batchSize: BATCH, signal };
  const { inHand, upload } = uploads(deps, options);
  const { done, failed } = await workOnClaimed(deps, request, { ...options, concurrency: inHand }, upload);
  return { uploaded: done, failed };
}
