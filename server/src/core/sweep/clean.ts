import type { SweepParts } from './deps';
import type { LeaseHolder } from '../leases/lease-holder';
import { purge } from './purge';
import { sweep, sweepFiles } from './sweep';

/**
 * Ends burials and removes condemned bytes. What is everybody's, the burials and the bucket, one process at a time does;
 * the files of a disk whoever has it. Only a process that was woken does all at once: an editor waits for the delete,
 * and work that is done twice does no harm.
 */
export async function clean(deps: SweepParts, leases: LeaseHolder, signal: AbortSignal, woken: boolean): Promise<void> {
  const all = async () => {
    await purge(deps, signal);
    await sweep(deps, signal);
  };
  if (woken) await all();
  else if (!(await leases.during('cleaning', all))) await sweepFiles(deps, signal);
}
