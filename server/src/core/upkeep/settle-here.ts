import type { LeaseHolder } from '../leases/lease-holder';
import { settleOnce, type SettleParts } from '../jobs/leave/settle';
import { AT_ONCE } from '../pool/at-once';

/**
 * While the project is leaving S3, gives the files that editors write to this disk their plain paths, so that they need not wait for
 * a run of the job. One process for each disk does this at a time, which only saves double work: a run may settle the same files.
 */
export async function settleHere(deps: SettleParts, leases: LeaseHolder, concurrency: number, signal: AbortSignal): Promise<void> {
  if (!deps.instance.leaving) return;
  await leases.during(`settling:${deps.volume.id}`, async () => {
    let settled = 0;
    const onResult = (result: unknown) => void (result === 'settled' && settled++);
    await settleOnce(deps, { concurrency, batchSize: AT_ONCE.settlingBatch, signal, onResult });
    if (settled > 0) deps.log.info(`${settled} file(s) were settled: they lie at their plain paths now`);
  });
}
