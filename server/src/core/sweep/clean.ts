import type { SweepParts } from './deps';
import type { LeaseHolder } from '../leases/lease-holder';
import { purge } from './purge';
import { sweep, sweepFiles } from './sweep';

/**
 * Purges buried rows and removes condemned bytes. One process at a time handles the tombstones and the bucket; each process sweeps its
 * own disk. A process that was woken does all of it at once, without a lease: an editor waits for the deletion, and double work does no
 * harm.
 */
export async function clean(deps: SweepParts, leases: LeaseHolder, signal: AbortSignal, woken: boolean): Promise<void> {
  const all = async () => {
    await purge(deps, signal);
    await sweep(deps, signal);
  };
  if (woken) await all();
  else if (!(await leases.during('cleaning', all))) await sweepFiles(deps, signal);
}
