import type { DeliveryMode } from '../../contracts/settings';

/** The settings that decide how visitors get files. */
export interface DeliverySettings {
  readonly delivery: DeliveryMode;
  /** Files of up to this size, in MiB, are sent by this server, except for videos and sound. */
  readonly redirectAboveMb: number;
  readonly urlLifetimeMinutes: number;
  /** The id of the key with which URLs of a CDN are signed; null: they are not. */
  readonly cdnKeyPairId: string | null;
  readonly visitorCacheControl: string | null;
  readonly cacheVersioned: boolean;
  /** Whether uploaded pages and scripts may act as a part of this site. */
  readonly allowActiveContent: boolean;
}

/** How visitors get files while nobody has set anything. */
export const PLAIN_DELIVERY: DeliverySettings = {
  delivery: 'proxy', redirectAboveMb: 0, urlLifetimeMinutes: 60, cdnKeyPairId: null, visitorCacheControl: null, cacheVersioned: false, allowActiveContent: false,
};
