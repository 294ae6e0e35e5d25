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
  /**
   * A part of the file cannot be told from a part of other bytes: its store gives no tag, and only all bytes together have the known
   * checksum. A range is then to be answered with the whole file, as the standard allows; of these a range is `unavailable` in S3.
   */
  wholeOnly?: boolean;
}

/**
 * What the caller wants of the bytes, once it knows the facts. `none`: nothing is looked at (304, 416). `check`: no bytes, but the
 * file is opened as if they were wanted, so that a HEAD is answered as the GET would be.
 */
export type Wanted = { bytes: 'none' } | { bytes: 'check' } | { bytes: 'all' } | { bytes: 'range'; range: ByteRange };

export interface OpenOptions {
  /** Aborts when the visitor has gone: what is asked of S3, the disk and the library for him alone ends then. */
  signal?: AbortSignal;
}

export type Opened =
  /** `body` is null where no bytes were wanted. */
  | { kind: 'file'; facts: FileFacts; wanted: Wanted; body: Readable | null; from: 's3' | 'disk' | null }
  /** The plugin knows nothing of the key, and neither does the disk. The plan may have been made for a file that has vanished since. */
  | { kind: 'unknown' }
  /** Deleted. */
  | { kind: 'gone' }
  /** The bytes exist, but cannot be reached now: never to be taken for missing. */
  | { kind: 'unavailable' };
