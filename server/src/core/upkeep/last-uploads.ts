import { codeOf } from '../errors';
import type { MoveParts } from '../jobs/deps';
import type { Worker } from '../worker';

/**
 * How long a process that is told to end goes on uploading, in milliseconds. Docker kills what has not ended after ten
 * seconds, and Strapi has its database to close after us.
 */
const LAST_UPLOADS_MS = 8_000;

/**
 * Uploads what lies on this disk alone before the process ends, because the disk may end with it, as far as it goes within
 * the time. While S3 is believed to be away it is asked once more, should anything wait for it. Nothing depends on it: the
 * ledger keeps what is still to be uploaded. Never rejects.
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
    deps.log.debug(`the last uploads did not begin: ${codeOf(error)}`);
  } finally {
    over.abort();
  }
}
