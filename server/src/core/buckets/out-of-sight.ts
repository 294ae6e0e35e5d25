import type { Tally } from '../../contracts/api';
import { isNoAnswer } from '../errors';
import type { LedgerLocations } from '../ledger/locations';
import type { LedgerReports } from '../ledger/reports';
import type { Location, LocationId } from '../ledger/words';
import { isIn, type LedgerRow } from '../ledger/state';
import type { PermittedSettings } from '../instance';
import type { EffectiveSettings } from '../settings/types';
import type { ObjectStore } from '../store/object-store';
import { isSameEndpoint, presentLocation } from './connections';
import { isCopy } from './stand-in';

/** Number of files for whose objects the check asks in one location. They stand for the other files there. */
const WITNESSES = 5;

export interface SightDeps {
  ledger: Pick<LedgerReports, 'tallies' | 'onlyAt' | 'list'> & Pick<LedgerLocations, 'locations'>;
  /** Opens a bucket with the credentials of the settings. It sends each request once. */
  openBucket(location: Location, settings: EffectiveSettings['settings']): ObjectStore;
}

const NONE: Tally = { count: 0, bytes: 0 };

/**
 * Counts the files whose only bytes are in a bucket that the settings do not reach. Where S3 is off, these are all files that are only in
 * S3. Otherwise the function decides for each location to which files were written. It asks for some of their objects there, if the
 * settings lead to the location, and under the same names in the bucket of the settings. While S3 does not answer, a location counts as
 * reached if the settings lead to it.
 * @throws any error of the ledger's database
 */
export async function outOfSight(deps: SightDeps, effective: PermittedSettings): Promise<Tally> {
  const { remote } = await deps.ledger.tallies();
  if (remote.count === 0) return NONE;
  if (effective.mode === 'off') return { count: remote.count, bytes: remote.bytes };
  const [locations, groups] = await Promise.all([deps.ledger.locations(), deps.ledger.onlyAt()]);
  const hidden = await Promise.all(
    groups.map(async ({ location: id, count, bytes }) => ((await isInSight(deps, effective, id, locations)) ? NONE : { count, bytes })),
  );
  return hidden.reduce((sum, { count, bytes }) => ({ count: sum.count + count, bytes: sum.bytes + bytes }), NONE);
}

/** Returns a line for the administrator about these files; empty where there are none. */
export function outOfSightLine({ count, bytes }: Tally, { mode, reason, settings }: PermittedSettings): string {
  if (count === 0) return '';
  const files = `${count} ${count === 1 ? 'file' : 'files'} (${bytes} bytes)`;
  if (mode === 'off') return `S3 is off (${reason}), and ${files} are only in S3: visitors get 503 for them until S3 is on again`;
  const { endpoint, bucket } = presentLocation(settings);
  const where = `bucket "${bucket}"${endpoint === '' ? '' : ` at ${endpoint}`}`;
  return `${files} are only in a location that the settings do not reach, and ${where} does not have them under the same names: visitors get 503 for them. Go back to the former settings, or copy the objects to ${where} under the same names`;
}

async function isInSight(deps: SightDeps, { settings }: EffectiveSettings, id: LocationId, locations: readonly (Location & { id: LocationId })[]): Promise<boolean> {
  const location = locations.find((known) => known.id === id);
  if (!location) return false;
  const present = presentLocation(settings);
  const witnesses = await deps.ledger.list({ state: 'remote', at: id }, { offset: 0, limit: WITNESSES });
  const bucket = deps.openBucket(present, settings);
  if (isSameEndpoint(location, present)) {
    const seen = await looked(location.bucket === present.bucket ? bucket : deps.openBucket(location, settings), witnesses);
    // a single missing object may be lost there, which is not the concern of this check
    if (seen.some((verdict) => verdict !== 'no') || witnesses.length === 0) return true;
  }
  // a single missing object here shows that not all were copied
  return (await looked(bucket, witnesses)).every((verdict) => verdict === 'yes');
}

function looked(store: ObjectStore, rows: readonly LedgerRow[]): Promise<('yes' | 'no' | 'unknown')[]> {
  return Promise.all(
    rows.map(async (row) => {
      if (!isIn(row, 'both', 'remote')) return 'unknown';
      const { content, remote } = row.placement;
      try {
        const facts = await store.head(remote.object);
        // with another kind of tag only the bytes would tell, and they are proven when they are read
        const mayBe = facts.md5 === null && facts.size === content.size;
        return isCopy(facts, content, remote) || mayBe ? 'yes' : 'no';
      } catch (error) {
        return isNoAnswer(error) ? 'unknown' : 'no';
      }
    }),
  );
}
