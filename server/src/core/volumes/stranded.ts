import type { VolumeId } from '../keys';
import type { Tallies } from '../ledger/tallies';
import type { KnownVolume } from './registry';

/** A volume that has vanished although some files have their only copy on it. */
export interface StrandedVolume {
  readonly id: VolumeId;
  /** Time of the last beat; null: no process ever said that it serves from this volume. */
  readonly lastSeen: Date | null;
  readonly count: number;
  readonly bytes: number;
}

/** Returns the volumes on which only copies of files lie out of reach. An unknown volume counts, and this process's own does not. */
export function strandedOn(onlyOn: Tallies['onlyOn'], known: readonly KnownVolume[], own: VolumeId): StrandedVolume[] {
  const seen = new Map(known.map((volume) => [volume.id, volume]));
  return onlyOn
    .filter(({ volume }) => volume !== own && (seen.get(volume)?.vanished ?? true))
    .map(({ volume, count, bytes }) => ({ id: volume, lastSeen: seen.get(volume)?.lastSeen ?? null, count, bytes }));
}
