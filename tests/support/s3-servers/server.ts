import type { S3Access } from '../raw-s3';

export const S3_KINDS = ['minio', 'rgw', 'embedded'] as const;
export type S3Kind = (typeof S3_KINDS)[number];

/** A server that one of the starters brought up. `halt` is an outage: nothing listens on the port, and the data stay. */
export interface StartedServer extends S3Access {
  readonly kind: S3Kind | 'external';
  /** The words that tell people which server this is. */
  readonly label: string;
  halt(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
}

/** Why a kind cannot run here and how to get it, in one line. */
export class S3Unavailable extends Error {}
