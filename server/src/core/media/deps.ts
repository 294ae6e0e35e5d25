import type { ErrorCode } from '../../contracts/errors';
import type { Mode } from '../../contracts/settings';
import type { Clock } from '../clock';
import type { Ledger } from '../ledger/ledger';
import type { Logger } from '../log';
import type { LocalStore } from '../store/local/local-store';
import type { Volume } from '../store/local/volume';
import type { MediaCatalog } from './catalog';
import type { Buckets } from '../buckets/buckets';
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
  buckets: Buckets;
  /** S3 is being left, see the setting `leaving`. */
  leaving(): boolean;
}

export interface MediaStorageDeps extends EngineParts {
  mode(): Mode;
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
