import type { Readable } from 'node:stream';
import type { ByteRange } from '../store/object-store';

/** What is known of a file before its bytes are opened. */
export interface FileFacts {
  size: number;
  /** Strong entity tag without quotes: the MD5 of the bytes, the same on disk and in S3; or of size and mtime. */
  etag: string;
  mime: string | null;
  /** When the bytes became current, in milliseconds since the epoch. Known of a library file without a row alone, whose file tells it. */
  modifiedMs?: number;
}

/** What the caller wants of the bytes, once it knows the facts. */
export type Wanted = { bytes: 'none' } | { bytes: 'all' } | { bytes: 'range'; range: ByteRange };

export type Opened =
  | { kind: 'file'; facts: FileFacts; wanted: Wanted; body: Readable | null; from: 's3' | 'disk' | null }
  /** The plugin knows nothing of the key, and neither does the disk. */
  | { kind: 'unknown' }
  /** Deleted. */
  | { kind: 'gone' }
  /** The bytes exist, but cannot be reached now: never to be taken for missing. */
  | { kind: 'unavailable' };
