import { Readable } from 'node:stream';
import type { ByteRange } from '../store/object-store';

/** The facts of a file that are known before its bytes are opened. */
export interface FileFacts {
  size: number;
  /** Strong entity tag without quotes: the MD5 of the bytes, which is the same on disk and in S3; or else a text of the size and the time of change. */
  etag: string;
  mime: string | null;
  /** Time at which the bytes became current, in milliseconds since the epoch. It is known only of a library file without a row, from its file. */
  modifiedMs?: number;
  /**
   * Nothing tells a range of the file from a range of other bytes: its store gives no ETag, and only all bytes together have the known
   * checksum. The caller must then answer a range request with the whole file, as the HTTP standard allows; S3 serves no range of it.
   */
  wholeOnly?: boolean;
}

/**
 * The bytes that the caller wants, after it has seen the facts. `none`: no bytes, and nothing is opened (304, 416). `check`: no bytes, but
 * the plugin opens the file as if they were wanted, so that a HEAD gets the same answer as a GET.
 */
export type Wanted = { bytes: 'none' } | { bytes: 'check' } | { bytes: 'all' } | { bytes: 'range'; range: ByteRange };

/** The bytes of a file: a stream, or a small file as a whole. Nobody may change these bytes, because other visitors get them as well. */
export type FileBody = Readable | Buffer;

/** Returns a stream of the bytes. */
export function streamOf(body: FileBody): Readable {
  return Buffer.isBuffer(body) ? Readable.from([body], { objectMode: false }) : body;
}

/** Releases a body that nobody reads to its end, because a stream may hold a connection. */
export function discard(body: FileBody | null): void {
  if (body !== null && !Buffer.isBuffer(body)) body.destroy();
}

export interface OpenOptions {
  /** Aborts when the visitor has gone. Requests to S3, the disk and the library for this visitor alone then end. */
  signal?: AbortSignal;
}

export type Opened =
  /** `body` is null if the caller wanted no bytes. */
  | { kind: 'file'; facts: FileFacts; wanted: Wanted; body: FileBody | null; from: 's3' | 'disk' | null }
  /** Neither the plugin nor the disk knows the key. `plan` may have been called for a file that has vanished since. */
  | { kind: 'unknown' }
  /** The key was deleted. */
  | { kind: 'gone' }
  /** This instance is a copy, and the owner of the bucket has removed the object since. Nobody here has the bytes. */
  | { kind: 'vanished' }
  /** The bytes exist, but cannot be reached now. Nobody may take the key for missing. */
  | { kind: 'unavailable' };
