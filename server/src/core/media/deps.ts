import type { Clock } from '../clock';
import type { Events } from '../events';
import type { Instance } from '../instance';
import type { Ledger } from '../ledger/ledger';
import type { LedgerWrites } from '../ledger/writes';
import type { Logger } from '../log';
import type { LocalStore } from '../store/local/local-store';
import type { Volume } from '../store/local/volume';
import type { MediaCatalog } from './catalog';
import type { Buckets } from '../buckets/buckets';
import type { RowCache } from './row-cache';

/**
 * What the storage engine is made of; reads, writes and background jobs share it. Whoever makes it has the whole ledger, and each room
 * takes the parts with the port of the ledger that it needs.
 */
export interface EngineParts<L = Ledger> {
  ledger: L;
  /** Who this process is, to the others; left out where there are none. */
  holder?: string;
  disk: LocalStore;
  volume: Volume;
  catalog: MediaCatalog;
  rows: RowCache;
  clock: Clock;
  log: Logger;
  buckets: Buckets;
  /** What this instance may do now. */
  instance: Pick<Instance, 'mode' | 'leaving'>;
}

export interface MediaStorageDeps extends EngineParts<LedgerWrites> {
  /** True inside a transaction of the host's. */
  inTransaction(): boolean;
  /** Whether a write that S3 does not take is kept on this disk; else it is refused. Asked in mode `read-write` only. */
  keepsLocally(): boolean;
  events: Events;
}
