import type { Clock } from '../clock';
import type { Events } from '../events';
import type { Instance } from '../instance';
import type { Ledger } from '../ledger/ledger';
import type { LedgerWrites } from '../ledger/writes';
import type { Logger } from '../log';
import type { LocalStore } from '../store/local/local-store';
import type { Volume } from '../store/local/volume';
import type { AwayGate } from './away';
import type { MediaCatalog } from './catalog';
import type { Buckets } from '../buckets/buckets';
import type { Links } from '../buckets/links';
import type { RowCache } from './row-cache';

/**
 * The parts of the storage engine. Reads, writes and background jobs share them. Whoever makes them has the whole ledger; each room takes
 * the parts with the port of the ledger that it needs.
 */
export interface EngineParts<L = Ledger> {
  ledger: L;
  /** Name by which other processes know this one; undefined if there are no others. */
  holder?: string;
  disk: LocalStore;
  volume: Volume;
  catalog: MediaCatalog;
  rows: RowCache;
  clock: Clock;
  log: Logger;
  buckets: Buckets;
  /** The present rights of this instance. */
  instance: Pick<Instance, 'mode' | 'leaving' | 'awaitsOwner' | 'ownerTrouble' | 'isCopy'>;
}

export interface MediaStorageDeps extends EngineParts<LedgerWrites> {
  /** Whether the caller runs inside a database transaction of Strapi's. */
  inTransaction(): boolean;
  /** Whether a write that S3 does not take goes to this disk; otherwise the plugin refuses it. It counts only in mode `read-write`. */
  keepsLocally(): boolean;
  /** The memory in which small objects that were read are held, in megabytes; 0: none. */
  memoryCacheMb(): number;
  /** The places to which visitors may be sent. Without it, the plugin sends all bytes itself. */
  links?: Pick<Links, 'to'>;
  events: Events;
  /** Undefined where nobody can have changed a file without this plugin. */
  away?: AwayGate;
}
