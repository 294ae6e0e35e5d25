import type { VolumeId } from '../keys';
import type { Tallies } from '../ledger/tallies';
import type { KnownVolume } from './registry';

/** A volume that is not there any more although some files have their only copy on it. */
export interface StrandedVolume {
  readonly id: VolumeId;
  /** Null: no process ever said that it serves from it. */
  readonly lastSeen: Date | null;
  readonly count: number;
  readonly bytes: number;
}

/** Where the only copies of files lie out of reach. A volume nobody has heard of counts, this process's own does not. */
export function strandedOn(onlyOn: Tallies['onlyOn'], known: readonly KnownVolume[], own: VolumeId): StrandedVolume[] {
  const seen = new Map(known.map((volume) => [volume.id, volume]));
  return onlyOn
    .filter(({ volume }) => volume !== own && (seen.get(volume)?.vanished ?? true))
    .map(({ volume, count, bytes }) => ({ id: volume, lastSeen: seen.get(volume)?.lastSeen ?? null, count, bytes }));
}
