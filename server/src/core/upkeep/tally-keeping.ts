import type { LedgerUpkeep } from '../ledger/upkeep';
import type { EngineParts } from '../media/deps';
import type { LeaseHolder } from '../leases/lease-holder';

/** Delay of the first recount after the start of a process, in milliseconds. By then the processes that it replaces have ended. */
const FIRST_RECOUNT_MS = 10 * 60_000;
/** Interval between two recounts, in milliseconds. */
const RECOUNT_EVERY_MS = 24 * 3600_000;
/** Delay after a recount that failed, in milliseconds. */
const RETRY_MS = 10 * 60_000;

/**
 * Sums up the entries of the tallies, so that few remain to read, and recounts them once a day. A recount is needed because another
 * version of this plugin, which keeps no tallies, may have changed rows beside this one or in between.
 */
export class TallyKeeping {
  #recountAt: number;

  constructor(
    private readonly deps: Pick<EngineParts<LedgerUpkeep>, 'ledger' | 'clock' | 'log'>,
    private readonly leases: LeaseHolder,
  ) {
    this.#recountAt = deps.clock.elapsed() + FIRST_RECOUNT_MS;
  }

  async run(): Promise<void> {
    const { ledger, clock, log } = this.deps;
    await ledger.foldTallies();
    if (clock.elapsed() < this.#recountAt) return;
    this.#recountAt = clock.elapsed() + RETRY_MS;
    let counted = true;
    // if another process is counting at this moment, this one need not count again
    await this.leases.during('recount', async () => {
      counted = await ledger.recount();
    });
    if (counted) this.#recountAt = clock.elapsed() + RECOUNT_EVERY_MS;
    else log.debug('The recount of the files failed, because rows changed meanwhile. It is tried again in ten minutes.');
  }
}
