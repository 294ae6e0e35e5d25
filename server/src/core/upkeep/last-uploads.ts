import { codeOf } from '../errors';
import type { MoveParts } from '../jobs/deps';
import type { Worker } from '../worker';

/**
 * How long a process that has to end goes on uploading, in milliseconds. Docker kills a process after ten seconds, and Strapi still
 * has to close its database after the plugin has ended.
 */
const LAST_UPLOADS_MS = 8_000;

/**
 * Uploads as many fallback files of this disk as it can before the process ends, because the disk may end with the process. If the
 * breaker is open and files wait, it probes S3 once more. Nothing depends on it, because the ledger remembers the files that are
 * still to be uploaded. It never rejects.
 */
export async function lastUploads(deps: Pick<MoveParts, 'buckets' | 'ledger' | 'clock' | 'log'>, catchUp: Worker): Promise<void> {
  const over = new AbortController();
  const upload = async () => {
    const breaker = deps.buckets.writable?.breaker;
    if (!breaker) return;
    if (breaker.state.kind !== 'closed') {
      const { pendingUploads } = await deps.ledger.tallies();
      if (pendingUploads.count > 0) await breaker.forceProbe();
    }
    if (breaker.state.kind === 'closed') await catchUp.runNow();
  };
  try {
    await Promise.race([upload(), deps.clock.sleep(LAST_UPLOADS_MS, over.signal)]);
  } catch (error) {
    deps.log.debug(`The last uploads before the end of the process failed: ${codeOf(error)}`);
  } finally {
    over.abort();
  }
}
