import type { ResolvedSettings } from '../../settings/types';
import type { ObjectStore } from '../../store/object-store';
import type { BucketCors } from '../../store/s3/bucket-cors';
import type { Encryption } from '../../store/s3/store';

/** A bucket that is open for one connection test, or for one change of its rules. It has no breaker and no retries, so each call is one request. */
export interface ProbeConnection {
  readonly store: ObjectStore;
  readonly cors: Pick<BucketCors, 'rules' | 'replace'>;
  /** Closes the sockets. */
  close(): void;
}

/** The ways in which requests differ from those that the settings describe. */
export interface ProbeVariant {
  /** True where requests leave without a signature, so that the client looks for no credentials. */
  unsigned?: boolean;
  /** Each PUT asks for this encryption. */
  encryption?: Encryption;
}

/** Opens a bucket for a connection test. @throws StorageError, or any error of the client for settings that it cannot use */
export type OpenProbe = (settings: ResolvedSettings, variant?: ProbeVariant) => ProbeConnection;
