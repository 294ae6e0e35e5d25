import { Readable } from 'node:stream';
import type { LinkOptions } from '../buckets/links';
import type { ByteRange } from '../store/object-store';

/** The facts of a file that are known before its bytes are opened. */
export interface FileFacts {
  size: number;
  /** Strong entity tag without quotes: the MD5 of the bytes, which is the same on disk and in S3; or else a text of the size and the time of change. */
  etag: string;
  mime: string | null;
  /** Time at which the bytes became current, in milliseconds since the epoch; undefined if it is unknown. */
  modifiedMs?: number;
  /** The ledger does not know the file: it lies at its plain path, where plain Strapi has put it. */
  isPlain?: boolean;
  /**
   * Nothing tells a range of the file from a range of other bytes: its store gives no ETag, and only all bytes together have the known
   * checksum. The caller must then answer a range request with the whole file, as the HTTP standard allows; S3 serves no range of it.
   */
  wholeOnly?: boolean;
  /** Its bytes are an object in S3 with a name of its own, so that a URL may lead there. */
  linkable?: boolean;
}

/**
 * The bytes that the caller wants, after it has seen the facts. `none`: no bytes, and nothing is opened (304, 416). `check`: no bytes, but
 * the plugin opens the file as if they were wanted, so that a HEAD gets the same answer as a GET.
 */
export type Wanted = WantedHere | WantedLink;

/** The bytes that this server is to send itself. */
export type WantedHere = { bytes: 'none' } | WantedBytes;

/** The bytes that a caller wants, for a caller who needs a store to answer. */
export type WantedBytes = { bytes: 'check' } | { bytes: 'all' } | { bytes: 'range'; range: ByteRange };

/** A URL at which the visitor gets the bytes, or `otherwise` where there is none. Only a `linkable` file has one. */
export interface WantedLink {
  bytes: 'link';
  link: LinkOptions;
  otherwise: WantedBytes;
}

/** Returns what the caller wants where there is no URL. */
export function withoutLink(wanted: Wanted): WantedHere {
  return wanted.bytes === 'link' ? wanted.otherwise : wanted;
}

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
  | { kind: 'file'; facts: FileFacts; wanted: WantedHere; body: FileBody | null; from: 's3' | 'disk' | null }
  /** The visitor gets the bytes at this URL. */
  | { kind: 'link'; facts: FileFacts; url: string }
  /** Neither the plugin nor the disk knows the key. `plan` may have been called for a file that has vanished since. */
  | { kind: 'unknown' }
  /** The key was deleted. */
  | { kind: 'gone' }
  /** This instance is a copy, and the owner of the bucket has removed the object since. Nobody here has the bytes. */
  | { kind: 'vanished' }
  /** The bytes exist, but cannot be reached now. Nobody may take the key for missing. */
  | { kind: 'unavailable' };
