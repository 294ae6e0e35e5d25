import type { LeaseHolder } from '../leases/lease-holder';
import { settleOnce, type SettleParts } from '../jobs/leave/settle';
import { AT_ONCE } from '../pool/at-once';

/**
 * While S3 is being left, what editors write to this disk gets its plain path by itself, so that it need not wait for a restore.
 * One process of a disk at a time, which saves double work only; a restore may be at the same files.
 */
export async function settleHere(deps: SettleParts, leases: LeaseHolder, concurrency: number, signal: AbortSignal): Promise<void> {
  if (!deps.instance.leaving) return;
  await leases.during(`settling:${deps.volume.id}`, async () => {
    let settled = 0;
    const onResult = (result: unknown) => void (result === 'settled' && settled++);
    await settleOnce(deps, { concurrency, batchSize: AT_ONCE.settlingBatch, signal, onResult });
    if (settled > 0) deps.log.info(`${settled} file(s) lie at their plain paths now`);
  });
}
