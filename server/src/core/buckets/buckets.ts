import type { LocationId } from '../ledger/words';
import type { CircuitBreaker } from '../store/resilience/breaker';
import type { ObjectStore } from '../store/object-store';
import type { Cloud } from './cloud';

/** A place in a bucket that can be read: its store, the location under which the ledger knows it, and the prefix of all names. */
export interface ReadableBucket {
  readonly store: ObjectStore;
  readonly locationId: LocationId;
  readonly prefix: string;
}

/**
 * The buckets that this instance can reach now. Every answer may change from one moment to the next, as settings change: ask each
 * time, and keep no answer for longer than one piece of work.
 */
export interface Buckets {
  /** The present bucket, where this instance may change it; undefined where it may not (read-only, off): leave the bucket alone then. */
  readonly writable: Cloud | undefined;
  /** The present bucket, also where this instance may only read it; undefined where S3 is off. */
  readonly readable: ReadableBucket | undefined;
  /** The breaker of S3, also where S3 may only be read; undefined where S3 is off. */
  readonly breaker: CircuitBreaker | undefined;
  /** The store of a location; undefined where the settings do not lead to it: S3 is off, or at another endpoint. */
  storeAt(location: LocationId): ObjectStore | undefined;
  /**
   * The present bucket, where it is not that location; undefined where it is, and where S3 is off. An object of the same name may be
   * a copy of what was written at the location. Read only what is proven to be the same (see `stand-in.ts`), and never write there.
   */
  standInFor(location: LocationId): ObjectStore | undefined;
}
