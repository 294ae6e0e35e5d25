import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import type { Links } from '../buckets/links';
import { isStorageError, StorageError } from '../errors';
import { keyOf, parseKey, type ObjectKey } from '../keys';
import { remoteOf } from '../ledger/state';
import { SPOOL_PREFIX } from '../store/local/temporary-files';
import { escapedName } from '../store/names';
import type { MediaReader } from './media-reader';
import type { RowCache } from './row-cache';
import { streamOf, type WantedHere } from './serving';
import type { WholeFiles } from './whole-files';

/**
 * A file of the media library: as Strapi returns it, or one of its `formats`, or the address of either, such as `/uploads/photo_1a2b.jpg`.
 */
export type MediaFile = string | { hash: string; ext?: string | null } | { url: string };

export interface OpenMediaOptions {
  /** First byte to read, from 0. */
  start?: number;
  /** Last byte to read; the file's last one if it is left out. */
  end?: number;
  /** Ends the reading. */
  signal?: AbortSignal;
}

export interface OpenedMedia {
  /** The bytes. Read them to the end or destroy the stream, because an open one may hold a connection. */
  readonly stream: Readable;
  /** Size of the whole file in bytes. */
  readonly size: number;
  /** A text that changes whenever the bytes change. For files in S3 it is their MD5. */
  readonly etag: string;
  /** The MIME type that the uploader's browser told; null where the plugin has not seen the upload. */
  readonly type: string | null;
}

export interface UrlOptions {
  /** Time from now on for which the URL works, in seconds: up to 604,800 (a week). Default: an hour. */
  expiresIn?: number;
}

/** The service `media`, for code of a project that used to read `public/uploads`. It finds files wherever they are now. */
export interface MediaService {
  /**
   * Opens the current bytes of a file.
   * @throws RangeError for bytes that the file does not have; an Error whose `code` is FILE_NOT_FOUND, INVALID_KEY, or UNAVAILABLE where
   *   the bytes exist and cannot be reached now
   */
  open(file: MediaFile, options?: OpenMediaOptions): Promise<OpenedMedia>;

  /**
   * Returns a URL at which anybody can read the file: signed, of S3, for a file in S3, and else its address at this site, which does not expire.
   * @throws an Error whose `code` is FILE_NOT_FOUND, INVALID_KEY, REJECTED for an `expiresIn` that S3 does not take, or UNAVAILABLE
   */
  url(file: MediaFile, options?: UrlOptions): Promise<string>;

  /**
   * Calls a function with the path of a copy of the file on this server's disk, for programs that read files only, and removes the copy
   * afterwards. The copy has the file's extension, and is whole and proven before the function sees it.
   * @returns what the function returns
   * @throws the function's own error, or an Error whose `code` is FILE_NOT_FOUND, INVALID_KEY, UNAVAILABLE, or the file system's, such as ENOSPC
   */
  withLocalFile<T>(file: MediaFile, use: (path: string) => T | Promise<T>): Promise<T>;
}

export interface MediaFilesDeps {
  readonly reader: Pick<MediaReader, 'open'>;
  readonly rows: Pick<RowCache, 'get'>;
  readonly files: Pick<WholeFiles, 'pieces'>;
  readonly links: Pick<Links, 'signed'>;
  /** Address of this site, before `/uploads`; empty where nobody has told it. */
  readonly site: string;
}

const AN_HOUR = 3600;

export class MediaFiles implements MediaService {
  constructor(private readonly deps: MediaFilesDeps) {}

  async open(file: MediaFile, { start = 0, end, signal }: OpenMediaOptions = {}): Promise<OpenedMedia> {
    const key = keyFor(file);
    let isOutside = false;
    const opened = await this.deps.reader.open(
      key,
      ({ size }) => {
        const last = Math.min(end ?? Infinity, size - 1);
        const isWhole = start === 0 && last === size - 1;
        isOutside = !isWhole && !(Number.isInteger(start) && Number.isInteger(last) && start >= 0 && start <= last);
        const wanted: WantedHere = isOutside ? { bytes: 'none' } : isWhole ? { bytes: 'all' } : { bytes: 'range', range: { start, end: last } };
        return wanted;
      },
      { signal },
    );
    if (opened.kind === 'file' && isOutside) {
      throw new RangeError(`"${key}" has ${opened.facts.size} bytes, so there are no bytes ${start} to ${end ?? 'the last one'}`);
    }
    if (opened.kind === 'file' && opened.body) {
      const { size, etag, mime } = opened.facts;
      // visitors get the bytes in memory as well, and this code may change its own
      const own = Buffer.isBuffer(opened.body) ? Buffer.from(opened.body) : opened.body;
      return { stream: streamOf(own), size, etag, type: mime };
    }
    throw failureFor(opened.kind, key, 'open');
  }

  async url(file: MediaFile, { expiresIn = AN_HOUR }: UrlOptions = {}): Promise<string> {
    const key = keyFor(file);
    const opened = await this.deps.reader.open(key, () => ({ bytes: 'none' }));
    if (opened.kind !== 'file') throw failureFor(opened.kind, key, 'presign');
    const row = await this.deps.rows.get(key);
    const remote = row && remoteOf(row);
    return (remote && (await this.deps.links.signed(remote, { expiresInSeconds: expiresIn }))) ?? `${this.deps.site}/uploads/${escapedName(key)}`;
  }

  async withLocalFile<T>(file: MediaFile, use: (path: string) => T | Promise<T>): Promise<T> {
    const key = keyFor(file);
    const pieces = await this.deps.files.pieces(key);
    if (!pieces) throw failureFor('unknown', key, 'open');
    const folder = await mkdtemp(path.join(tmpdir(), SPOOL_PREFIX));
    try {
      const copy = path.join(folder, `${randomUUID()}${path.posix.extname(key)}`);
      await writeFile(copy, pieces, { mode: 0o600 });
      return await use(copy);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** @throws StorageError INVALID_KEY for what is no file of the library */
function keyFor(file: MediaFile): ObjectKey {
  if (typeof file !== 'string' && 'hash' in file) return keyOf(file);
  const url = typeof file === 'string' ? file : file.url;
  const [, below] = /\/uploads\/([^?#]+)/.exec(url) ?? [];
  try {
    return parseKey(below === undefined ? url : decodeURIComponent(below));
  } catch (error) {
    if (isStorageError(error)) throw error;
    throw new StorageError('INVALID_KEY', { operation: 'open', subject: url, refused: true, cause: error });
  }
}

function failureFor(kind: string, key: ObjectKey, operation: string): StorageError {
  const isMissing = kind === 'unknown' || kind === 'gone' || kind === 'vanished';
  return new StorageError(isMissing ? 'FILE_NOT_FOUND' : 'UNAVAILABLE', { operation, subject: key });
}
