import type { VolumeId } from '../keys';

/** How often a serving process says that its volume is there, in milliseconds. */
export const BEAT_INTERVAL_MS = 60_000;
/** A volume not seen for so long has vanished: several beats missed, and the end of any rolling deploy. In milliseconds. */
export const VANISHED_AFTER_MS = 15 * 60_000;

/** An uploads folder that some process served from. Times are the registry's own (the database's clock). */
export interface KnownVolume {
  readonly id: VolumeId;
  readonly firstSeen: Date;
  readonly lastSeen: Date;
  /** Not seen for {@link VANISHED_AFTER_MS}. */
  readonly vanished: boolean;
}

/** Which uploads folders there are, for all processes of a project. */
export interface VolumeRegistry {
  /** A process serves from this volume now. */
  beat(volume: VolumeId): Promise<void>;
  /** Every volume that was ever seen, the latest first. */
  list(): Promise<KnownVolume[]>;
}
