import { codeOf } from '../errors';
import type { VolumeId } from '../keys';
import type { LedgerUpkeep } from '../ledger/upkeep';
import type { Logger } from '../log';
import type { Leases } from '../leases/leases';
import type { Runs } from './runs';

/** Time for which the registration of a process is remembered, in milliseconds: far longer than any lease, run or claim of it lasts. */
const REMEMBERED_MS = 10 * 60_000;

export interface PredecessorsDeps {
  readonly leases: Leases;
  readonly runs: Pick<Runs, 'abandon'>;
  readonly ledger: Pick<LedgerUpkeep, 'releaseClaimsOf'>;
  readonly volume: VolumeId;
  /** The name of this process. */
  readonly holder: string;
  /** Whether a process has surely ended. False if this process cannot tell. */
  hasEnded(holder: string): Promise<boolean>;
  readonly log: Logger;
}

/**
 * Finds the leases, runs and claims that a killed process could not give back. A process that starts takes them over at once if it is
 * certain that the holder has ended, as for its own predecessor on this machine. Otherwise it waits until they end by themselves, within
 * a minute. Only double work depends on this.
 */
export class Predecessors {
  constructor(private readonly deps: PredecessorsDeps) {}

  /** Registers this process for its successors. The caller repeats it every few minutes. @throws the database's errors */
  async register(): Promise<void> {
    const { leases, holder } = this.deps;
    await leases.acquire(`process:${holder.slice(-36)}`, holder, REMEMBERED_MS);
  }

  /** Takes over what ended processes held. The caller runs it before it claims or begins anything. Never rejects. */
  async takeOver(): Promise<void> {
    const { leases, runs, ledger, volume, holder, hasEnded, log } = this.deps;
    try {
      await this.register();
      for (const other of await leases.holders()) {
        if (other === holder || !(await hasEnded(other))) continue;
        const claims = await ledger.releaseClaimsOf(other, volume);
        await runs.abandon(other);
        // the leases go last: if this process is killed before, the next one still finds the holder by them
        await leases.releaseAll(other);
        log.info(`a process ended without giving back its jobs and ${claims} file(s): this process goes on with them`);
      }
      await leases.forgetEnded();
    } catch (error) {
      log.debug(`the jobs and files of an ended process could not be taken over, and go on within a minute: ${codeOf(error)}`);
    }
  }

  /** Gives back all leases of this process, which ends. Never rejects. */
  async leave(): Promise<void> {
    await this.deps.leases.releaseAll(this.deps.holder).catch(() => undefined);
  }
}
