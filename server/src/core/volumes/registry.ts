import type { VolumeId } from '../keys';

/** Interval at which a serving process says that its volume is there, in milliseconds. */
export const BEAT_INTERVAL_MS = 60_000;
/** Time without a beat after which a volume has vanished, in milliseconds: longer than several beats, and than any rolling deploy. */
export const VANISHED_AFTER_MS = 15 * 60_000;

/** An uploads folder that some process has served from. Times are the database's. */
export interface KnownVolume {
  readonly id: VolumeId;
  readonly firstSeen: Date;
  readonly lastSeen: Date;
  /** Whether the volume has given no beat for {@link VANISHED_AFTER_MS}. */
  readonly vanished: boolean;
}

/** Knows the uploads folders of all processes of a project. */
export interface VolumeRegistry {
  /** Notes that a process serves from this volume now. */
  beat(volume: VolumeId): Promise<void>;
  /** Returns every volume that was ever seen, the latest first. */
  list(): Promise<KnownVolume[]>;
}
