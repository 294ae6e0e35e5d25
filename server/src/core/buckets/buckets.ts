import type { ObjectName } from '../keys';
import type { LocationId } from '../ledger/words';
import type { CircuitBreaker } from '../store/resilience/breaker';
import type { ObjectStore } from '../store/object-store';
import type { WritableBucket } from './send';

/** A bucket that this instance can read: its store, the location under which the ledger knows it, and the prefix of all names. */
export interface ReadableBucket {
  readonly store: ObjectStore;
  readonly locationId: LocationId;
  readonly prefix: string;
}

/**
 * The buckets that this instance can reach now. Every answer may change at any moment, because settings change. Ask each time, and keep
 * no answer for longer than one piece of work.
 */
export interface Buckets {
  /**
   * The present bucket where this instance may change it; undefined where it may not (read-only, off), and until it is known that this
   * database owns the bucket. Do not change the bucket then.
   */
  readonly writable: WritableBucket | undefined;
  /** The present bucket, even where this instance may only read it; undefined where S3 is off. */
  readonly readable: ReadableBucket | undefined;
  /** The breaker of S3, even where this instance may only read; undefined where S3 is off. */
  readonly breaker: CircuitBreaker | undefined;
  /** Returns the store of a location; undefined where neither the settings nor a kept key lead to it, and where S3 is off. */
  storeAt(location: LocationId): ObjectStore | undefined;
  /**
   * Returns the store of a location if an object may be removed there: a look at the marker of its owner, a few seconds old at most, says
   * that this database owns the object's area. It returns undefined otherwise, also if S3 gives no answer.
   * @throws the errors of the ledger's database
   */
  removableAt(location: LocationId, name: ObjectName): Promise<ObjectStore | undefined>;
  /**
   * Whether a location is reached at another endpoint than the present one, with a kept key. That endpoint may be away alone, which says
   * nothing of the breaker.
   */
  isElsewhere(location: LocationId): boolean;
  /**
   * Returns the present bucket if it is not that location; undefined if it is, and where S3 is off. An object of the same name there may
   * be a copy of the one at the location. Read it only after a proof that it has the same bytes (see `stand-in.ts`), and never write there.
   */
  standInFor(location: LocationId): ObjectStore | undefined;
}
