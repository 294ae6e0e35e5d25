import { isOwnFailure } from '../errors';
import type { VolumeId } from '../keys';
import { standingOf, type LedgerRow, type Standing } from './state';
import type { Origin } from './words';

/**
 * Counts of the rows that have bytes, and of the files that have none although the library lists them. Buried rows count only in
 * `trash` and `failed`. Lost rows do not count in `local`, `both` and `remote`.
 *
 * The ledger keeps these counts up to date while rows change, because the panel and the jobs ask for them often. This way
 * the files of a library with ten million rows are counted in milliseconds, without a walk through the whole table.
 */
export interface Tallies {
  local: { count: number; bytes: number };
  both: { count: number; bytes: number };
  remote: { count: number; bytes: number };
  /** Rows that are buried and not yet purged, whatever their state. */
  trash: { count: number; bytes: number };
  /** Rows whose bytes an audit found nowhere. */
  lost: { count: number; bytes: number };
  /** Files that the library lists and of which no bytes are known. */
  missing: { count: number; bytes: number };
  /** Rows whose last attempt to move failed, lost and missing ones included. */
  failed: { count: number; bytes: number };
  /** Number of failed, unburied rows by where they are. */
  failedOf: { local: number; both: number; remote: number; missing: number };
  /** Files of the library that are still to be uploaded, on all volumes. Files that were given up are included. */
  pendingLibrary: { count: number; bytes: number };
  /** Fallback files that are still to be uploaded, on all volumes. */
  pendingUploads: { count: number; bytes: number };
  /** Files that this database kept on a disk as a copy. Nobody uploads them before a claim. They are on all volumes. */
  keptByCopy: { count: number; bytes: number };
  /** For each volume, the unburied files whose only copy is on it (`local`). Volumes without such files are left out. */
  onlyOn: readonly { volume: VolumeId; count: number; bytes: number }[];
}

/** Rows that {@link Tallies} do not tell apart. */
export interface TallyGroup {
  readonly state: Standing;
  readonly origin: Origin;
  readonly buried: boolean;
  /** Whether the last attempt failed for a reason other than S3 being away. */
  readonly failed: boolean;
  /** The volume of `local` rows; null for others. */
  readonly volume: VolumeId | null;
  readonly count: number;
  readonly bytes: number;
}

/** Returns the row as a group of one, or undefined when it is no file. */
export function groupOf(row: LedgerRow | undefined): TallyGroup | undefined {
  const state = row && standingOf(row);
  if (!row || !state) return undefined;
  const { placement, origin } = row;
  return {
    state,
    origin,
    buried: row.tombstone !== null,
    failed: isOwnFailure(row.lastError),
    volume: state === 'local' && placement.state === 'local' ? placement.local.volume : null,
    count: 1,
    bytes: 'content' in placement ? placement.content.size : 0,
  };
}

/** Returns the group with negative numbers, which takes it off the sums. */
export function minus(group: TallyGroup): TallyGroup {
  return { ...group, count: -group.count, bytes: -group.bytes };
}

/** Returns the same sums with each group once, and without groups whose numbers are zero. */
export function summed(groups: readonly TallyGroup[]): TallyGroup[] {
  const sums = new Map<string, TallyGroup>();
  for (const group of groups) {
    const { state, origin, buried, failed, volume } = group;
    const id = JSON.stringify([state, origin, buried, failed, volume]);
    const { count = 0, bytes = 0 } = sums.get(id) ?? {};
    sums.set(id, { ...group, count: count + group.count, bytes: bytes + group.bytes });
  }
  return [...sums.values()].filter(({ count, bytes }) => count !== 0 || bytes !== 0);
}

export function talliesOf(groups: readonly TallyGroup[]): Tallies {
  const sum = (of: (group: TallyGroup) => boolean) => {
    const counted = groups.filter(of);
    return {
      count: counted.reduce((total, { count }) => total + count, 0),
      bytes: counted.reduce((total, { bytes }) => total + bytes, 0),
    };
  };
  const live = (state: TallyGroup['state']) => (group: TallyGroup) => group.state === state && !group.buried;
  const failing = (state: TallyGroup['state']) => sum((group) => live(state)(group) && group.failed).count;
  const volumes = [...new Set(groups.filter(live('local')).flatMap(({ volume }) => volume ?? []))].sort();
  return {
    local: sum(live('local')),
    both: sum(live('both')),
    remote: sum(live('remote')),
    trash: sum(({ buried }) => buried),
    lost: sum(live('lost')),
    missing: sum(live('missing')),
    failed: sum(({ failed }) => failed),
    failedOf: { local: failing('local'), both: failing('both'), remote: failing('remote'), missing: failing('missing') },
    pendingLibrary: sum((group) => live('local')(group) && group.origin === 'library'),
    pendingUploads: sum((group) => live('local')(group) && group.origin === 'fallback'),
    keptByCopy: sum((group) => live('local')(group) && group.origin === 'read-only'),
    onlyOn: volumes
      .map((volume) => ({ volume, ...sum((group) => live('local')(group) && group.volume === volume) }))
      .filter(({ count }) => count > 0),
  };
}
