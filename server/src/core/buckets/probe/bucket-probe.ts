import type { ResolvedSettings } from '../../settings/types';
import type { ObjectStore } from '../../store/object-store';

/** What the connection test asks of a bucket beyond the {@link ObjectStore}. Each call is one request, never repeated. */
export interface BucketProbe {
  /**
   * Lists at most one object below `prefix`: unlike HEAD its refusals have a body, so that they can be told apart.
   * @throws StorageError classified
   */
  list(prefix: string, signal: AbortSignal): Promise<void>;
  /** The same request without a signature. That it is refused, too, tells that an S3 is there. @throws StorageError classified */
  reach(signal: AbortSignal): Promise<void>;
  /** Whether a HEAD of this object tells its size: some proxies drop the header. @throws StorageError classified */
  tellsSize(name: string, size: number, signal: AbortSignal): Promise<boolean>;
  /** Whether a PUT is accepted that asks for encryption, as some bucket policies demand. @throws StorageError why not even that is known */
  putEncrypted(name: string, bytes: Buffer, signal: AbortSignal): Promise<boolean>;
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
