import type { MoveCounts, Tally } from '../../contracts/api';
import type { LedgerReports } from '../ledger/reports';
import type { PermittedSettings } from '../instance';
import type { ResolvedSettings } from '../settings/types';
import { areaOf } from './owner/area';
import { outOfSight, type SightDeps } from './out-of-sight';

const NONE: Tally = { count: 0, bytes: 0 };

/** Whether two settings lead to different areas. A way to spell the same endpoint is no other area, nor is another key. */
export function isOtherArea(before: ResolvedSettings, after: ResolvedSettings): boolean {
  return areaOf(before).id !== areaOf(after).id;
}

/** Whether any file that is not deleted has an object. */
export async function hasObjects(ledger: Pick<LedgerReports, 'tallies'>): Promise<boolean> {
  const { remote, both } = await ledger.tallies();
  return remote.count + both.count > 0;
}

/**
 * Counts the files that a change of settings concerns.
 * @throws any error of the ledger's database
 */
export async function moveCounts(deps: SightDeps, before: ResolvedSettings, after: PermittedSettings): Promise<MoveCounts> {
  const hidden = await outOfSight(deps, after);
  if (!isOtherArea(before, after.settings)) return { staying: NONE, outOfSight: hidden };
  const { remote, both } = await deps.ledger.tallies();
  // the tallies are younger than the other count
  const rest = (all: number, gone: number) => Math.max(0, all - gone);
  return { staying: { count: rest(remote.count + both.count, hidden.count), bytes: rest(remote.bytes + both.bytes, hidden.bytes) }, outOfSight: hidden };
}
