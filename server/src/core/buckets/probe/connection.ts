import type { ResolvedSettings } from '../../settings/types';
import type { ObjectStore } from '../../store/object-store';
import type { Encryption } from '../../store/s3/store';

/** A bucket opened for one connection test, without breaker or retries: each call is one request. */
export interface ProbeConnection {
  readonly store: ObjectStore;
  /** Closes the sockets. */
  close(): void;
}

/** How requests are to differ from those that the settings describe. */
export interface ProbeVariant {
  /** Requests leave without a signature, and no keys are looked for. */
  unsigned?: boolean;
  /** Each PUT asks for this encryption. */
  encryption?: Encryption;
}

/** @throws StorageError or anything the client says of settings that it cannot use */
export type OpenProbe = (settings: ResolvedSettings, variant?: ProbeVariant) => ProbeConnection;
