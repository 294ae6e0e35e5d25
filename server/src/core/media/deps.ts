import type { ErrorCode } from '../../contracts/errors';
import type { Mode } from '../../contracts/settings';
import type { Clock } from '../clock';
import type { Ledger, LocationId } from '../ledger/ledger';
import type { Logger } from '../log';
import type { CircuitBreaker } from '../store/resilience/breaker';
import type { LocalStore } from '../store/local/local-store';
import type { ObjectStore } from '../store/object-store';
import type { Volume } from '../store/local/volume';
import type { Place } from './adoption';
import type { MediaCatalog } from './catalog';
import type { Cloud } from '../buckets/cloud';
import type { RowCache } from './row-cache';

/** What the storage engine is made of; reads, writes and background jobs share it. */
export interface EngineParts {
  ledger: Ledger;
  /** Who this process is, to the others; left out where there are none. */
  holder?: string;
  disk: LocalStore;
  volume: Volume;
  catalog: MediaCatalog;
  rows: RowCache;
  clock: Clock;
  log: Logger;
  /** S3 as this instance may change it, or undefined where it may not (read-only, off): the bucket is left alone then. */
  cloud(): Cloud | undefined;
  /** Of S3, also where it may only be read; undefined where the settings lead to none. */
  breaker(): CircuitBreaker | undefined;
  /** S3 is on its way out, see the setting `leaving`. */
  leaving(): boolean;
  /** The store of a location, or undefined where the settings no longer reach it. */
  storeAt(location: LocationId): ObjectStore | undefined;
  /**
   * The present bucket, where it is not that location: an object of the same name may be a copy of what was written there. Only
   * to be read, and only what is proven to be the same; see `stand-in.ts`.
   */
  standInFor(location: LocationId): ObjectStore | undefined;
}

export interface MediaStorageDeps extends EngineParts {
  mode(): Mode;
  /** Where keys without a row may be found, read-only instances included. */
  readable(): Place | undefined;
  /** True inside a transaction of the host's. */
  inTransaction(): boolean;
  /** Whether a write that S3 does not take is kept on this disk; else it is refused. Asked in mode `read-write` only. */
  keepsLocally(): boolean;
  /** A write was refused because S3 failed with `code`; `detail` is in its own words. */
  onRefusal(code: ErrorCode, detail?: string): void;
  /** An upload went to disk because S3 failed with `code`, or did not take this one file. */
  onFallback(code: ErrorCode, detail?: string): void;
  /** A write was published on this disk, under a name of its own. */
  onOwnName(): void;
  /** Keys were buried and their purge is due. */
  onDelete(): void;
}
