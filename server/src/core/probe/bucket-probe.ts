import type { ResolvedSettings } from '../settings/types';
import type { ObjectStore } from '../store/object-store';

/** What the connection test asks of a bucket beyond the {@link ObjectStore}. Each call is one request, never repeated. */
export interface BucketProbe {
  /**
   * Lists at most one object below `prefix`: unlike HEAD its refusals have a body, so that they can be told apart.
   * @throws StorageError classified
   */
  list(prefix: string, signal: AbortSignal): Promise<void>;
  /**
   * PUT with `If-None-Match: *`. `stored`: it was written; `exists`: refused because there is such an object.
   * @throws StorageError UNSUPPORTED where the endpoint does not know the condition, and whatever else goes wrong
   */
  putIfAbsent(name: string, bytes: Buffer, signal: AbortSignal): Promise<'stored' | 'exists'>;
}

/** Connections made for one connection test, with the settings under test and without breaker or retries. */
export interface ProbeConnection {
  readonly store: ObjectStore;
  readonly bucket: BucketProbe;
  /** Closes the sockets. */
  close(): void;
}

/** @throws StorageError or anything the client says of settings that it cannot use */
export type OpenProbe = (settings: ResolvedSettings) => ProbeConnection;
