import { isKeyOf } from '../buckets/ways-to';
import type { LedgerLocations } from '../ledger/locations';
import type { LedgerReports } from '../ledger/reports';
import type { Logger } from '../log';
import type { SettingsService } from '../settings/service';
import type { KeptKey } from '../settings/types';

export interface UnneededKeysDeps {
  readonly service: Pick<SettingsService, 'current' | 'dropKept'>;
  readonly ledger: Pick<LedgerLocations, 'locations'> & Pick<LedgerReports, 'isInUse'>;
  readonly log: Logger;
}

/**
 * Removes the keys of former buckets at which neither a row nor a name is left. A key goes at the second look in a row only, because a
 * process may write by the former settings for some seconds after they have changed.
 */
export class UnneededKeys {
  #unneeded: readonly (string | null)[] = [];

  constructor(private readonly deps: UnneededKeysDeps) {}

  /** @throws any error of the database; nothing is removed then */
  async drop(): Promise<void> {
    const { service, log } = this.deps;
    const unneeded = await this.#look();
    const before = this.#unneeded;
    this.#unneeded = unneeded.map(({ sealed }) => sealed);
    const due = unneeded.filter(({ sealed }) => before.includes(sealed));
    if (due.length === 0) return;
    await service.dropKept(due);
    log.info(`${due.length} pair(s) of keys of former buckets were removed, because nothing is there any more`);
  }

  async #look(): Promise<KeptKey[]> {
    const { service, ledger } = this.deps;
    const { kept } = service.current().settings;
    if (kept.length === 0) return [];
    const locations = await ledger.locations();
    const unneeded: KeptKey[] = [];
    for (const key of kept) {
      let isNeeded = false;
      for (const location of locations.filter((known) => isKeyOf(key, known))) isNeeded ||= await ledger.isInUse(location.id);
      if (!isNeeded) unneeded.push(key);
    }
    return unneeded;
  }
}
