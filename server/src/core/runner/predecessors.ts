import { codeOf } from '../errors';
import type { VolumeId } from '../keys';
import type { LedgerUpkeep } from '../ledger/upkeep';
import type { Logger } from '../log';
import type { Leases } from '../leases/leases';
import type { Runs } from './runs';

/** How long a process that has said that it is there is remembered, in milliseconds; far longer than anything that it may hold. */
const REMEMBERED_MS = 10 * 60_000;

export interface PredecessorsDeps {
  readonly leases: Leases;
  readonly runs: Pick<Runs, 'abandon'>;
  readonly ledger: Pick<LedgerUpkeep, 'releaseClaimsOf'>;
  readonly volume: VolumeId;
  /** Who this process is. */
  readonly holder: string;
  /** Whether a process has surely ended; false where that cannot be told from here. */
  hasEnded(holder: string): Promise<boolean>;
  readonly log: Logger;
}

/**
 * What processes held that were killed, and so could not give it back: leases, runs and claims of files. A process that starts takes
 * it over at once where it is certain that the holder has ended, as for its own predecessor on this machine; elsewhere it waits until
 * what is held ends by itself, within a minute. Only double work depends on it.
 */
export class Predecessors {
  constructor(private readonly deps: PredecessorsDeps) {}

  /** Says that this process is there, for whoever comes after it; again every few minutes. @throws what the database throws */
  async register(): Promise<void> {
    const { leases, holder } = this.deps;
    await leases.acquire(`process:${holder.slice(-36)}`, holder, REMEMBERED_MS);
  }

  /** Before anything is claimed or begun. Never rejects. */
  async takeOver(): Promise<void> {
    const { leases, runs, ledger, volume, holder, hasEnded, log } = this.deps;
    try {
      await this.register();
      for (const other of await leases.holders()) {
        if (other === holder || !(await hasEnded(other))) continue;
        const claims = await ledger.releaseClaimsOf(other, volume);
        await runs.abandon(other);
        // last, as it is by its leases that the next one finds it, should this one be killed here
        await leases.releaseAll(other);
        log.info(`a process that had ended without a goodbye held ${claims} file(s) and its jobs: they go on here`);
      }
      await leases.forgetEnded();
    } catch (error) {
      log.debug(`what another process may have left is not taken over, and goes on within a minute: ${codeOf(error)}`);
    }
  }

  /** This process ends, and holds nothing. Never rejects. */
  async leave(): Promise<void> {
    await this.deps.leases.releaseAll(this.deps.holder).catch(() => undefined);
  }
}
