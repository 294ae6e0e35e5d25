import type { LedgerUpkeep } from '../ledger/upkeep';
import type { EngineParts } from '../media/deps';
import type { LeaseHolder } from '../leases/lease-holder';

/** How long after its start a process counts first, in milliseconds: those it takes over from have ended by then. */
const FIRST_RECOUNT_MS = 10 * 60_000;
const RECOUNT_EVERY_MS = 24 * 3600_000;
/** After a count that came to nothing. */
const RETRY_MS = 10 * 60_000;

/**
 * Keeps the tallies short, and right: a version of this plugin that keeps none may have been at work beside this one,
 * or in between.
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
    // what another process counts at this moment need not be counted again
    await this.leases.during('recount', async () => {
      counted = await ledger.recount();
    });
    if (counted) this.#recountAt = clock.elapsed() + RECOUNT_EVERY_MS;
    else log.debug('the files could not be counted: there were changes meanwhile');
  }
}
